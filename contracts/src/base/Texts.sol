// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Reasons} from "../generated/Reasons.sol";
import {Refusals} from "./Refusals.sol";

/// @notice Public names: UTF-8 of a bounded length.
library Texts {
    /// @notice The bytes are not UTF-8 (RFC 3629).
    error NotUtf8();

    /// @notice Refuses a text that has no byte or more than `longest`.
    function checkName(string memory text, uint256 longest) internal pure {
        uint256 length = bytes(text).length;
        Refusals.need(length != 0 && length <= longest, Reasons.BAD_FIELD);
    }

    /// @notice Reverts with `NotUtf8` unless the text is well-formed UTF-8: shortest form, no surrogates,
    /// nothing above U+10FFFF.
    function checkUtf8(string memory text) internal pure {
        bytes memory data = bytes(text);
        uint256 i;
        while (i < data.length) {
            uint256 lead = uint8(data[i]);
            ++i;
            if (lead < 0x80) continue;
            uint256 more =
                lead < 0xc2 || lead > 0xf4
                    ? 0
                    : lead < 0xe0
                        ? 1
                        : lead < 0xf0
                            ? 2
                            : 3;
            if (more == 0 || i + more > data.length) revert NotUtf8();
            (uint256 low, uint256 high) = _second(lead);
            for (uint256 last = i + more; i < last; ++i) {
                uint256 next = uint8(data[i]);
                if (next < low || next > high) revert NotUtf8();
                (low, high) = (0x80, 0xbf);
            }
        }
    }

    /// @dev The range of the second byte (RFC 3629, section 4).
    function _second(uint256 lead) private pure returns (uint256 low, uint256 high) {
        low =
            lead == 0xe0
                ? 0xa0
                : lead == 0xf0
                    ? 0x90
                    : 0x80;
        high =
            lead == 0xed
                ? 0x9f
                : lead == 0xf4
                    ? 0x8f
                    : 0xbf;
    }
}
