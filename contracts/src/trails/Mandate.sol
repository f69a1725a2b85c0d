// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

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
