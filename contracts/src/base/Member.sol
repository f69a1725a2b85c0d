// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRegistry} from "../interfaces/IRegistry.sol";
import {Administration} from "./Administration.sol";

/// @notice A contract of administration that asks the Registry who signed.
abstract contract Member is Administration {
    /// @notice The registry of this deployment.
    IRegistry public immutable registry;

    constructor(IRegistry registry_) {
        registry = registry_;
    }

    /// @dev `Registry.standing`.
    function _standing(address key) internal view override returns (uint256) {
        return registry.standing(key);
    }

    /// @dev `Registry.whyNot`.
    function _whyNotKey(address key, uint32 moment) internal view override returns (uint16) {
        return registry.whyNot(key, moment);
    }
}
