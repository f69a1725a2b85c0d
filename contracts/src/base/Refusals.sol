// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The one error by which a check says no; the reasons are those of `Reasons`.
/// @dev In a library of its own because the event of the same name belongs to the contracts.
library Refusals {
    /// @notice The act is not carried out, for this reason.
    error Refused(uint16 reason);

    /// @notice Refuses unless the condition holds.
    function need(bool condition, uint16 reason) internal pure {
        if (!condition) revert Refused(reason);
    }

    /// @notice Refuses unless the reason is OK (zero).
    function check(uint16 reason) internal pure {
        if (reason != 0) revert Refused(reason);
    }

    /// @notice The reason in the revert data of a call that was refused, zero for any other data.
    function reasonOf(bytes memory data) internal pure returns (uint16) {
        if (data.length != 36 || bytes4(data) != Refused.selector) return 0;
        uint256 reason;
        assembly ("memory-safe") {
            reason := mload(add(data, 36))
        }
        return reason > type(uint16).max ? 0 : uint16(reason);
    }
}
