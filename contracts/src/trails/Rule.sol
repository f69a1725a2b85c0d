// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Procedure} from "../generated/Procedure.sol";

/// @notice One row of the procedure (bits@offset): sources 16@0, to 4@16, right 8@20, home modes 8@28, roles 16@36,
/// requires 4@52, subject 4@56, effect 4@60; zero where there is no such action.
type Rule is uint256;

using Rules for Rule global;

/// @notice Reads rows of the procedure.
library Rules {
    /// @notice The row of an action, out of `Procedure.TABLE` in memory; zero for an action that is unknown.
    function row(bytes memory table, uint256 action) internal pure returns (Rule rule) {
        uint256 highest = Procedure.HIGHEST_ACTION;
        assembly ("memory-safe") {
            // row 0 is zero, as there is no action 0
            rule := mload(add(add(table, 32), shl(5, mul(action, iszero(gt(action, highest))))))
        }
    }

    /// @notice The row of COLLECT, which follows on no status: there is no case yet.
    function opening(bytes memory table) internal pure returns (Rule) {
        return Rule.wrap(Rule.unwrap(row(table, Procedure.ACTION_COLLECT)) | (1 << Procedure.STATUS_NONE));
    }

    function exists(Rule self) internal pure returns (bool) {
        return Rule.unwrap(self) != 0;
    }

    function unwrapped(Rule self) internal pure returns (uint256) {
        return Rule.unwrap(self);
    }

    /// @notice Whether the action may follow on a status.
    function follows(Rule self, uint256 status) internal pure returns (bool) {
        return (Rule.unwrap(self) >> status) & 1 != 0;
    }

    /// @notice The status afterwards; 0: unchanged.
    function to(Rule self) internal pure returns (uint256) {
        return (Rule.unwrap(self) >> 16) & 15;
    }

    /// @notice The right that officers of other agencies need; 0: none.
    function right(Rule self) internal pure returns (uint256) {
        return uint8(Rule.unwrap(self) >> 20);
    }

    /// @notice Whether only the home agency may do it in a mode (1..6).
    function isHomeOnly(Rule self, uint256 mode) internal pure returns (bool) {
        return (Rule.unwrap(self) >> (27 + mode)) & 1 != 0;
    }

    /// @notice The roles, any of which an officer needs.
    function roles(Rule self) internal pure returns (uint256) {
        return uint16(Rule.unwrap(self) >> 36);
    }

    /// @notice What must hold before; `Procedure.REQUIRES_*`.
    function requirements(Rule self) internal pure returns (uint256) {
        return (Rule.unwrap(self) >> 52) & 15;
    }

    /// @notice Whether it requires anything or names a subject.
    function isConditional(Rule self) internal pure returns (bool) {
        return (Rule.unwrap(self) >> 52) & 255 != 0;
    }

    /// @notice What the subject names; `Procedure.SUBJECT_*`.
    function subject(Rule self) internal pure returns (uint256) {
        return (Rule.unwrap(self) >> 56) & 15;
    }

    /// @notice What it does beside moving the status; `Procedure.EFFECT_*`.
    function effect(Rule self) internal pure returns (uint256) {
        return Rule.unwrap(self) >> 60;
    }

    /// @notice Bytes of a step of this action in a batch: 157, a subject of 32, a child's state of 64.
    function size(Rule self) internal pure returns (uint256 bytes_) {
        uint256 join = Procedure.EFFECT_JOIN;
        assembly ("memory-safe") {
            bytes_ := add(157, shl(5, gt(and(self, shl(56, 15)), 0)))
            bytes_ := add(bytes_, shl(6, eq(shr(60, self), join)))
        }
    }
}
