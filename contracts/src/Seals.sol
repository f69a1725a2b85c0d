// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EnterSeal, SetSealStatus} from "./acts/SealsActs.sol";
import {Ids} from "./base/Ids.sol";
import {Intervals} from "./base/Intervals.sol";
import {Member} from "./base/Member.sol";
import {Refusals} from "./base/Refusals.sol";
import {Texts} from "./base/Texts.sol";
import {ActTypes} from "./generated/ActTypes.sol";
import {Procedure} from "./generated/Procedure.sol";
import {Reasons} from "./generated/Reasons.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {ISeals} from "./interfaces/ISeals.sol";

/// @title Seals
/// @notice E-seals registered, changed, suspended, resumed and cancelled by their agency.
contract Seals is ISeals, Member {
    using Intervals for uint256;

    uint256 private constant _LONGEST_NAME = 128;

    /// @inheritdoc ISeals
    mapping(uint64 seal => uint256 word) public override sealWord;
    /// @inheritdoc ISeals
    mapping(uint64 seal => bytes32 digest) public override sealDigest;

    constructor(IRegistry registry_) Member(registry_) {}

    /// @inheritdoc ISeals
    function standing(uint64 seal) external view override returns (uint256) {
        uint256 word = sealWord[seal];
        return word.from() | (word.end() << 32);
    }

    /// @inheritdoc ISeals
    function whyNot(uint64 seal, uint32 moment) external view override returns (uint16) {
        uint256 word = sealWord[seal];
        return word == 0 ? Reasons.SEAL_UNKNOWN : word.whyNot(moment, Reasons.SEAL_NOT_YET_VALID);
    }

    /// @dev See `Administration`.
    function _read(
        uint8 kind,
        bytes calldata body
    ) internal pure override returns (bytes32 structHash, uint64 officer, uint32 deadline) {
        if (kind == ActTypes.REGISTER_SEAL || kind == ActTypes.CHANGE_SEAL) {
            EnterSeal memory act = abi.decode(body, (EnterSeal));
            _checkCanonical(abi.encode(act), body);
            bool isNew = kind == ActTypes.REGISTER_SEAL;
            bytes32 typeHash = isNew ? ActTypes.REGISTER_SEAL_TYPEHASH : ActTypes.CHANGE_SEAL_TYPEHASH;
            return (_hashSeal(typeHash, act), act.officer, act.deadline);
        }
        if (kind != ActTypes.SET_SEAL_STATUS) revert MalformedBatch();
        SetSealStatus memory last = abi.decode(body, (SetSealStatus));
        return (_hashWords(ActTypes.SET_SEAL_STATUS_TYPEHASH, body, 6), last.officer, last.deadline);
    }

    /// @dev See `Administration`.
    function _apply(uint8 kind, bytes calldata body, uint256 key) internal override {
        _needRole(key, Procedure.ROLE_SEALER);
        if (kind == ActTypes.REGISTER_SEAL) {
            _registerSeal(abi.decode(body, (EnterSeal)), key);
        } else if (kind == ActTypes.CHANGE_SEAL) {
            _changeSeal(abi.decode(body, (EnterSeal)), key);
        } else {
            _setSealStatus(abi.decode(body, (SetSealStatus)), key);
        }
    }

    function _registerSeal(EnterSeal memory act, uint256 key) private {
        Ids.checkScope(act.seal, _agencyOf(key));
        Refusals.need(sealWord[act.seal] == 0, Reasons.SEAL_EXISTS);
        uint32 start = _enter(act, 1);
        emit SealRegistered(act.seal, act.name, act.sm3, act.sha256Digest, act.certificate, start, act.validUntil);
    }

    function _changeSeal(EnterSeal memory act, uint256 key) private {
        Ids.checkScope(act.seal, _agencyOf(key));
        uint256 word = sealWord[act.seal];
        Refusals.need(word != 0, Reasons.SEAL_UNKNOWN);
        Refusals.need(word.statusOf() == Intervals.ACTIVE, Reasons.BAD_STATUS_CHANGE);
        uint16 version = uint16(word >> 100);
        Refusals.need(version < type(uint16).max, Reasons.BAD_FIELD);
        uint32 start = _enter(act, version + 1);
        emit SealChanged(
            act.seal,
            version + 1,
            act.name,
            act.sm3,
            act.sha256Digest,
            act.certificate,
            start,
            act.validUntil
        );
    }

    function _setSealStatus(SetSealStatus memory act, uint256 key) private {
        Ids.checkScope(act.seal, _agencyOf(key));
        Refusals.need(sealWord[act.seal] != 0, Reasons.SEAL_UNKNOWN);
        sealWord[act.seal] = sealWord[act.seal].change(act.status, _now());
        emit SealStatusChanged(act.seal, act.status, act.reason);
    }

    function _enter(EnterSeal memory act, uint256 version) private returns (uint32) {
        Texts.checkName(act.name, _LONGEST_NAME);
        uint256 start = Intervals.start(act.validFrom, act.validUntil, _now());
        sealWord[act.seal] = Intervals.pack(start, act.validUntil, 0, Intervals.ACTIVE) | (version << 100);
        sealDigest[act.seal] = keccak256(abi.encode(act.sm3, act.sha256Digest, act.certificate));
        return uint32(start);
    }

    function _hashSeal(bytes32 typeHash, EnterSeal memory act) private pure returns (bytes32) {
        Texts.checkUtf8(act.name);
        return
            keccak256(
                abi.encode(
                    typeHash,
                    act.seal,
                    keccak256(bytes(act.name)),
                    act.sm3,
                    act.sha256Digest,
                    act.certificate,
                    act.validFrom,
                    act.validUntil,
                    act.officer,
                    act.nonce,
                    act.deadline
                )
            );
    }
}
