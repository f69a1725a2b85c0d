// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ActOnId, Agreement, OfferGrant, SetGrantStatus} from "./acts/GrantsActs.sol";
import {Governed} from "./base/Governed.sol";
import {GrantBook} from "./base/GrantBook.sol";
import {GrantHashes} from "./base/GrantHashes.sol";
import {Ids} from "./base/Ids.sol";
import {Intervals} from "./base/Intervals.sol";
import {Refusals} from "./base/Refusals.sol";
import {ActTypes} from "./generated/ActTypes.sol";
import {Procedure} from "./generated/Procedure.sol";
import {Reasons} from "./generated/Reasons.sol";
import {ICatalogue} from "./interfaces/ICatalogue.sol";
import {ICouncil} from "./interfaces/ICouncil.sol";
import {IDirectory} from "./interfaces/IDirectory.sol";
import {IGrants} from "./interfaces/IGrants.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";

/// @title Grants
/// @notice Rights offered, accepted or agreed mutually; handed on only narrower; stopped in cascade.
contract Grants is GrantBook, Governed {
    using Intervals for uint256;

    uint256 private constant _NOBODY = 0;
    uint256 private constant _GRANTOR = 1;
    uint256 private constant _ANCESTOR = 2;
    uint256 private constant _COUNCIL = 3;
    uint256 private constant _MOST_TERMS = 16;
    bytes32 private constant _CLOSED = bytes32(uint256(1));

    /// @notice The directory that names the versions of Trails.
    IDirectory public immutable directory;

    /// @inheritdoc IGrants
    mapping(uint64 agreement => bytes32 termsHash) public override agreementHash;

    constructor(
        ICouncil council_,
        IRegistry registry_,
        ICatalogue catalogue_,
        IDirectory directory_
    ) GrantBook(registry_, catalogue_) Governed(council_) {
        directory = directory_;
    }

    /// @inheritdoc IGrants
    function setGrantStatus(uint64 grant, uint8 status, uint8 reason) external override onlyCouncil exactWords(3) {
        Refusals.need(grantWord[grant] != 0, Reasons.GRANT_UNKNOWN);
        _changeGrant(grant, status, _COUNCIL, reason);
    }

    /// @inheritdoc IGrants
    function consume(uint64 grant) external override returns (uint16) {
        Refusals.need(directory.isVersion("trails", msg.sender), Reasons.NOT_COUNCIL);
        for (uint64 one = grant; one != 0; one = _parentOf(grantWord[one])) {
            uint256 word = quotaOf[one];
            if (uint32(word) != 0 && uint32(word >> 32) >= uint32(word)) return Reasons.QUOTA_EXHAUSTED;
        }
        for (uint64 one = grant; one != 0; one = _parentOf(grantWord[one])) {
            uint256 word = quotaOf[one];
            if (uint32(word) == 0) continue;
            quotaOf[one] = word + (1 << 32);
            emit QuotaUsed(one, uint32(word >> 32) + 1);
        }
        return Reasons.OK;
    }

    /// @dev See `Administration`.
    function _read(
        uint8 kind,
        bytes calldata body
    ) internal pure override returns (bytes32 structHash, uint64 officer, uint32 deadline) {
        if (kind == ActTypes.OFFER_GRANT) {
            OfferGrant memory act = abi.decode(body, (OfferGrant));
            _checkCanonical(abi.encode(act), body);
            return (GrantHashes.hashOffer(act), act.officer, act.deadline);
        }
        if (kind == ActTypes.OFFER_AGREEMENT || kind == ActTypes.ACCEPT_AGREEMENT) {
            Agreement memory act = abi.decode(body, (Agreement));
            _checkCanonical(abi.encode(act), body);
            bool offered = kind == ActTypes.OFFER_AGREEMENT;
            bytes32 typeHash = offered ? ActTypes.OFFER_AGREEMENT_TYPEHASH : ActTypes.ACCEPT_AGREEMENT_TYPEHASH;
            return (GrantHashes.hashAgreement(typeHash, act), act.officer, act.deadline);
        }
        if (kind == ActTypes.SET_GRANT_STATUS) {
            SetGrantStatus memory act = abi.decode(body, (SetGrantStatus));
            return (_hashWords(ActTypes.SET_GRANT_STATUS_TYPEHASH, body, 6), act.officer, act.deadline);
        }
        ActOnId memory last = abi.decode(body, (ActOnId));
        return (_hashWords(_typeHashOnId(kind), body, 4), last.officer, last.deadline);
    }

    /// @dev See `Administration`.
    function _apply(uint8 kind, bytes calldata body, uint256 key) internal override {
        _needRole(key, Procedure.ROLE_GRANTOR);
        if (kind == ActTypes.OFFER_GRANT) {
            _enter(abi.decode(body, (OfferGrant)).terms, _agencyOf(key), Intervals.OFFERED);
        } else if (kind == ActTypes.ACCEPT_GRANT) {
            _acceptGrant(abi.decode(body, (ActOnId)).id, key);
        } else if (kind == ActTypes.DECLINE_GRANT) {
            _declineGrant(abi.decode(body, (ActOnId)).id, key);
        } else if (kind == ActTypes.OFFER_AGREEMENT) {
            _offerAgreement(abi.decode(body, (Agreement)), key);
        } else if (kind == ActTypes.ACCEPT_AGREEMENT) {
            _acceptAgreement(abi.decode(body, (Agreement)), key);
        } else if (kind == ActTypes.WITHDRAW_AGREEMENT) {
            _withdrawAgreement(abi.decode(body, (ActOnId)).id, key);
        } else {
            _setGrantStatus(abi.decode(body, (SetGrantStatus)), key);
        }
    }

    function _acceptGrant(uint64 grant, uint256 key) private {
        uint256 word = _offered(grant, key);
        Refusals.need(word.until() > _now(), Reasons.GRANT_EXPIRED);
        Refusals.check(_whyNot(_parentOf(word), _now()));
        uint256 start = Intervals.max(word.from(), _now());
        uint256 interval = Intervals.pack(start, word.until(), 0, Intervals.ACTIVE);
        grantWord[grant] = ((word >> Intervals.BITS) << Intervals.BITS) | interval;
        emit GrantStatusChanged(grant, uint8(Intervals.ACTIVE), uint8(_NOBODY), 0);
    }

    function _declineGrant(uint64 grant, uint256 key) private {
        _decline(grant, _offered(grant, key), 0);
    }

    function _offerAgreement(Agreement memory act, uint256 key) private {
        uint32 agency = _agencyOf(key);
        Ids.checkScope(act.agreement, agency);
        Refusals.need(agreementHash[act.agreement] == 0, Reasons.AGREEMENT_EXISTS);
        Refusals.need(act.given.length != 0 && act.received.length != 0, Reasons.BAD_FIELD);
        Refusals.need(act.given.length + act.received.length <= _MOST_TERMS, Reasons.BAD_FIELD);
        Refusals.need(_allOf(act.given, agency), Reasons.NOT_YOUR_AGENCY);
        uint32 other = Ids.agencyOf(act.received[0].grant);
        Refusals.need(other != agency && _allOf(act.received, other), Reasons.BAD_FIELD);
        bytes32 termsHash = GrantHashes.hashBoth(act);
        agreementHash[act.agreement] = termsHash;
        emit AgreementOffered(act.agreement, other, termsHash);
    }

    function _acceptAgreement(Agreement memory act, uint256 key) private {
        bytes32 termsHash = agreementHash[act.agreement];
        Refusals.need(uint256(termsHash) > uint256(_CLOSED), Reasons.AGREEMENT_UNKNOWN);
        Refusals.need(termsHash == GrantHashes.hashBoth(act), Reasons.AGREEMENT_DIFFERS);
        uint32 offerer = Ids.agencyOf(act.agreement);
        uint32 accepter = _agencyOf(key);
        Refusals.need(Ids.agencyOf(act.received[0].grant) == accepter, Reasons.NOT_GRANTEE);
        Refusals.check(registry.whyNotAgency(offerer, _now()));
        agreementHash[act.agreement] = _CLOSED;
        _enterAll(act.given, offerer, accepter);
        _enterAll(act.received, accepter, offerer);
        emit AgreementAccepted(act.agreement);
    }

    function _withdrawAgreement(uint64 agreement, uint256 key) private {
        Ids.checkScope(agreement, _agencyOf(key));
        Refusals.need(uint256(agreementHash[agreement]) > uint256(_CLOSED), Reasons.AGREEMENT_UNKNOWN);
        agreementHash[agreement] = _CLOSED;
        emit AgreementWithdrawn(agreement);
    }

    function _setGrantStatus(SetGrantStatus memory act, uint256 key) private {
        Refusals.need(grantWord[act.grant] != 0, Reasons.GRANT_UNKNOWN);
        uint256 place = _placeOf(act.grant, _agencyOf(key));
        Refusals.need(place != _NOBODY, Reasons.NOT_GRANTOR);
        _changeGrant(act.grant, act.status, place, act.reason);
    }

    function _enterAll(GrantTerms[] memory side, uint32 grantor, uint32 grantee) private {
        for (uint256 i; i < side.length; ++i) {
            _enter(side[i], grantor, Intervals.ACTIVE);
            Refusals.need(_isGrantee(grantWord[side[i].grant], grantee), Reasons.NOT_GRANTEE);
        }
    }

    /// @dev Stops or resumes; what was stopped higher up is resumed only there or above.
    function _changeGrant(uint64 grant, uint8 status, uint256 place, uint8 reason) private {
        uint256 word = grantWord[grant];
        uint256 old = word.statusOf();
        uint256 stopper = (word >> 100) & 15;
        if (old == Intervals.OFFERED && status == Intervals.REVOKED) {
            _decline(grant, word, reason);
            return;
        }
        bool raised = old == Intervals.SUSPENDED && status == Intervals.SUSPENDED && place > stopper;
        if (old == Intervals.SUSPENDED) {
            Refusals.need(status != Intervals.ACTIVE || place >= stopper, Reasons.STOPPED_HIGHER_UP);
        }
        if (!raised) word = word.change(status, _now());
        stopper = status == Intervals.ACTIVE ? _NOBODY : place;
        grantWord[grant] = (word & ~(uint256(15) << 100)) | (stopper << 100);
        emit GrantStatusChanged(grant, status, uint8(stopper), reason);
    }

    function _decline(uint64 grant, uint256 word, uint8 reason) private {
        grantWord[grant] = (word & ~(uint256(15) << 96)) | (Intervals.DECLINED << 96);
        emit GrantStatusChanged(grant, uint8(Intervals.DECLINED), uint8(_NOBODY), reason);
    }

    function _offered(uint64 grant, uint256 key) private view returns (uint256 word) {
        word = grantWord[grant];
        Refusals.need(word != 0, Reasons.GRANT_UNKNOWN);
        Refusals.need(word.statusOf() == Intervals.OFFERED, Reasons.BAD_STATUS_CHANGE);
        Refusals.need(_isGrantee(word, _agencyOf(key)), Reasons.NOT_GRANTEE);
    }

    function _placeOf(uint64 grant, uint32 agency) private view returns (uint256 place) {
        place = _GRANTOR;
        while (grant != 0) {
            if (Ids.agencyOf(grant) == agency) return place;
            grant = _parentOf(grantWord[grant]);
            place = _ANCESTOR;
        }
        return _NOBODY;
    }

    function _allOf(GrantTerms[] memory side, uint32 agency) private pure returns (bool) {
        for (uint256 i; i < side.length; ++i) {
            if (Ids.agencyOf(side[i].grant) != agency) return false;
        }
        return true;
    }

    function _typeHashOnId(uint8 kind) private pure returns (bytes32) {
        if (kind == ActTypes.ACCEPT_GRANT) return ActTypes.ACCEPT_GRANT_TYPEHASH;
        if (kind == ActTypes.DECLINE_GRANT) return ActTypes.DECLINE_GRANT_TYPEHASH;
        if (kind == ActTypes.WITHDRAW_AGREEMENT) return ActTypes.WITHDRAW_AGREEMENT_TYPEHASH;
        revert MalformedBatch();
    }
}
