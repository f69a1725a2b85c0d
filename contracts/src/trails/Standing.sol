// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

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
