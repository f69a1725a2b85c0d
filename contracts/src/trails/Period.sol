// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Until when something holds, packed: from 32 at 0, end 32 at 32; it holds at from <= t < end.
/// @dev The words of keys, grants, item versions and seals all begin so.
library Period {
    /// @notice Whether it holds at both moments, `first` not after `last`.
    function holds(uint256 word, uint256 first, uint256 last) internal pure returns (bool yes) {
        assembly ("memory-safe") {
            yes := and(iszero(lt(first, and(word, 0xffffffff))), lt(last, and(shr(32, word), 0xffffffff)))
        }
    }
}
