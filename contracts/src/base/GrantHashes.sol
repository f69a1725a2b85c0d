// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Agreement, OfferGrant} from "../acts/GrantsActs.sol";
import {ActTypes} from "../generated/ActTypes.sol";
import {IGrants} from "../interfaces/IGrants.sol";

/// @notice EIP-712 struct hashes of what is signed about grants.
library GrantHashes {
    /// @notice Struct hash of the terms of one grant.
    function hashTerms(IGrants.GrantTerms memory terms) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    ActTypes.GRANT_TERMS_TYPEHASH,
                    terms.grant,
                    terms.parent,
                    terms.granteeKind,
                    terms.grantee,
                    terms.rights,
                    terms.validFrom,
                    terms.validUntil,
                    terms.quota,
                    terms.depth,
                    keccak256(abi.encodePacked(terms.items))
                )
            );
    }

    /// @notice Hash of a list of terms: keccak of their struct hashes one after the other.
    function hashSide(IGrants.GrantTerms[] memory side) internal pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](side.length);
        for (uint256 i; i < side.length; ++i) {
            hashes[i] = hashTerms(side[i]);
        }
        return keccak256(abi.encodePacked(hashes));
    }

    /// @notice What an agreement keeps of its terms until the other side signs the same.
    function hashBoth(Agreement memory act) internal pure returns (bytes32) {
        return keccak256(abi.encode(hashSide(act.given), hashSide(act.received)));
    }

    /// @notice Struct hash of an offer of one grant.
    function hashOffer(OfferGrant memory act) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(ActTypes.OFFER_GRANT_TYPEHASH, hashTerms(act.terms), act.officer, act.nonce, act.deadline)
            );
    }

    /// @notice Struct hash of an agreement, offered or accepted as the type hash says.
    function hashAgreement(bytes32 typeHash, Agreement memory act) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    typeHash,
                    act.agreement,
                    hashSide(act.given),
                    hashSide(act.received),
                    act.officer,
                    act.nonce,
                    act.deadline
                )
            );
    }
}
