// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Reasons} from "../generated/Reasons.sol";
import {Refusals} from "./Refusals.sol";

/// @notice Ids: an agency's number, and under it a number that the agency gives out.
library Ids {
    /// @notice The agency that gave the id out.
    function agencyOf(uint64 id) internal pure returns (uint32) {
        return uint32(id >> 32);
    }

    /// @notice The number within its agency.
    function numberOf(uint64 id) internal pure returns (uint32) {
        return uint32(id);
    }

    /// @notice The id of a number within an agency.
    function scoped(uint32 agency, uint32 number) internal pure returns (uint64) {
        return (uint64(agency) << 32) | number;
    }

    /// @notice Refuses an id outside of the agency's own namespace, or without a number.
    function checkScope(uint64 id, uint32 agency) internal pure {
        Refusals.need(agencyOf(id) == agency, Reasons.NOT_YOUR_AGENCY);
        Refusals.need(numberOf(id) != 0, Reasons.BAD_FIELD);
    }
}
