// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rule} from "./Rule.sol";

/// @notice What is kept of each act of a group between hashing and judging; the arrays are known to be long enough.
library Lists {
    /// @notice The hash of act number `i`.
    function get(bytes32[] memory hashes, uint256 i) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            hash := mload(add(add(hashes, 32), shl(5, i)))
        }
    }

    /// @notice Keeps the hash of act number `i`.
    function put(bytes32[] memory hashes, uint256 i, bytes32 hash) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(hashes, 32), shl(5, i)), hash)
        }
    }

    /// @notice The row of act number `i`, a step, and where in calldata the act ends.
    function get(uint256[] memory places, uint256 i) internal pure returns (Rule rule, uint256 end) {
        assembly ("memory-safe") {
            let kept := mload(add(add(places, 32), shl(5, i)))
            rule := and(kept, 0xffffffffffffffff)
            end := shr(64, kept)
        }
    }

    /// @notice Keeps the row of act number `i`, a step, and where in calldata the act ends.
    function put(uint256[] memory places, uint256 i, Rule rule, uint256 end) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(places, 32), shl(5, i)), or(rule, shl(64, end)))
        }
    }
}
