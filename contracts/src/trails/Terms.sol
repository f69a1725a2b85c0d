// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

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
