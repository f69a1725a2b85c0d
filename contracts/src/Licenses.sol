// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {
    HolderProof,
    IssueBatch,
    IssueLicense,
    SetLicenseStatus,
    UseAuthorization,
    UseLicense
} from "./acts/LicensesActs.sol";
import {Ids} from "./base/Ids.sol";
import {Intervals} from "./base/Intervals.sol";
import {Member} from "./base/Member.sol";
import {Refusals} from "./base/Refusals.sol";
import {Signatures} from "./base/Signatures.sol";
import {ActTypes} from "./generated/ActTypes.sol";
import {Procedure} from "./generated/Procedure.sol";
import {Reasons} from "./generated/Reasons.sol";
import {ICatalogue} from "./interfaces/ICatalogue.sol";
import {ILicenses} from "./interfaces/ILicenses.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {ISeals} from "./interfaces/ISeals.sol";

/// @title Licenses
/// @notice E-licenses issued singly or as a Merkle batch, with a status for each leaf.
/// @dev What an agency says of a leaf or of a root is kept apart from what others say of it: leaves of batches are
/// opaque, so anybody may put a leaf of another agency into a batch of his own, or register its root (ADR 13).
/// A license of a batch has no word until it is touched; then the act carries the proof that it belongs to the batch.
/// A license is used by whom its holder has authorised, once; the key that the holder signs with is one of the salted
/// fields behind `License.holder`, and is shown by the way that leads from it to there.
contract Licenses is ILicenses, Member {
    using Intervals for uint256;

    uint256 private constant _TAG = (1 << 88) - 1;
    uint256 private constant _LONGEST_PROOF = 64;
    /// @dev Lengths and names of kind "holder" and field "key", the flag of bytes, and the length of an address.
    bytes17 private constant _KEY_FIELD = hex"06686f6c6465720200036b657900000014";

    /// @notice The catalogue of this deployment.
    ICatalogue public immutable catalogue;
    /// @notice The seals of this deployment.
    ISeals public immutable seals;

    /// @inheritdoc ILicenses
    mapping(uint32 issuer => mapping(bytes32 license => uint256 word)) public override licenseWord;
    /// @inheritdoc ILicenses
    mapping(uint32 issuer => mapping(bytes32 root => uint256 word)) public override batchWord;
    /// @inheritdoc ILicenses
    mapping(bytes32 authorization => uint256 word) public override useWord;

    constructor(IRegistry registry_, ICatalogue catalogue_, ISeals seals_) Member(registry_) {
        catalogue = catalogue_;
        seals = seals_;
    }

    /// @inheritdoc ILicenses
    function standing(uint32 issuer, bytes32 license) external view override returns (uint256) {
        return licenseWord[issuer][license];
    }

    /// @inheritdoc ILicenses
    function whyStopped(uint32 issuer, bytes32 license, uint32 moment) external view override returns (uint16) {
        uint256 word = licenseWord[issuer][license];
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
        if (kind == ActTypes.USE_LICENSE) {
            (UseLicense memory act, HolderProof memory holder, bytes32 batch, bytes32[] memory proof) = _decodeUse(
                body
            );
            _checkCanonical(abi.encode(act, holder, batch, proof), body);
            return (_hashUse(act), act.officer, act.deadline);
        }
        if (kind != ActTypes.ISSUE_BATCH) revert MalformedBatch();
        IssueBatch memory last = abi.decode(body, (IssueBatch));
        return (_hashWords(ActTypes.ISSUE_BATCH_TYPEHASH, body, 6), last.officer, last.deadline);
    }

    /// @dev See `Administration`.
    function _apply(uint8 kind, bytes calldata body, uint256 key) internal override {
        if (kind == ActTypes.USE_LICENSE) {
            _needRole(key, Procedure.ROLE_WINDOW | Procedure.ROLE_SERVICE);
            _useLicense(body, key);
            return;
        }
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
        bytes32 leaf = _leafOf(one);
        Refusals.need(licenseWord[agency][leaf] == 0, Reasons.LICENSE_EXISTS);
        if (one.supersedes != 0) _supersede(one.supersedes, leaf, agency, batch, proof);
        licenseWord[agency][leaf] =
            _pack(one.validFrom, one.validUntil, agency, Ids.numberOf(one.seal)) |
            ((uint256(one.caseKey) & _TAG) << 164);
        emit LicenseIssued(leaf, one.item, one.caseKey, one);
    }

    function _issueBatch(IssueBatch memory act, uint32 agency) private {
        Refusals.need(act.root != 0 && act.count != 0, Reasons.BAD_FIELD);
        Refusals.need(batchWord[agency][act.root] == 0, Reasons.BATCH_EXISTS);
        _checkSeal(act.seal, agency);
        batchWord[agency][act.root] =
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
        uint256 word = _load(agency, act.license, batch, proof);
        licenseWord[agency][act.license] = word.change(act.status, _now(), 0, false);
        emit LicenseStatusChanged(act.license, agency, act.status, act.reason);
    }

    function _supersede(bytes32 old, bytes32 by, uint32 agency, bytes32 batch, bytes32[] memory proof) private {
        uint256 word = _load(agency, old, batch, proof);
        Refusals.check(_reasonOf(word.statusOf()));
        uint256 interval = Intervals.pack(word.from(), word.until(), _now(), Intervals.SUPERSEDED);
        licenseWord[agency][old] = ((word >> Intervals.BITS) << Intervals.BITS) | interval;
        emit LicenseSuperseded(old, by, agency);
    }

    function _useLicense(bytes calldata body, uint256 key) private {
        (UseLicense memory act, HolderProof memory holder, bytes32 batch, bytes32[] memory proof) = _decodeUse(body);
        UseAuthorization memory terms = act.authorization;
        uint32 moment = _now();
        uint32 window = uint32(key >> 80);
        bool here = window != 0 && terms.window == Ids.scoped(_agencyOf(key), window);
        Refusals.need(here, Reasons.AUTHORIZATION_ELSEWHERE);
        Refusals.need(moment >= terms.notBefore, Reasons.AUTHORIZATION_NOT_YET_VALID);
        Refusals.need(moment < terms.notAfter, Reasons.AUTHORIZATION_EXPIRED);
        bytes32 authorization = _digest(_hashAuthorization(terms));
        Refusals.need(useWord[authorization] == 0, Reasons.AUTHORIZATION_USED);
        // whose license it is, its own fields say; the leaf is over them
        Refusals.need(_leafOf(holder.license) == terms.license, Reasons.HOLDER_NOT_PROVEN);
        uint256 word = _load(Ids.agencyOf(holder.license.item), terms.license, batch, proof);
        Refusals.check(_reasonOf(word.statusOf()));
        Refusals.need(moment >= holder.license.validFrom, Reasons.LICENSE_NOT_YET_VALID);
        Refusals.need(moment < holder.license.validUntil, Reasons.LICENSE_EXPIRED);
        Refusals.need(_holderSigned(holder, authorization), Reasons.HOLDER_NOT_PROVEN);
        useWord[authorization] = uint256(act.officer) | (uint256(moment) << 64);
        emit LicenseUsed(terms.license, authorization, act.caseKey, terms.window);
    }

    function _checkSeal(uint64 seal, uint32 agency) private view {
        Refusals.need(Ids.agencyOf(seal) == agency, Reasons.SEAL_OF_ANOTHER);
        Refusals.check(seals.whyNot(seal, _now()));
    }

    /// @dev The issuer's word of a license; of a batch of the issuer's that was never touched it is made from the batch.
    function _load(
        uint32 issuer,
        bytes32 license,
        bytes32 batch,
        bytes32[] memory proof
    ) private view returns (uint256) {
        uint256 word = licenseWord[issuer][license];
        if (word != 0) return word;
        uint256 issued = batchWord[issuer][batch];
        bool proven = issued != 0 && proof.length <= _LONGEST_PROOF && MerkleProof.verify(proof, batch, license);
        Refusals.need(proven, Reasons.LICENSE_NOT_PROVEN);
        return _pack(0, Intervals.FOREVER, issuer, uint32(issued >> 32));
    }

    /// @dev Whether the signer's address is the field `key` of the document `license.holder` is the root of; the
    /// commitment to a field is that of `ledger/evidence.py`.
    function _holderSigned(HolderProof memory holder, bytes32 digest) private pure returns (bool) {
        address signer = Signatures.tryRecover(digest, holder.r, holder.vs);
        if (signer == address(0) || holder.path.length > _LONGEST_PROOF) return false;
        bytes32 commitment = keccak256(abi.encodePacked("huxin:evidence:1", holder.salt, _KEY_FIELD, signer));
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(commitment))));
        return MerkleProof.verify(holder.path, holder.license.holder, leaf);
    }

    function _pack(uint256 from, uint256 until, uint256 issuer, uint256 seal) private pure returns (uint256) {
        return Intervals.pack(from, until, 0, Intervals.ACTIVE) | (issuer << 100) | (seal << 132);
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

    function _decodeUse(
        bytes calldata body
    ) private pure returns (UseLicense memory, HolderProof memory, bytes32, bytes32[] memory) {
        return abi.decode(body, (UseLicense, HolderProof, bytes32, bytes32[]));
    }

    function _leafOf(License memory one) private pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(one))));
    }

    function _hashAuthorization(UseAuthorization memory terms) private pure returns (bytes32) {
        return keccak256(abi.encode(ActTypes.USE_AUTHORIZATION_TYPEHASH, terms));
    }

    function _hashUse(UseLicense memory act) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    ActTypes.USE_LICENSE_TYPEHASH,
                    _hashAuthorization(act.authorization),
                    act.caseKey,
                    act.officer,
                    act.nonce,
                    act.deadline
                )
            );
    }

    function _hashIssue(IssueLicense memory act) private pure returns (bytes32) {
        bytes32 license = keccak256(abi.encode(ActTypes.LICENSE_TYPEHASH, act.license));
        return keccak256(abi.encode(ActTypes.ISSUE_LICENSE_TYPEHASH, license, act.officer, act.nonce, act.deadline));
    }
}
