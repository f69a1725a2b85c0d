// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Regions: 12 decimal digits, packed BCD in 48 bits (province 2, city 4, county 6, township 9,
/// village 12; zero: the nation).
library Territory {
    uint256 private constant _SIXES = 0x666666666666;
    uint256 private constant _CARRIES = 0x1111111111110;

    /// @notice Whether every one of the 12 nibbles is a decimal digit.
    /// @dev Adding six carries out of a nibble just where it is above nine.
    function isRegion(uint256 region) internal pure returns (bool) {
        return region >> 48 == 0 && ((region + _SIXES) ^ region ^ _SIXES) & _CARRIES == 0;
    }

    /// @notice Whether `inner` is `outer` or lies below it.
    function contains(uint256 outer, uint256 inner) internal pure returns (bool) {
        return inner & significant(outer) == outer;
    }

    /// @notice The mask of a region's significant digits.
    function significant(uint256 region) internal pure returns (uint256) {
        if (region == 0) return 0;
        if (region & 0x00ffffffffff == 0) return 0xff0000000000;
        if (region & 0x0000ffffffff == 0) return 0xffff00000000;
        if (region & 0x000000ffffff == 0) return 0xffffff000000;
        if (region & 0x000000000fff == 0) return 0xfffffffff000;
        return 0xffffffffffff;
    }
}
