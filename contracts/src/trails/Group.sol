// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IActs} from "../interfaces/IActs.sol";

/// @notice Where a group begins in calldata: opens 1, steps 1, signature 64 (EIP-2098), then the records.
type Group is uint256;

using Groups for Group global;

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
