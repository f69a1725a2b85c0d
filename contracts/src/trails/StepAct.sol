// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CaseWord} from "./CaseWord.sol";
import {Rule} from "./Rule.sol";

/// @notice Where a step begins in calldata: caseKey 32, trail 32, word 32, action 1, officer 8, grant 8, detail 4,
/// evidence 32, signedAt 4, deadline 4; then, for the actions that have them, subject 32, child trail 32, child word 32.
type StepAct is uint256;

using StepActs for StepAct global;

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
