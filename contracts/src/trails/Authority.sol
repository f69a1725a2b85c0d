// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Signatures} from "../base/Signatures.sol";
import {Territory} from "../base/Territory.sol";
import {Reasons} from "../generated/Reasons.sol";
import {Procedure} from "../generated/Procedure.sol";
import {ICatalogue} from "../interfaces/ICatalogue.sol";
import {IGrants} from "../interfaces/IGrants.sol";
import {ILicenses} from "../interfaces/ILicenses.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {ISeals} from "../interfaces/ISeals.sol";
import {CaseWord} from "./CaseWord.sol";
import {Memo} from "./Memo.sol";
import {Rule} from "./Rule.sol";
import {Claim, Session} from "./Session.sol";
import {Mandate, Period, Standing, Terms} from "./Words.sol";

/// @notice Who signed, and may they do this now? Asks the other contracts, each question once a batch.
/// @dev Words say whether something holds; only where it does not is `whyNot` asked for the reason. Nothing that the
/// words say can change within a call of Trails: only quotas do, which are not in them.
abstract contract Authority {
    using Period for uint256;
    using Standing for uint256;
    using Mandate for uint256;
    using Memo for Memo.Table;

    /// @notice Keys, windows and agencies.
    IRegistry public immutable registry;
    /// @notice Items and their versions.
    ICatalogue public immutable catalogue;
    /// @notice Grants of rights.
    IGrants public immutable grants;
    /// @notice E-seals.
    ISeals public immutable seals;
    /// @notice E-licenses.
    ILicenses public immutable licenses;

    /// @dev What a memo's key is about; signers are keyed by their address alone.
    uint256 private constant GRANT_KEY = 1 << 160;
    uint256 private constant ITEM_KEY = 2 << 160;

    constructor(IRegistry registry_, ICatalogue catalogue_, IGrants grants_, ISeals seals_, ILicenses licenses_) {
        registry = registry_;
        catalogue = catalogue_;
        grants = grants_;
        seals = seals_;
        licenses = licenses_;
    }

    /// @dev Finds out who signed a group, or why nobody did.
    function _identify(Session memory session, bytes32 digest, bytes32 r, bytes32 vs) internal view {
        address signer = Signatures.tryRecover(digest, r, vs);
        if (signer == address(0)) {
            session.nobody = Reasons.BAD_SIGNATURE;
            return;
        }
        (uint256 place, bool found) = session.memo.find(uint160(signer));
        uint256 word;
        if (found) {
            word = Memo.read(place);
        } else {
            word = registry.standing(signer);
            Memo.put(place, uint160(signer), word);
        }
        session.nobody = word == 0 ? Reasons.SIGNER_UNKNOWN : Reasons.OK;
        session.signer = signer;
        session.standing = word;
    }

    /// @dev The word of an item version; zero where there is none.
    function _terms(Session memory session, uint256 item, uint256 version) internal view returns (uint256 word) {
        uint256 key = ITEM_KEY | (item << 16) | version;
        (uint256 place, bool found) = session.memo.find(key);
        if (found) return Memo.read(place);
        word = catalogue.terms(uint64(item), uint16(version));
        Memo.put(place, key, word);
    }

    /// @dev The word of a grant; zero where there is none.
    function _mandate(Session memory session, uint256 grant) internal view returns (uint256 word) {
        (uint256 place, bool found) = session.memo.find(GRANT_KEY | grant);
        if (found) return Memo.read(place);
        word = grants.mandate(uint64(grant));
        Memo.put(place, GRANT_KEY | grant, word);
    }

    /// @dev Checks 2 to 6: deadline, signature, officer, time, key with window and agency; sets `claim.late`.
    function _begin(Session memory session, Claim memory claim, uint256 lastAt) internal view returns (uint16) {
        unchecked {
            uint256 time = session.time;
            uint256 signedAt = claim.signedAt;
            if (time > claim.deadline) return Reasons.ACT_EXPIRED;
            if (session.nobody != Reasons.OK) return session.nobody;
            uint256 standing = session.standing;
            if (standing.officer() != claim.officer) return Reasons.WRONG_ACTOR;
            if (signedAt > time + session.skew) return Reasons.TIME_IN_FUTURE;
            if (signedAt < lastAt) return Reasons.TIME_BEFORE_LAST_STEP;
            if (time > signedAt + session.lateLimit) return Reasons.TOO_LATE;
            bool late = time > signedAt + session.prompt;
            claim.late = late;
            if (standing.holdsAt(signedAt) && (late || standing.holdsAt(time))) return Reasons.OK;
        }
        return _whyNoStanding(session, claim);
    }

    /// @dev Check 8: competence of the home agency's own officers, or a grant for those of others.
    function _mayAct(
        Session memory session,
        Claim memory claim,
        Rule rule,
        uint256 item,
        uint256 grantable,
        uint256 mode
    ) internal view returns (uint16) {
        uint256 grant = claim.grant;
        if (grant == 0) {
            if (claim.officer >> 32 == item >> 32) return Reasons.OK;
            return rule.isHomeOnly(mode) ? Reasons.HOME_AGENCY_ONLY : Reasons.GRANT_UNKNOWN;
        }
        if (rule.isHomeOnly(mode)) return Reasons.HOME_AGENCY_ONLY;
        uint256 mandate = _mandate(session, grant);
        if (mandate == 0) return Reasons.GRANT_UNKNOWN;
        if (mandate.root() != item >> 32) return Reasons.WRONG_HOME;
        if (!(mandate.holdsAt(claim.signedAt) && (claim.late || mandate.holdsAt(session.time)))) {
            return _whyNoMandate(session, claim);
        }
        uint256 right = rule.right();
        if (right & ~mandate.rights() != 0) return Reasons.RIGHT_NOT_GRANTED;
        if (right & ~grantable != 0) return Reasons.RIGHT_NOT_GRANTABLE;
        uint16 reason = _isGrantee(mandate, session.standing);
        if (reason != Reasons.OK) return reason;
        if (mandate.has(Mandate.ITEM_SET) && !grants.covers(uint64(grant), uint32(item))) {
            return Reasons.ITEM_NOT_COVERED;
        }
        return Reasons.OK;
    }

    /// @dev Check 13: counts the step against the grant's quota and its ancestors'. The grant is known to hold.
    function _consume(Session memory session, uint256 grant) internal returns (uint16) {
        if (grant == 0 || !_mandate(session, grant).has(Mandate.QUOTA)) return Reasons.OK;
        return grants.consume(uint64(grant));
    }

    /// @dev Check 11: the seal under which is decided, the license that is handed out.
    function _checkSubject(
        Session memory session,
        Claim memory claim,
        uint256 kind,
        bytes32 subject,
        bytes32 caseKey,
        CaseWord word
    ) internal view returns (uint16) {
        if (subject == 0) {
            bool optional = kind == Procedure.SUBJECT_LICENSE && !word.has(Procedure.FLAG_LICENSE);
            return optional ? Reasons.OK : Reasons.SUBJECT_MISSING;
        }
        if (kind == Procedure.SUBJECT_SEAL) return _checkSeal(session, claim, uint256(subject), word.home());
        if (kind == Procedure.SUBJECT_LICENSE) {
            return _checkLicense(session, claim, subject, caseKey, word.home());
        }
        return Reasons.OK;
    }

    function _checkSeal(
        Session memory session,
        Claim memory claim,
        uint256 seal,
        uint256 home
    ) private view returns (uint16 reason) {
        if (seal >> 32 != home) return Reasons.SEAL_OF_ANOTHER;
        uint256 word = seals.standing(uint64(seal));
        if (word == 0) return Reasons.SEAL_UNKNOWN;
        if (word.holdsAt(claim.signedAt) && (claim.late || word.holdsAt(session.time))) return Reasons.OK;
        reason = seals.whyNot(uint64(seal), uint32(claim.signedAt));
        if (reason == Reasons.OK && !claim.late) reason = seals.whyNot(uint64(seal), uint32(session.time));
    }

    /// @dev A license must be the home agency's, for this case or for none, and not stopped; its period is no matter.
    function _checkLicense(
        Session memory session,
        Claim memory claim,
        bytes32 license,
        bytes32 caseKey,
        uint256 home
    ) private view returns (uint16 reason) {
        uint256 word = licenses.standing(license);
        if (word == 0) return Reasons.LICENSE_UNKNOWN;
        uint256 tag = uint88(word >> 164);
        bool ofThisCase = tag == 0 || tag == uint88(uint256(caseKey));
        if (uint32(word >> 100) != home || !ofThisCase) return Reasons.LICENSE_OF_ANOTHER;
        reason = licenses.whyStopped(license, uint32(claim.signedAt));
        if (reason == Reasons.OK && !claim.late) reason = licenses.whyStopped(license, uint32(session.time));
    }

    function _whyNoStanding(Session memory session, Claim memory claim) private view returns (uint16 reason) {
        reason = registry.whyNot(session.signer, uint32(claim.signedAt));
        if (reason == Reasons.OK && !claim.late) reason = registry.whyNot(session.signer, uint32(session.time));
    }

    function _whyNoMandate(Session memory session, Claim memory claim) private view returns (uint16 reason) {
        reason = grants.whyNot(uint64(claim.grant), uint32(claim.signedAt));
        if (reason == Reasons.OK && !claim.late) reason = grants.whyNot(uint64(claim.grant), uint32(session.time));
    }

    /// @dev Whether the officer is one of those to whom the grant is given.
    function _isGrantee(uint256 mandate, uint256 standing) private pure returns (uint16) {
        uint256 grantee = mandate.grantee();
        uint256 kind = mandate.kind();
        if (kind == Mandate.REGION) {
            return Territory.contains(grantee, standing.region()) ? Reasons.OK : Reasons.WRONG_REGION;
        }
        uint256 agency = standing.officer() >> 32;
        uint256 window = standing.window();
        bool mine = kind == Mandate.WINDOW ? window != 0 && (agency << 32) | window == grantee : agency == grantee;
        return mine ? Reasons.OK : Reasons.GRANT_NOT_FOR_YOU;
    }
}
