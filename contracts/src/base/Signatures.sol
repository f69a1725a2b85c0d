// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Reasons} from "../generated/Reasons.sol";
import {Refusals} from "./Refusals.sol";

/// @notice secp256k1 signatures of 64 bytes (EIP-2098), low s only (EIP-2).
library Signatures {
    uint256 private constant _HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice Who signed the digest; refuses BAD_SIGNATURE.
    function signerOf(bytes32 digest, bytes calldata signature) internal pure returns (address) {
        Refusals.need(signature.length == 64, Reasons.BAD_SIGNATURE);
        return signerOf(digest, bytes32(signature[:32]), bytes32(signature[32:]));
    }

    /// @notice Who signed the digest, from r and yParityAndS; refuses BAD_SIGNATURE.
    function signerOf(bytes32 digest, bytes32 r, bytes32 vs) internal pure returns (address) {
        address signer = tryRecover(digest, r, vs);
        Refusals.need(signer != address(0), Reasons.BAD_SIGNATURE);
        return signer;
    }

    /// @notice Who signed the digest, zero where nobody did or s is in the upper half.
    function tryRecover(bytes32 digest, bytes32 r, bytes32 vs) internal pure returns (address) {
        uint256 s = uint256(vs) & (type(uint256).max >> 1);
        if (s > _HALF_ORDER) return address(0);
        return ecrecover(digest, uint8(uint256(vs) >> 255) + 27, r, bytes32(s));
    }
}
