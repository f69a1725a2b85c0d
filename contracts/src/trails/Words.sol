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

/// @notice What `Registry.standing` says of a key: period, roles 16 at 64, window number 32 at 80, region 48 at 112,
/// officer 64 at 160.
library Standing {
    function roles(uint256 word) internal pure returns (uint256) {
        return uint16(word >> 64);
    }

    /// @notice The window's number within its agency; 0 for the back office.
    function window(uint256 word) internal pure returns (uint256) {
        return uint32(word >> 80);
    }

    function region(uint256 word) internal pure returns (uint256) {
        return uint48(word >> 112);
    }

    function officer(uint256 word) internal pure returns (uint256) {
        return uint64(word >> 160);
    }
}

/// @notice What `Grants.mandate` says of a grant: period, rights 8 at 64, kind 8 at 72, flags 8 at 80, root agency 32 at 88,
/// grantee 64 at 120.
library Mandate {
    uint256 internal constant WINDOW = 1;
    uint256 internal constant REGION = 3;
    uint256 internal constant ITEM_SET = 1;
    uint256 internal constant QUOTA = 2;

    function rights(uint256 word) internal pure returns (uint256) {
        return uint8(word >> 64);
    }

    function kind(uint256 word) internal pure returns (uint256) {
        return uint8(word >> 72);
    }

    /// @notice Whether a flag is set, `ITEM_SET` or `QUOTA`.
    function has(uint256 word, uint256 flag) internal pure returns (bool) {
        return (word >> 80) & flag != 0;
    }

    /// @notice The agency from whose competence the grant stems.
    function root(uint256 word) internal pure returns (uint256) {
        return uint32(word >> 88);
    }

    function grantee(uint256 word) internal pure returns (uint256) {
        return uint64(word >> 120);
    }
}

/// @notice What `Catalogue.terms` says of an item version: period, entries 8 at 64, tolerable 32 at 72, promisable 32 at 104,
/// grantable 8 at 136, originals 8 at 144, modes 8 at 152, license 8 at 160.
library Terms {
    /// @notice How many entries the material list has (1..32).
    function entries(uint256 word) internal pure returns (uint256) {
        return uint8(word >> 64);
    }

    /// @notice Entries that may be handed in after acceptance 容缺受理.
    function tolerable(uint256 word) internal pure returns (uint256) {
        return uint32(word >> 72);
    }

    /// @notice Entries for which a promise may stand 告知承诺.
    function promisable(uint256 word) internal pure returns (uint256) {
        return uint32(word >> 104);
    }

    function grantable(uint256 word) internal pure returns (uint256) {
        return uint8(word >> 136);
    }

    function originals(uint256 word) internal pure returns (uint256) {
        return uint8(word >> 144);
    }

    /// @notice Whether the item is offered in a mode; false for a mode that does not exist.
    function offers(uint256 word, uint256 mode) internal pure returns (bool) {
        return mode != 0 && (uint8(word >> 152) >> (mode - 1)) & 1 != 0;
    }

    /// @notice Whether the item ends in a license.
    function endsInLicense(uint256 word) internal pure returns (bool) {
        return uint8(word >> 160) != 0;
    }
}
