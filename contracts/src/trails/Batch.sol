// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IActs} from "../interfaces/IActs.sol";
import {CaseWord} from "./CaseWord.sol";
import {Rule} from "./Rule.sol";

/// @notice Where a group begins in calldata: opens 1, steps 1, signature 64 (EIP-2098), then the records.
type Group is uint256;

/// @notice Where an open begins in calldata: commitment 32, item 8, version 2, mode 1, parent 32, officer 8, grant 8,
/// evidence 32, signedAt 4, deadline 4.
type OpenAct is uint256;

/// @notice Where a step begins in calldata: caseKey 32, trail 32, word 32, action 1, officer 8, grant 8, detail 4,
/// evidence 32, signedAt 4, deadline 4; then, for the actions that have them, subject 32, child trail 32, child word 32.
type StepAct is uint256;

using Groups for Group global;
using OpenActs for OpenAct global;
using StepActs for StepAct global;

/// @notice The whole packed batch.
library Batch {
    /// @notice Where the batch begins and ends in calldata; reverts where the call is not encoded canonically.
    /// @dev Whoever re-reads the chain decodes the same bytes with a strict decoder: nothing that it could not
    /// read may take effect.
    function bounds(bytes calldata batch) internal pure returns (uint256 start, uint256 end) {
        uint256 rest;
        assembly ("memory-safe") {
            start := batch.offset
            end := add(start, batch.length)
            rest := calldataload(end)
        }
        unchecked {
            uint256 padded = 68 + ((batch.length + 31) & ~uint256(31));
            if (start != 68 || msg.data.length != padded || rest != 0) revert IActs.MalformedBatch();
        }
    }
}

/// @notice Reads the head of a group.
library Groups {
    /// @notice Bytes before the first record.
    uint256 internal constant HEAD = 66;

    /// @notice How many opens and steps there are; reverts where there are none, or where the batch ends before.
    function counts(Group self, uint256 end) internal pure returns (uint256 opens, uint256 steps) {
        unchecked {
            uint256 both;
            assembly ("memory-safe") {
                both := shr(240, calldataload(self))
            }
            if (both == 0 || Group.unwrap(self) + HEAD > end) revert IActs.MalformedBatch();
            return (both >> 8, both & 255);
        }
    }

    /// @notice The signature: r, and s with the parity of the nonce point in its top bit (EIP-2098).
    function signature(Group self) internal pure returns (bytes32 r, bytes32 vs) {
        assembly ("memory-safe") {
            r := calldataload(add(self, 2))
            vs := calldataload(add(self, 34))
        }
    }

    /// @notice Where the first record begins.
    function records(Group self) internal pure returns (uint256) {
        unchecked {
            return Group.unwrap(self) + HEAD;
        }
    }
}

/// @notice Reads an open.
library OpenActs {
    function commitment(OpenAct self) internal pure returns (bytes32) {
        return bytes32(_word(self, 0));
    }

    function item(OpenAct self) internal pure returns (uint256) {
        return _word(self, 32) >> 192;
    }

    function version(OpenAct self) internal pure returns (uint256) {
        return uint16(_word(self, 32) >> 176);
    }

    function mode(OpenAct self) internal pure returns (uint256) {
        return uint8(_word(self, 32) >> 168);
    }

    function parent(OpenAct self) internal pure returns (bytes32) {
        return bytes32(_word(self, 43));
    }

    function officer(OpenAct self) internal pure returns (uint256) {
        return _word(self, 75) >> 192;
    }

    function grant(OpenAct self) internal pure returns (uint256) {
        return uint64(_word(self, 75) >> 128);
    }

    function signedAt(OpenAct self) internal pure returns (uint256) {
        return _word(self, 123) >> 224;
    }

    function deadline(OpenAct self) internal pure returns (uint256) {
        return uint32(_word(self, 123) >> 192);
    }

    /// @notice Where it ends.
    function end(OpenAct self) internal pure returns (uint256) {
        unchecked {
            return OpenAct.unwrap(self) + 131;
        }
    }

    function _word(OpenAct self, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(self, offset))
        }
    }
}

/// @notice Reads a step.
library StepActs {
    function caseKey(StepAct self) internal pure returns (bytes32) {
        return bytes32(_word(self, 0));
    }

    /// @notice The trail that the step continues.
    function trail(StepAct self) internal pure returns (bytes32) {
        return bytes32(_word(self, 32));
    }

    /// @notice The state that the step starts from.
    function state(StepAct self) internal pure returns (CaseWord) {
        return CaseWord.wrap(_word(self, 64));
    }

    function action(StepAct self) internal pure returns (uint256) {
        return _word(self, 96) >> 248;
    }

    function officer(StepAct self) internal pure returns (uint256) {
        return uint64(_word(self, 96) >> 184);
    }

    function grant(StepAct self) internal pure returns (uint256) {
        return uint64(_word(self, 96) >> 120);
    }

    function detail(StepAct self) internal pure returns (uint256) {
        return uint32(_word(self, 96) >> 88);
    }

    function signedAt(StepAct self) internal pure returns (uint256) {
        return _word(self, 149) >> 224;
    }

    function deadline(StepAct self) internal pure returns (uint256) {
        return uint32(_word(self, 149) >> 192);
    }

    /// @notice The seal, license or child; only where the action has one.
    function subject(StepAct self) internal pure returns (bytes32) {
        return bytes32(_word(self, 157));
    }

    /// @notice The child's trail; only for JOIN.
    function childTrail(StepAct self) internal pure returns (bytes32) {
        return bytes32(_word(self, 189));
    }

    /// @notice The child's state; only for JOIN.
    function childState(StepAct self) internal pure returns (CaseWord) {
        return CaseWord.wrap(_word(self, 221));
    }

    /// @notice Where it ends, given its action's row.
    function end(StepAct self, Rule rule) internal pure returns (uint256) {
        unchecked {
            return StepAct.unwrap(self) + rule.size();
        }
    }

    function _word(StepAct self, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(self, offset))
        }
    }
}
