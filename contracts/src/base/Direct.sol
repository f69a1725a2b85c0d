// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IActs} from "../interfaces/IActs.sol";

/// @notice Acts are carried by transactions of their own, never through another contract.
/// @dev Whoever audits reads the acts in the calldata of transactions; an act that came through another contract would
/// leave an event that nobody can judge again. Who carries it still does not matter.
abstract contract Direct {
    /// @dev Refuses a call by a contract.
    modifier direct() {
        // nothing is authorised by it
        // solhint-disable-next-line avoid-tx-origin
        if (msg.sender != tx.origin) revert IActs.Detour();
        _;
    }
}
