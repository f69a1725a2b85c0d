// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IActs} from "./IActs.sol";

/// @title Case trails 办件链
/// @notice Judges each step of a case and keeps one word per case: the hash of its whole trail and its state.
/// @dev The act id in `Refused` and `Discarded` is the digest of the single Open or Step, whether it was signed singly or
/// in a list; their subject is the case key.
interface ITrails is IActs {
    /// @notice A step, a case's first one included, was taken; `trail` is the hash over the case's history up to it.
    event Stepped(bytes32 indexed caseKey, bytes32 trail);
    /// @notice A case that is still to be opened was reserved as a child.
    event CaseLinked(bytes32 indexed parent, bytes32 indexed child);
    /// @notice A child that has ended, or was never opened, was joined and no longer holds its parent up.
    event CaseJoined(bytes32 indexed parent, bytes32 indexed child);
    /// @notice The council set the tolerances of time (seconds).
    event ClockSet(uint32 skew, uint32 prompt, uint32 lateLimit);

    /// @notice Judges a packed batch of signed steps, each by itself; anybody may carry them.
    /// @dev Layout: `ledger/calldata.py`. Emits exactly one of Stepped, Refused and Discarded per step, in order.
    function submit(bytes calldata batch) external;

    /// @notice By the council: how far a signer's clock may run ahead, how old a step may be and still count as
    /// prompt, and how old it may be at all; in seconds, `prompt` not above `lateLimit`.
    function setClock(uint32 skew, uint32 prompt, uint32 lateLimit) external;

    /// @notice What the chain keeps of a case: keccak(trail ‖ word), zero where there is no such case.
    function heads(bytes32 caseKey) external view returns (bytes32);

    /// @notice Whose child a case is: the parent's case key; one where it has been joined, zero where never linked.
    function links(bytes32 child) external view returns (bytes32);

    /// @notice The tolerances of time, in seconds; see `setClock`.
    function clock() external view returns (uint32 skew, uint32 prompt, uint32 lateLimit);
}
