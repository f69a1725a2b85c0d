// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {IssueBatch, IssueLicense, SetLicenseStatus} from "./acts/LicensesActs.sol";
import {Ids} from "./base/Ids.sol";
import {Intervals} from "./base/Intervals.sol";
import {Member} from "./base/Member.sol";
import {Refusals} from "./base/Refusals.sol";
import {ActTypes} from "./generated/ActTypes.sol";
import {Procedure} from "./generated/Procedure.sol";
import {Reasons} from "./generated/Reasons.sol";
import {ICatalogue} from "./interfaces/ICatalogue.sol";
import {ILicenses} from "./interfaces/ILicenses.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {ISeals} from "./interfaces/ISeals.sol";

/// @title Licenses
/// @notice E-licenses issued singly or as a Merkle batch, with a status for each leaf.
/// @dev A license of a batch has no word until it is touched; then the act carries the proof that it belongs
/// to the batch.
contract Licenses is ILicenses, Member {
    using Intervals for uint256;

    uint256 private constant _TAG = (1 << 88) - 1;
    uint256 private constant _LONGEST_PROOF = 64;

    /// @notice The catalogue of this deployment.
    ICatalogue public immutable catalogue;
    /// @notice The seals of this deployment.
    ISeals public immutable seals;

    /// @inheritdoc ILicenses
    mapping(bytes32 license => uint256 word) public override licenseWord;
    /// @inheritdoc ILicenses
    mapping(bytes32 root => uint256 word) public override batchWord;

    constructor(IRegistry registry_, ICatalogue catalogue_, ISeals seals_) Member(registry_) {
        catalogue = catalogue_;
        seals = seals_;
    }

    /// @inheritdoc ILicenses
    function standing(bytes32 license) external view override returns (uint256) {
        return licenseWord[license];
    }

    /// @inheritdoc ILicenses
    function whyStopped(bytes32 license, uint32 moment) external view override returns (uint16) {
        uint256 word = licenseWord[license];
        if (word == 0) return Reasons.LICENSE_UNKNOWN;
        return moment < word.stopped() ? Reasons.OK : _reasonOf(word.statusOf());
    }

    /// @dev See `Administration`.
    function _read(
        uint8 kind,
        bytes calldata body
    ) internal pure override returns (bytes32 structHash, uint64 officer, uint32 deadline) {
        if (kind == ActTypes.ISSUE_LICENSE) {
            (IssueLicense memory act, bytes32 batch, bytes32[] memory proof) = _decodeIssue(body);
            _checkCanonical(abi.encode(act, batch, proof), body);
            return (_hashIssue(act), act.officer, act.deadline);
        }
        if (kind == ActTypes.SET_LICENSE_STATUS) {
            (SetLicenseStatus memory act, bytes32 batch, bytes32[] memory proof) = _decodeStatus(body);
            _checkCanonical(abi.encode(act, batch, proof), body);
            bytes32 hash = keccak256(abi.encode(ActTypes.SET_LICENSE_STATUS_TYPEHASH, act));
            return (hash, act.officer, act.deadline);
        }
        if (kind != ActTypes.ISSUE_BATCH) revert MalformedBatch();
        IssueBatch memory last = abi.decode(body, (IssueBatch));
        return (_hashWords(ActTypes.ISSUE_BATCH_TYPEHASH, body, 6), last.officer, last.deadline);
    }

    /// @dev See `Administration`.
    function _apply(uint8 kind, bytes calldata body, uint256 key) internal override {
        _needRole(key, Procedure.ROLE_ISSUER);
        uint32 agency = _agencyOf(key);
        if (kind == ActTypes.ISSUE_LICENSE) {
            (IssueLicense memory act, bytes32 batch, bytes32[] memory proof) = _decodeIssue(body);
            _issueLicense(act.license, agency, batch, proof);
        } else if (kind == ActTypes.ISSUE_BATCH) {
            _issueBatch(abi.decode(body, (IssueBatch)), agency);
        } else {
            (SetLicenseStatus memory act, bytes32 batch, bytes32[] memory proof) = _decodeStatus(body);
            _setLicenseStatus(act, agency, batch, proof);
        }
    }

    function _issueLicense(License memory one, uint32 agency, bytes32 batch, bytes32[] memory proof) private {
        Refusals.need(Ids.agencyOf(one.item) == agency, Reasons.NOT_YOUR_AGENCY);
        Refusals.need(catalogue.latest(one.item) != 0, Reasons.ITEM_UNKNOWN);
        _checkSeal(one.seal, agency);
        Refusals.need(one.sm3 != 0 && one.sha256Digest != 0, Reasons.BAD_FIELD);
        Refusals.need(one.validUntil > one.validFrom, Reasons.BAD_INTERVAL);
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(one))));
        Refusals.need(licenseWord[leaf] == 0, Reasons.LICENSE_EXISTS);
        if (one.supersedes != 0) _supersede(one.supersedes, leaf, agency, batch, proof);
        licenseWord[leaf] =
            _pack(one.validFrom, one.validUntil, agency, Ids.numberOf(one.seal)) |
            ((uint256(one.caseKey) & _TAG) << 164);
        emit LicenseIssued(leaf, one.item, one.caseKey, one);
    }

    function _issueBatch(IssueBatch memory act, uint32 agency) private {
        Refusals.need(act.root != 0 && act.count != 0, Reasons.BAD_FIELD);
        Refusals.need(batchWord[act.root] == 0, Reasons.BATCH_EXISTS);
        _checkSeal(act.seal, agency);
        batchWord[act.root] =
            agency |
            (uint256(Ids.numberOf(act.seal)) << 32) |
            (uint256(_now()) << 64) |
            (uint256(act.count) << 96);
        emit BatchIssued(act.root, agency, act.seal, act.count);
    }

    function _setLicenseStatus(
        SetLicenseStatus memory act,
        uint32 agency,
        bytes32 batch,
        bytes32[] memory proof
    ) private {
        uint256 word = _load(act.license, batch, proof);
        Refusals.need(_issuerOf(word) == agency, Reasons.LICENSE_OF_ANOTHER);
        licenseWord[act.license] = word.change(act.status, _now(), 0, false);
        emit LicenseStatusChanged(act.license, act.status, act.reason);
    }

    function _supersede(bytes32 old, bytes32 by, uint32 agency, bytes32 batch, bytes32[] memory proof) private {
        uint256 word = _load(old, batch, proof);
        Refusals.need(_issuerOf(word) == agency, Reasons.LICENSE_OF_ANOTHER);
        Refusals.check(_reasonOf(word.statusOf()));
        uint256 interval = Intervals.pack(word.from(), word.until(), _now(), Intervals.SUPERSEDED);
        licenseWord[old] = ((word >> Intervals.BITS) << Intervals.BITS) | interval;
        emit LicenseSuperseded(old, by);
    }

    function _checkSeal(uint64 seal, uint32 agency) private view {
        Refusals.need(Ids.agencyOf(seal) == agency, Reasons.SEAL_OF_ANOTHER);
        Refusals.check(seals.whyNot(seal, _now()));
    }

    /// @dev The word of a license; one of a batch that was never touched is made from the batch.
    function _load(bytes32 license, bytes32 batch, bytes32[] memory proof) private view returns (uint256) {
        uint256 word = licenseWord[license];
        if (word != 0) return word;
        Refusals.need(batch != 0, Reasons.LICENSE_UNKNOWN);
        uint256 issued = batchWord[batch];
        Refusals.need(issued != 0, Reasons.BATCH_UNKNOWN);
        bool proven = proof.length <= _LONGEST_PROOF && MerkleProof.verify(proof, batch, license);
        Refusals.need(proven, Reasons.BAD_PROOF);
        return _pack(0, Intervals.FOREVER, uint32(issued), uint32(issued >> 32));
    }

    function _pack(uint256 from, uint256 until, uint256 issuer, uint256 seal) private pure returns (uint256) {
        return Intervals.pack(from, until, 0, Intervals.ACTIVE) | (issuer << 100) | (seal << 132);
    }

    function _issuerOf(uint256 word) private pure returns (uint32) {
        return uint32(word >> 100);
    }

    function _reasonOf(uint256 status) private pure returns (uint16) {
        if (status == Intervals.ACTIVE) return Reasons.OK;
        if (status == Intervals.SUSPENDED) return Reasons.LICENSE_SUSPENDED;
        return status == Intervals.REVOKED ? Reasons.LICENSE_CANCELLED : Reasons.LICENSE_SUPERSEDED;
    }

    function _decodeIssue(bytes calldata body) private pure returns (IssueLicense memory, bytes32, bytes32[] memory) {
        return abi.decode(body, (IssueLicense, bytes32, bytes32[]));
    }

    function _decodeStatus(
        bytes calldata body
    ) private pure returns (SetLicenseStatus memory, bytes32, bytes32[] memory) {
        return abi.decode(body, (SetLicenseStatus, bytes32, bytes32[]));
    }

    function _hashIssue(IssueLicense memory act) private pure returns (bytes32) {
        bytes32 license = keccak256(abi.encode(ActTypes.LICENSE_TYPEHASH, act.license));
        return keccak256(abi.encode(ActTypes.ISSUE_LICENSE_TYPEHASH, license, act.officer, act.nonce, act.deadline));
    }
}
