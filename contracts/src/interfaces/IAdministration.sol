// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IActs} from "./IActs.sol";

/// @notice What the contracts that judge signed acts of administration have in common.
interface IAdministration is IActs {
    /// @notice One act as carried: its place in `ACTS` from 1, its ABI body, a 64-byte signature (EIP-2098).
    struct SignedAct {
        uint8 kind;
        bytes body;
        bytes signature;
    }

    /// @notice Judges each act by itself; anybody may carry them.
    function submit(SignedAct[] calldata acts) external;

    /// @notice Whether the act with this id (EIP-712 digest) was applied or refused.
    function judged(bytes32 act) external view returns (bool);
}
