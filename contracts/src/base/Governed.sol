// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Reasons} from "../generated/Reasons.sol";
import {IActs} from "../interfaces/IActs.sol";
import {ICouncil} from "../interfaces/ICouncil.sol";
import {Refusals} from "./Refusals.sol";

/// @notice A contract some functions of which only the council may call.
abstract contract Governed {
    /// @notice The council of this deployment.
    ICouncil public immutable council;

    constructor(ICouncil council_) {
        council = council_;
    }

    /// @dev Refuses anybody but the council.
    modifier onlyCouncil() {
        Refusals.need(msg.sender == address(council), Reasons.NOT_COUNCIL);
        _;
    }

    /// @dev Accepts only the canonical encoding of so many plain words.
    modifier exactWords(uint256 count) {
        if (msg.data.length != 4 + 32 * count) revert IActs.MalformedBatch();
        _;
    }
}
