// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IActs} from "./IActs.sol";

/// @notice The m-of-n root of authority; what is dangerous waits for the delay.
interface ICouncil is IActs {
    /// @notice A call the council makes; its members sign this struct.
    struct Proposal {
        address target;
        bytes data;
        uint64 nonce;
        uint32 deadline;
    }

    /// @notice A proposal with 64-byte signatures (EIP-2098), by rising signer address.
    struct Ballot {
        Proposal proposal;
        bytes[] signatures;
    }

    /// @notice A proposal was carried out, or scheduled where `scheduled` is true.
    event Decided(bytes32 indexed proposal, bool scheduled);
    /// @notice A proposal waits; it can be carried out from `readyAt` on for 14 days.
    event ProposalScheduled(bytes32 indexed proposal, uint64 readyAt);
    /// @notice A scheduled proposal was dropped.
    event ProposalCancelled(bytes32 indexed proposal);
    /// @notice The council has other members.
    event MembersChanged(address[] members, uint8 threshold);
    /// @notice Dangerous acts wait this many seconds.
    event DelayChanged(uint32 delay);

    /// @notice Judges each ballot: carries it out, or schedules it where its call has to wait.
    function submit(Ballot[] calldata ballots) external;

    /// @notice Carries out what was scheduled and is due; anybody may ask for it.
    function execute(Proposal[] calldata proposals) external;

    /// @notice By itself: other members (1..32, rising addresses) and how many must sign.
    function setMembers(address[] calldata members, uint8 threshold) external;

    /// @notice By itself: the delay of dangerous acts, at most 30 days.
    function setDelay(uint32 delay) external;

    /// @notice By itself: drops a scheduled proposal.
    function cancel(bytes32 proposal) external;

    /// @notice The members by rising address.
    function members() external view returns (address[] memory);

    /// @notice Whether the address is a member's.
    function isMember(address member) external view returns (bool);

    /// @notice How many members must sign.
    function threshold() external view returns (uint8);

    /// @notice Seconds that dangerous acts wait.
    function delay() external view returns (uint32);

    /// @notice When a proposal that waits can be carried out, zero where it does not wait.
    function scheduled(bytes32 proposal) external view returns (uint64);

    /// @notice Whether the proposal with this id was decided or refused.
    function judged(bytes32 proposal) external view returns (bool);
}
