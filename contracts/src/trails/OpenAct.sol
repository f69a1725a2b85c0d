// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Where an open begins in calldata: commitment 32, item 8, version 2, mode 1, parent 32, officer 8, grant 8,
/// evidence 32, signedAt 4, deadline 4.
type OpenAct is uint256;

using OpenActs for OpenAct global;

/// @notice Reads an open.
library OpenActs {
    function commitment(OpenAct self) internal pure returns (bytes32) {
        return bytes32(_word(self, 0));
    }

    function item(OpenAct self) internal pure returns (uint256) {
        return _word(self, 32) >> 192;
    }

    function version(OpenAct self) internal pure returns (uint256) {
        return uint16(_word(self, 32) >> 176);
    }

    function mode(OpenAct self) internal pure returns (uint256) {
        return uint8(_word(self, 32) >> 168);
    }

    function parent(OpenAct self) internal pure returns (bytes32) {
        return bytes32(_word(self, 43));
    }

    function officer(OpenAct self) internal pure returns (uint256) {
        return _word(self, 75) >> 192;
    }

    function grant(OpenAct self) internal pure returns (uint256) {
        return uint64(_word(self, 75) >> 128);
    }

    function signedAt(OpenAct self) internal pure returns (uint256) {
        return _word(self, 123) >> 224;
    }

    function deadline(OpenAct self) internal pure returns (uint256) {
        return uint32(_word(self, 123) >> 192);
    }

    /// @notice Where it ends.
    function end(OpenAct self) internal pure returns (uint256) {
        unchecked {
            return OpenAct.unwrap(self) + 131;
        }
    }

    function _word(OpenAct self, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(self, offset))
        }
    }
}
