// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What has been read of other contracts in this transaction: a table of (key, word) in memory.
/// @dev It may forget, never err: where the four places of a key are taken, the first is overwritten. So a batch can be
/// of any size, and whoever makes keys collide only pays for asking again.
library Memo {
    /// @notice `places` is a power of two.
    struct Table {
        uint256 first;
        uint256 mask;
    }

    uint256 private constant MOST_PLACES = 512;
    uint256 private constant PROBES = 4;
    /// @dev 2^256 divided by the golden ratio, odd: its multiples fill the range evenly (Knuth 6.4).
    uint256 private constant SPREAD = 0x9E3779B97F4A7C15F39CC0605CEDC8341082276BF3A27251F86C6A11D0C18E95;

    /// @notice An empty table with room for about `keys`.
    function create(uint256 keys) internal pure returns (Table memory table) {
        unchecked {
            uint256 places = 4;
            while (places < keys && places < MOST_PLACES) places <<= 1;
            uint256 first;
            assembly ("memory-safe") {
                first := mload(0x40)
                mstore(0x40, add(first, shl(6, places)))
                // what was never written is zero; calldata beyond its end is a zero too, and cheap to copy
                calldatacopy(first, calldatasize(), shl(6, places))
            }
            table.first = first;
            table.mask = (places - 1) << 6;
        }
    }

    /// @notice Where a key (not zero) stands, or where it may be put; `found` tells which.
    function find(Table memory table, uint256 key) internal pure returns (uint256 place, bool found) {
        unchecked {
            uint256 offset = (key * SPREAD) >> 128;
            uint256 first = table.first;
            uint256 mask = table.mask;
            for (uint256 i; i < PROBES; ++i) {
                place = first + (offset & mask);
                uint256 held;
                assembly ("memory-safe") {
                    held := mload(place)
                }
                if (held == key) return (place, true);
                if (held == 0) return (place, false);
                offset += 64;
            }
            return (first + (((key * SPREAD) >> 128) & mask), false);
        }
    }

    /// @notice The word at a place that was found.
    function read(uint256 place) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(place, 32))
        }
    }

    /// @notice Keeps a word under a key at the place that `find` gave.
    function put(uint256 place, uint256 key, uint256 word) internal pure {
        assembly ("memory-safe") {
            mstore(place, key)
            mstore(add(place, 32), word)
        }
    }
}
