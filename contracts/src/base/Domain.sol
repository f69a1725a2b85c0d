// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ActTypes} from "../generated/ActTypes.sol";

/// @notice The EIP-712 domain of a contract: name "Huxin", version "1", this chain, this address.
abstract contract Domain {
    uint256 private immutable _chainId;
    bytes32 private immutable _separator;

    constructor() {
        _chainId = block.chainid;
        _separator = _buildSeparator();
    }

    /// @notice EIP-712 domain separator of this contract on this chain.
    /// @dev Computed anew where the chain has split, so that no act is valid on both sides.
    function domainSeparator() public view returns (bytes32) {
        return block.chainid == _chainId ? _separator : _buildSeparator();
    }

    function _digest(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domainSeparator(), structHash));
    }

    function _buildSeparator() private view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    ActTypes.DOMAIN_TYPEHASH,
                    ActTypes.NAME_HASH,
                    ActTypes.VERSION_HASH,
                    block.chainid,
                    address(this)
                )
            );
    }
}
