// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The events by which every contract says what became of each act, in the order of the acts.
interface IActs {
    /// @notice An act of administration was carried out.
    event Applied(bytes32 indexed act, uint64 indexed officer, uint8 kind);

    /// @notice An act was refused for a reason that speaks of its signer; it is never judged again.
    /// @dev `subject` is the case key of a step and zero else; `officer` is zero for the council.
    event Refused(bytes32 indexed act, bytes32 indexed subject, uint64 indexed officer, uint16 reason);

    /// @notice An act was put aside for a reason that anybody who carries bytes can cause.
    event Discarded(bytes32 indexed act, bytes32 indexed subject, uint16 reason);

    /// @notice The calldata is not the canonical ABI encoding of its arguments, or does not parse.
    error MalformedBatch();

    /// @notice The gas does not suffice to judge an act, so nothing was judged; send more, or fewer acts.
    error OutOfGas();

    /// @notice Acts were carried through another contract, where no auditor reads them; send them directly.
    error Detour();

    /// @notice Only the contract itself calls this.
    error OnlySelf();
}
