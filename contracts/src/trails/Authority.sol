// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Signatures} from "../base/Signatures.sol";
import {Territory} from "../base/Territory.sol";
import {Procedure} from "../generated/Procedure.sol";
import {Reasons} from "../generated/Reasons.sol";
import {ICatalogue} from "../interfaces/ICatalogue.sol";
import {IGrants} from "../interfaces/IGrants.sol";
import {ILicenses} from "../interfaces/ILicenses.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {ISeals} from "../interfaces/ISeals.sol";
import {CaseWord} from "./CaseWord.sol";
import {Mandate} from "./Mandate.sol";
import {Memos} from "./Memo.sol";
import {Period} from "./Period.sol";
import {Session} from "./Session.sol";
import {Standing} from "./Standing.sol";

/// @notice Who signed, and may they do this now? Asks the other contracts, each question once a batch.
/// @dev Words say whether something holds; only where it does not is `whyNot` asked for the reason. Nothing that the
/// words say can change within a call of Trails: only quotas do, which are not in them.
///
/// The usual case is recognised as a whole (`_unusual`), without a branch for each condition; whatever is not usual goes
/// through the checks one by one, in the order of the protocol, and the one that fails gives the reason. Only those refuse.
abstract contract Authority {
    using Period for uint256;
    using Standing for uint256;
    using Mandate for uint256;

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
            session.standing = 0;
        } else {
            uint256 place = session.memo.place(uint160(signer));
            if (Memos.keyAt(place) != uint160(signer)) Memos.put(place, uint160(signer), registry.standing(signer));
            uint256 word = Memos.wordAt(place);
            session.signer = signer;
            session.standing = word;
            session.nobody = word == 0 ? Reasons.SIGNER_UNKNOWN : Reasons.OK;
        }
    }

    /// @dev The word of an item version; zero where there is none.
    function _terms(Session memory session, uint256 item, uint256 version) internal view returns (uint256) {
        uint256 key = ITEM_KEY | (item << 16) | version;
        uint256 place = session.memo.place(key);
        if (Memos.keyAt(place) != key) Memos.put(place, key, catalogue.terms(uint64(item), uint16(version)));
        return Memos.wordAt(place);
    }

    /// @dev The word of a grant; zero where there is none.
    function _mandate(Session memory session, uint256 grant) internal view returns (uint256) {
        uint256 key = GRANT_KEY | grant;
        uint256 place = session.memo.place(key);
        if (Memos.keyAt(place) != key) Memos.put(place, key, grants.mandate(uint64(grant)));
        return Memos.wordAt(place);
    }

    /// @dev Zero where checks 2 to 9 pass in the usual way: a prompt step within its deadline, by the officer named with a
    /// key and role that hold, of an action that may follow on this status, by competence or under a grant to the
    /// officer's window that holds and covers all items. What is not usual is judged in order.
    // slither-disable-next-line incorrect-exp -- the exclusive or is meant: it is zero where two words are equal
    function _unusual(
        Session memory session,
        uint256 lastAt,
        uint256 status,
        uint256 item,
        uint256 grantable,
        uint256 mode
    ) internal view returns (uint256 wrong) {
        uint256 grant = session.grant;
        if (grant != session.mandated) {
            session.mandated = grant;
            session.mandate = grant == 0 ? 0 : _mandate(session, grant);
        }
        uint256 mandate = session.mandate;
        uint256 standing = session.standing;
        uint256 rule = session.rule.unwrapped();
        wrong = _timing(session, lastAt);
        (uint256 time, uint256 signedAt) = (session.time, session.signedAt);
        assembly ("memory-safe") {
            let agency := and(shr(192, standing), 0xffffffff)
            wrong := or(wrong, iszero(and(shr(status, rule), 1)))
            wrong := or(wrong, iszero(and(and(shr(36, rule), shr(64, standing)), 0xffff)))
            switch grant
            case 0 {
                wrong := or(wrong, xor(agency, shr(32, item)))
            }
            default {
                let window := and(shr(80, standing), 0xffffffff)
                wrong := or(wrong, lt(signedAt, and(mandate, 0xffffffff)))
                wrong := or(wrong, iszero(lt(time, and(shr(32, mandate), 0xffffffff))))
                // kind 1, no set of items, not reserved to the home agency in this mode
                wrong := or(wrong, xor(and(shr(72, mandate), 0x1ff), 1))
                wrong := or(wrong, and(shr(add(27, mode), rule), 1))
                wrong := or(wrong, xor(and(shr(88, mandate), 0xffffffff), shr(32, item)))
                wrong := or(wrong, and(and(shr(20, rule), 0xff), not(and(shr(64, mandate), grantable))))
                wrong := or(wrong, xor(and(shr(120, mandate), 0xffffffffffffffff), or(shl(32, agency), window)))
                wrong := or(wrong, iszero(window))
            }
        }
    }

    /// @dev Zero where a step is prompt, within its deadline, after the last one, by the officer named, whose key holds.
    function _timing(Session memory session, uint256 lastAt) private pure returns (uint256 wrong) {
        (uint256 time, uint256 signedAt) = (session.time, session.signedAt);
        (uint256 standing, uint256 officer) = (session.standing, session.officer);
        (uint256 deadline, uint256 prompt) = (session.deadline, session.prompt);
        assembly ("memory-safe") {
            // where nobody signed, `standing` is zero and its end has passed
            wrong := or(gt(time, deadline), gt(signedAt, time))
            wrong := or(wrong, or(lt(signedAt, lastAt), gt(time, add(signedAt, prompt))))
            wrong := or(wrong, xor(and(shr(160, standing), 0xffffffffffffffff), officer))
            wrong := or(wrong, lt(signedAt, and(standing, 0xffffffff)))
            wrong := or(wrong, iszero(lt(time, and(shr(32, standing), 0xffffffff))))
        }
    }

    /// @dev Check 13: counts the step against the grant's quota and its ancestors', where they have any.
    function _consume(Session memory session) internal returns (uint256) {
        return grants.consume(uint64(session.grant));
    }

    /// @dev Check 11: the seal under which is decided, the license that is handed out.
    function _checkSubject(
        Session memory session,
        bytes32 subject,
        bytes32 caseKey,
        CaseWord word
    ) internal view returns (uint256) {
        uint256 kind = session.rule.subject();
        _setMoments(session);
        if (subject == 0) {
            bool optional = kind == Procedure.SUBJECT_LICENSE && !word.has(Procedure.FLAG_LICENSE);
            return optional ? Reasons.OK : Reasons.SUBJECT_MISSING;
        }
        if (kind == Procedure.SUBJECT_SEAL) return _checkSeal(session, uint256(subject), word.home());
        if (kind == Procedure.SUBJECT_LICENSE) return _checkLicense(session, subject, caseKey, word.home());
        return Reasons.OK;
    }

    /// @dev Checks 2 to 6: deadline, signature, officer, time, key with window and agency.
    function _begin(Session memory session, uint256 lastAt) internal view returns (uint256 reason) {
        unchecked {
            (uint256 time, uint256 signedAt) = (session.time, session.signedAt);
            if (time > session.deadline) return Reasons.ACT_EXPIRED;
            if (session.nobody != Reasons.OK) return session.nobody;
            if (session.standing.officer() != session.officer) return Reasons.WRONG_ACTOR;
            if (signedAt > time + session.skew) return Reasons.TIME_IN_FUTURE;
            if (signedAt < lastAt) return Reasons.TIME_BEFORE_LAST_STEP;
            if (time > signedAt + session.lateLimit) return Reasons.TOO_LATE;
        }
        _setMoments(session);
        if (session.standing.holds(session.first, session.last)) return Reasons.OK;
        reason = registry.whyNot(session.signer, uint32(session.signedAt));
        if (reason == Reasons.OK && !session.late) reason = registry.whyNot(session.signer, uint32(session.time));
    }

    /// @dev All must hold when the step was signed and now; a late one is judged by when it was signed alone.
    function _setMoments(Session memory session) private pure {
        unchecked {
            (uint256 time, uint256 signedAt) = (session.time, session.signedAt);
            session.late = time > signedAt + session.prompt;
            uint256 other = session.late ? signedAt : time;
            (session.first, session.last) = signedAt < other ? (signedAt, other) : (other, signedAt);
        }
    }

    /// @dev Checks 8 and 9: competence or grant, and role.
    function _checkRight(
        Session memory session,
        uint256 item,
        uint256 grantable,
        uint256 mode
    ) internal view returns (uint256 reason) {
        reason = _mayAct(session, item, grantable, mode);
        if (reason != Reasons.OK) return reason;
        return session.standing.roles() & session.rule.roles() == 0 ? Reasons.ROLE_MISSING : Reasons.OK;
    }

    /// @dev Check 8: competence of the home agency's own officers, or a grant for those of others.
    function _mayAct(
        Session memory session,
        uint256 item,
        uint256 grantable,
        uint256 mode
    ) private view returns (uint256 reason) {
        bool homeOnly = session.rule.isHomeOnly(mode);
        if (session.grant == 0) {
            if (session.officer >> 32 == item >> 32) return Reasons.OK;
            return homeOnly ? Reasons.HOME_AGENCY_ONLY : Reasons.GRANT_UNKNOWN;
        }
        if (homeOnly) return Reasons.HOME_AGENCY_ONLY;
        (uint256 mandate, uint64 grant) = (session.mandate, uint64(session.grant));
        if (mandate == 0) return Reasons.GRANT_UNKNOWN;
        if (mandate.root() != item >> 32) return Reasons.WRONG_HOME;
        if (!mandate.holds(session.first, session.last)) {
            reason = grants.whyNot(grant, uint32(session.signedAt));
            if (reason == Reasons.OK && !session.late) reason = grants.whyNot(grant, uint32(session.time));
            if (reason != Reasons.OK) return reason;
        }
        uint256 right = session.rule.right();
        if (right & ~mandate.rights() != 0) return Reasons.RIGHT_NOT_GRANTED;
        if (right & ~grantable != 0) return Reasons.RIGHT_NOT_GRANTABLE;
        reason = _isGrantee(mandate, session.standing);
        if (reason != Reasons.OK) return reason;
        bool covered = !mandate.has(Mandate.ITEM_SET) || grants.covers(grant, uint32(item));
        return covered ? Reasons.OK : Reasons.ITEM_NOT_COVERED;
    }

    /// @dev Whether the officer is one of those to whom the grant is given.
    function _isGrantee(uint256 mandate, uint256 standing) private pure returns (uint256) {
        (uint256 grantee, uint256 kind) = (mandate.grantee(), mandate.kind());
        if (kind == Mandate.REGION) {
            return Territory.contains(grantee, standing.region()) ? Reasons.OK : Reasons.WRONG_REGION;
        }
        (uint256 agency, uint256 window) = (standing.officer() >> 32, standing.window());
        bool mine = kind == Mandate.WINDOW ? window != 0 && (agency << 32) | window == grantee : agency == grantee;
        return mine ? Reasons.OK : Reasons.GRANT_NOT_FOR_YOU;
    }

    function _checkSeal(Session memory session, uint256 seal, uint256 home) private view returns (uint256 reason) {
        if (seal >> 32 != home) return Reasons.SEAL_OF_ANOTHER;
        uint256 word = seals.standing(uint64(seal));
        if (word == 0) return Reasons.SEAL_UNKNOWN;
        if (word.holds(session.first, session.last)) return Reasons.OK;
        reason = seals.whyNot(uint64(seal), uint32(session.signedAt));
        if (reason == Reasons.OK && !session.late) reason = seals.whyNot(uint64(seal), uint32(session.time));
    }

    /// @dev A license must be the home agency's, for this case or for none, and not stopped; its period is no matter.
    function _checkLicense(
        Session memory session,
        bytes32 license,
        bytes32 caseKey,
        uint256 home
    ) private view returns (uint256 reason) {
        uint32 issuer = uint32(home);
        uint256 word = licenses.standing(issuer, license);
        if (word == 0) return Reasons.LICENSE_UNKNOWN;
        uint256 tag = uint88(word >> 164);
        if (tag != 0 && tag != uint88(uint256(caseKey))) return Reasons.LICENSE_OF_ANOTHER;
        reason = licenses.whyStopped(issuer, license, uint32(session.signedAt));
        if (reason == Reasons.OK && !session.late) {
            reason = licenses.whyStopped(issuer, license, uint32(session.time));
        }
    }
}
