// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governed} from "./base/Governed.sol";
import {Refusals} from "./base/Refusals.sol";
import {Reasons} from "./generated/Reasons.sol";
import {ICouncil} from "./interfaces/ICouncil.sol";
import {IDirectory} from "./interfaces/IDirectory.sol";

/// @title Directory
/// @notice Which contract is meant by a name; a new version is entered beside the old ones, never instead.
contract Directory is IDirectory, Governed {
    mapping(bytes32 name => address[] contracts) private _versions;

    /// @inheritdoc IDirectory
    mapping(bytes32 name => mapping(address contractAddress => bool yes)) public override isVersion;

    constructor(ICouncil council_) Governed(council_) {}

    /// @inheritdoc IDirectory
    function enter(bytes32 name, address contractAddress) external override onlyCouncil exactWords(2) {
        Refusals.need(_versions[name].length == 0, Reasons.ENTRY_EXISTS);
        _add(name, contractAddress);
        emit EntryAdded(name, contractAddress);
    }

    /// @inheritdoc IDirectory
    function replace(bytes32 name, address contractAddress) external override onlyCouncil exactWords(2) {
        Refusals.need(_versions[name].length != 0, Reasons.ENTRY_UNKNOWN);
        _add(name, contractAddress);
        emit EntryReplaced(name, contractAddress, _versions[name].length);
    }

    /// @inheritdoc IDirectory
    function current(bytes32 name) external view override returns (address) {
        uint256 count = _versions[name].length;
        return count == 0 ? address(0) : _versions[name][count - 1];
    }

    /// @inheritdoc IDirectory
    function versions(bytes32 name) external view override returns (address[] memory) {
        return _versions[name];
    }

    function _add(bytes32 name, address contractAddress) private {
        Refusals.need(contractAddress.code.length != 0, Reasons.NO_CODE);
        _versions[name].push(contractAddress);
        isVersion[name][contractAddress] = true;
    }
}
