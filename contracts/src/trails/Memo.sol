// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What has been read of other contracts in this transaction: a table of (key, word) in memory.
/// @dev It may forget, never err: where the places of a key are taken, the first is overwritten. So a batch can be of any
/// size, and whoever makes keys collide only pays for asking again.
type Memo is uint256;

using Memos for Memo global;

/// @notice Makes and uses memos. A memo is: where its table begins 128 at 0, mask of offsets into it 128 at 128.
library Memos {
    uint256 private constant MOST_PLACES = 256;
    uint256 private constant PROBES = 4;
    /// @dev 2^128 divided by the golden ratio: multiples of it spread evenly (Knuth 6.4).
    uint256 private constant SPREAD = 0x9E3779B97F4A7C15F39CC0605CEDC835;

    /// @notice An empty memo with room for about `keys`.
    function create(uint256 keys) internal pure returns (Memo memo) {
        unchecked {
            uint256 places = 4;
            while (places < keys && places < MOST_PLACES) places <<= 1;
            uint256 size = places << 6;
            uint256 first;
            assembly ("memory-safe") {
                first := mload(0x40)
                mstore(0x40, add(first, size))
                // calldata beyond its end are zeros, and cheap to copy
                calldatacopy(first, calldatasize(), size)
            }
            return Memo.wrap(first | ((size - 64) << 128));
        }
    }

    /// @notice Where a key (not zero) stands, or where it may be put; `keyAt` tells which.
    function place(Memo self, uint256 key) internal pure returns (uint256 found) {
        unchecked {
            uint256 offset = (key * SPREAD) >> 96;
            found = uint128(Memo.unwrap(self)) + (offset & (Memo.unwrap(self) >> 128));
            uint256 held = keyAt(found);
            if (held != key && held != 0) found = _further(self, key, offset, found);
        }
    }

    /// @notice The key that stands at a place, zero for none.
    function keyAt(uint256 at_) internal pure returns (uint256 key) {
        assembly ("memory-safe") {
            key := mload(at_)
        }
    }

    /// @notice The word that stands at a place.
    function wordAt(uint256 at_) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(at_, 32))
        }
    }

    /// @notice Keeps a word under a key at the place that was found for it.
    function put(uint256 at_, uint256 key, uint256 word) internal pure {
        assembly ("memory-safe") {
            mstore(at_, key)
            mstore(add(at_, 32), word)
        }
    }

    function _further(Memo self, uint256 key, uint256 offset, uint256 first) private pure returns (uint256 found) {
        unchecked {
            for (uint256 i = 1; i < PROBES; ++i) {
                offset += 64;
                found = uint128(Memo.unwrap(self)) + (offset & (Memo.unwrap(self) >> 128));
                uint256 held = keyAt(found);
                if (held == key || held == 0) return found;
            }
            return first;
        }
    }
}
