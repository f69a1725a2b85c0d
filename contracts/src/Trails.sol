// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {Direct} from "./base/Direct.sol";
import {Domain} from "./base/Domain.sol";
import {Governed} from "./base/Governed.sol";
import {Refusals} from "./base/Refusals.sol";
import {Procedure} from "./generated/Procedure.sol";
import {Reasons} from "./generated/Reasons.sol";
import {ICatalogue} from "./interfaces/ICatalogue.sol";
import {ICouncil} from "./interfaces/ICouncil.sol";
import {IGrants} from "./interfaces/IGrants.sol";
import {ILicenses} from "./interfaces/ILicenses.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {ISeals} from "./interfaces/ISeals.sol";
import {ITrails} from "./interfaces/ITrails.sol";
import {Authority} from "./trails/Authority.sol";
import {Batch} from "./trails/Batch.sol";
import {CaseWord, CaseWords} from "./trails/CaseWord.sol";
import {Effects} from "./trails/Effects.sol";
import {Group} from "./trails/Group.sol";
import {Lists} from "./trails/Lists.sol";
import {Mandate} from "./trails/Mandate.sol";
import {Memos} from "./trails/Memo.sol";
import {OpenAct} from "./trails/OpenAct.sol";
import {Period} from "./trails/Period.sol";
import {Rule, Rules} from "./trails/Rule.sol";
import {Session} from "./trails/Session.sol";
import {StepAct} from "./trails/StepAct.sol";
import {StepHash} from "./trails/StepHash.sol";
import {Terms} from "./trails/Terms.sol";

/// @title Case trails 办件链
/// @notice May this step be taken now, by this officer, and what is the case's state after it?
/// @dev Order of the checks, the same as in `ledger/rules/trail.py`: (1) the supplied state is the one on chain, (2) the
/// deadline, (3) the signature, (4) the officer named is the signer, (5) time, (6) the key, its window and agency
/// hold, (7) the procedure's row, (8) competence or grant, (9) role, (10) what the row requires, (11) seal or license,
/// (12) the effect, (13) the grant's quota. Nothing is written before the last check, so that a refusal costs nobody
/// else anything; no check reverts.
contract Trails is ITrails, Authority, Governed, Direct, Domain {
    using Period for uint256;
    using Mandate for uint256;
    using Lists for bytes32[];
    using Lists for uint256[];
    using Terms for uint256;

    /// @dev A link that has been used up: the child was joined.
    bytes32 private constant JOINED = bytes32(uint256(1));

    // slither-disable-start uninitialized-state -- it is written in assembly, through `_slotOf`
    /// @inheritdoc ITrails
    mapping(bytes32 caseKey => bytes32 head) public heads;
    // slither-disable-end uninitialized-state
    /// @inheritdoc ITrails
    mapping(bytes32 child => bytes32 parent) public links;

    uint32 private _skew = 30;
    uint32 private _prompt = 900;
    uint32 private _lateLimit = 259_200;

    constructor(
        ICouncil council_,
        IRegistry registry_,
        ICatalogue catalogue_,
        IGrants grants_,
        ISeals seals_,
        ILicenses licenses_
    ) Authority(registry_, catalogue_, grants_, seals_, licenses_) Governed(council_) {}

    /// @inheritdoc ITrails
    function submit(bytes calldata batch) external direct {
        (uint256 start, uint256 end) = Batch.bounds(batch);
        Session memory session = _session(batch.length);
        while (start != end) {
            start = _judgeGroup(session, Group.wrap(start), end);
        }
    }

    /// @inheritdoc ITrails
    function setClock(uint32 skew, uint32 prompt, uint32 lateLimit) external onlyCouncil exactWords(3) {
        Refusals.need(prompt <= lateLimit, Reasons.BAD_FIELD);
        (_skew, _prompt, _lateLimit) = (skew, prompt, lateLimit);
        emit ClockSet(skew, prompt, lateLimit);
    }

    /// @inheritdoc ITrails
    function clock() external view returns (uint32 skew, uint32 prompt, uint32 lateLimit) {
        return (_skew, _prompt, _lateLimit);
    }

    function _session(uint256 length) private view returns (Session memory session) {
        // an act with its share of a signature takes more than 128 bytes; few ask for a word that is not known yet
        session.memo = Memos.create(length >> 7);
        session.procedure = Procedure.TABLE;
        session.domain = domainSeparator();
        session.time = block.timestamp;
        (session.skew, session.prompt, session.lateLimit) = (_skew, _prompt, _lateLimit);
    }

    // slither-disable-start reentrancy-no-eth -- `consume` is of our own Grants, which calls nobody that calls us

    /// @dev Judges what one signature covers, opens first, each act by itself; returns where the next group begins.
    function _judgeGroup(Session memory session, Group group, uint256 end) private returns (uint256 next) {
        unchecked {
            (uint256 opens, uint256 steps) = group.counts(end);
            if (opens == 0 && steps == 1) return _judgeSingle(session, group, end);
            next = _hashGroup(session, group, opens, steps);
            if (next > end) revert MalformedBatch();
            bytes32[] memory hashes = session.hashes;
            _identifyGroup(session, group, StepHash.ofGroup(hashes, opens, steps));
            next = group.records();
            for (uint256 i; i < opens; ++i) {
                OpenAct act = OpenAct.wrap(next);
                _judgeOpen(session, act, hashes.get(i));
                next = act.end();
            }
            for (uint256 i = opens; i < opens + steps; ++i) {
                (Rule rule, uint256 further) = session.places.get(i);
                _judgeStep(session, StepAct.wrap(next), rule, hashes.get(i));
                next = further;
            }
        }
    }

    /// @dev The same for the commonest group, one step, without the detour through `session.hashes`.
    function _judgeSingle(Session memory session, Group group, uint256 end) private returns (uint256 next) {
        StepAct act = StepAct.wrap(group.records());
        Rule rule = Rules.row(session.procedure, act.action());
        next = act.end(rule);
        if (next > end) revert MalformedBatch();
        bytes32 hash = StepHash.ofStep(act, rule);
        _identifyGroup(session, group, hash);
        _judgeStep(session, act, rule, hash);
    }

    /// @dev Hashes every act of a group into `session.hashes`; returns where the group ends.
    function _hashGroup(
        Session memory session,
        Group group,
        uint256 opens,
        uint256 steps
    ) private pure returns (uint256 next) {
        unchecked {
            if (session.hashes.length < opens + steps) {
                session.hashes = new bytes32[](opens + steps);
                session.places = new uint256[](opens + steps);
            }
            bytes32[] memory hashes = session.hashes;
            next = group.records();
            for (uint256 i; i < opens; ++i) {
                OpenAct act = OpenAct.wrap(next);
                hashes.put(i, StepHash.ofOpen(act));
                next = act.end();
            }
            for (uint256 i = opens; i < opens + steps; ++i) {
                StepAct act = StepAct.wrap(next);
                Rule rule = Rules.row(session.procedure, act.action());
                hashes.put(i, StepHash.ofStep(act, rule));
                next = act.end(rule);
                session.places.put(i, rule, next);
            }
        }
    }

    function _identifyGroup(Session memory session, Group group, bytes32 signed) private view {
        (bytes32 r, bytes32 vs) = group.signature();
        _identify(session, StepHash.digest(session.domain, signed), r, vs);
    }

    function _judgeOpen(Session memory session, OpenAct act, bytes32 hash) private {
        uint256 officer = act.officer();
        bytes32 caseKey = Hashes.efficientKeccak256(bytes32(officer), act.commitment());
        uint256 reason = _open(session, act, caseKey, hash);
        if (reason != Reasons.OK) _refuse(session, hash, caseKey, officer, reason);
    }

    function _judgeStep(Session memory session, StepAct act, Rule rule, bytes32 hash) private {
        uint256 reason = _step(session, act, rule, hash);
        if (reason != Reasons.OK) _refuse(session, hash, act.caseKey(), act.officer(), reason);
    }

    function _refuse(Session memory session, bytes32 hash, bytes32 caseKey, uint256 officer, uint256 reason) private {
        bytes32 act = StepHash.digest(session.domain, hash);
        if (reason < Reasons.ANYBODY_CAN_CAUSE) emit Discarded(act, caseKey, uint16(reason));
        else emit Refused(act, caseKey, uint64(officer), uint16(reason));
    }

    /// @dev Judges a case's first step 收件 and enters it; returns why not.
    function _open(
        Session memory session,
        OpenAct act,
        bytes32 caseKey,
        bytes32 hash
    ) private returns (uint256 reason) {
        bytes32 slot = _slotOf(caseKey);
        if (_load(slot) != 0) return Reasons.CASE_EXISTS;
        (session.officer, session.grant) = (act.officer(), act.grant());
        (session.signedAt, session.deadline) = (act.signedAt(), act.deadline());
        session.rule = Rules.opening(session.procedure);
        uint256 terms = _terms(session, act.item(), act.version());
        if (!_isUsualOpen(session, act, terms)) {
            reason = _checkOpen(session, act, terms);
            if (reason != Reasons.OK) return reason;
        }
        bytes32 parent = act.parent();
        if (parent != 0 && (parent == JOINED || links[caseKey] != parent)) return Reasons.NOT_LINKED;
        if (session.mandate.has(Mandate.QUOTA)) {
            reason = _consume(session);
            if (reason != Reasons.OK) return reason;
        }
        uint256 flags = CaseWords.initialFlags(terms.originals(), terms.grantable(), terms.endsInLicense());
        CaseWord word = CaseWords.opened(session.signedAt, act.mode(), flags, act.version(), act.item());
        bytes32 trail = Hashes.efficientKeccak256(session.domain, hash);
        _store(slot, _head(trail, word));
        emit Stepped(caseKey, trail);
    }

    /// @dev Judges a later step and enters the state after it; returns why not.
    function _step(Session memory session, StepAct act, Rule rule, bytes32 hash) private returns (uint256 reason) {
        bytes32 caseKey = act.caseKey();
        CaseWord word = act.state();
        bytes32 slot = _slotOf(caseKey);
        {
            bytes32 head = _load(slot);
            if (head != _head(act.trail(), word)) return head == 0 ? Reasons.CASE_UNKNOWN : Reasons.STALE_STATE;
        }
        (session.officer, session.grant) = (act.officer(), act.grant());
        (session.signedAt, session.deadline) = (act.signedAt(), act.deadline());
        session.rule = rule;
        uint256 unusual = _unusual(session, word.lastAt(), word.status(), word.item(), word.grantable(), word.mode());
        if (unusual | word.isFull() != 0) {
            reason = _checkStep(session, word);
            if (reason != Reasons.OK) return reason;
        }
        if (rule.isConditional()) {
            reason = _checkRequirements(rule.requirements(), word);
            if (reason != Reasons.OK) return reason;
            if (rule.subject() != Procedure.SUBJECT_NONE) {
                reason = _checkSubject(session, act.subject(), caseKey, word);
                if (reason != Reasons.OK) return reason;
            }
        }
        (reason, word) = _effect(session, act, rule.effect(), word);
        if (reason != Reasons.OK) return reason;
        if (session.mandate.has(Mandate.QUOTA)) {
            reason = _consume(session);
            if (reason != Reasons.OK) return reason;
        }
        bytes32 trail = Hashes.efficientKeccak256(act.trail(), hash);
        _store(slot, _head(trail, word.stepped(session.signedAt, rule.to())));
        emit Stepped(caseKey, trail);
        if (rule.subject() == Procedure.SUBJECT_CASE) _writeLink(rule.effect(), caseKey, act.subject());
    }

    function _isUsualOpen(Session memory session, OpenAct act, uint256 terms) private view returns (bool) {
        return
            terms.holds(session.signedAt, session.signedAt) &&
            terms.offers(act.mode()) &&
            _unusual(session, 0, Procedure.STATUS_NONE, act.item(), terms.grantable(), act.mode()) == 0;
    }

    /// @dev Checks 2 to 9 of an open, in order; between 6 and 8 that its item version is in force and offers the mode.
    function _checkOpen(Session memory session, OpenAct act, uint256 terms) private view returns (uint256 reason) {
        reason = _begin(session, 0);
        if (reason != Reasons.OK) return reason;
        if (terms == 0) return Reasons.ITEM_UNKNOWN;
        if (!terms.holds(session.signedAt, session.signedAt)) return Reasons.ITEM_NOT_IN_FORCE;
        if (!terms.offers(act.mode())) return Reasons.MODE_UNKNOWN;
        return _checkRight(session, act.item(), terms.grantable(), act.mode());
    }

    /// @dev Checks 2 to 9 of a later step, in order.
    function _checkStep(Session memory session, CaseWord word) private view returns (uint256 reason) {
        reason = _begin(session, word.lastAt());
        if (reason != Reasons.OK) return reason;
        if (!session.rule.exists()) return Reasons.ACTION_UNKNOWN;
        if (!session.rule.follows(word.status())) return Reasons.NOT_IN_THIS_STATUS;
        if (word.seq() == CaseWords.LAST_SEQ) return Reasons.SEQUENCE_EXHAUSTED;
        return _checkRight(session, word.item(), word.grantable(), word.mode());
    }

    /// @dev Check 10: what the row requires of the case.
    function _checkRequirements(uint256 requires, CaseWord word) private pure returns (uint256) {
        if (requires & Procedure.REQUIRES_COMPLETE != 0 && word.missing() != 0) return Reasons.STILL_MISSING;
        if (requires & Procedure.REQUIRES_VERIFIED != 0) {
            if (word.originals() != 0 && !word.has(Procedure.FLAG_VERIFIED)) return Reasons.ORIGINALS_NOT_VERIFIED;
        }
        if (requires & Procedure.REQUIRES_FORWARDED != 0 && !word.has(Procedure.FLAG_FORWARDED)) {
            return Reasons.NOT_FORWARDED;
        }
        if (requires & Procedure.REQUIRES_CHILDREN_JOINED != 0 && word.children() != 0) {
            return Reasons.CHILDREN_NOT_ENDED;
        }
        return Reasons.OK;
    }

    /// @dev Check 12: the detail and the effect; returns the state after it.
    function _effect(
        Session memory session,
        StepAct act,
        uint256 effect,
        CaseWord word
    ) private view returns (uint256, CaseWord) {
        uint256 detail = act.detail();
        if (Effects.isDetailed(effect)) {
            if (effect == Procedure.EFFECT_SUPPLEMENT) return Effects.supplement(word, detail);
            if (effect == Procedure.EFFECT_RATE) return Effects.rate(word, detail);
            return Effects.list(effect, word, detail, _terms(session, word.item(), word.version()));
        }
        if (detail != 0) return (Reasons.DETAIL_OUT_OF_RANGE, word);
        if (effect == Procedure.EFFECT_VERIFY) return Effects.verify(word, session.officer);
        if (effect < Procedure.EFFECT_LINK) return Effects.plain(effect, word);
        return effect == Procedure.EFFECT_LINK ? _link(act, word) : _join(act, word);
    }

    /// @dev LINK 关联子件: a case key that is neither opened nor linked yet.
    function _link(StepAct act, CaseWord word) private view returns (uint256, CaseWord) {
        bytes32 child = act.subject();
        if (word.children() == CaseWords.MOST_CHILDREN) return (Reasons.SEQUENCE_EXHAUSTED, word);
        if (links[child] != 0 || heads[child] != 0) return (Reasons.ALREADY_LINKED, word);
        return (Reasons.OK, word.withOneChildMore());
    }

    /// @dev JOIN 子件汇总: a child of this case that has ended, or was never opened.
    function _join(StepAct act, CaseWord word) private view returns (uint256, CaseWord) {
        bytes32 child = act.subject();
        if (links[child] != act.caseKey()) return (Reasons.NOT_LINKED, word);
        bytes32 head = heads[child];
        bytes32 trail = act.childTrail();
        CaseWord state = act.childState();
        if (head == 0) {
            if (trail != 0 || CaseWord.unwrap(state) != 0) return (Reasons.STALE_STATE, word);
        } else {
            if (head != _head(trail, state)) return (Reasons.STALE_STATE, word);
            if (!state.isTerminal()) return (Reasons.CHILD_NOT_ENDED, word);
        }
        return (Reasons.OK, word.withOneChildLess());
    }

    function _writeLink(uint256 effect, bytes32 parent, bytes32 child) private {
        if (effect == Procedure.EFFECT_LINK) {
            links[child] = parent;
            emit CaseLinked(parent, child);
        } else {
            links[child] = JOINED;
            emit CaseJoined(parent, child);
        }
    }

    /// @dev Where `heads[caseKey]` is stored; found once for reading and writing.
    function _slotOf(bytes32 caseKey) private pure returns (bytes32 slot) {
        bytes32 base;
        assembly ("memory-safe") {
            base := heads.slot
        }
        return Hashes.efficientKeccak256(caseKey, base);
    }

    function _load(bytes32 slot) private view returns (bytes32 head) {
        assembly ("memory-safe") {
            head := sload(slot)
        }
    }

    function _store(bytes32 slot, bytes32 head) private {
        assembly ("memory-safe") {
            sstore(slot, head)
        }
    }

    function _head(bytes32 trail, CaseWord word) private pure returns (bytes32) {
        return Hashes.efficientKeccak256(trail, bytes32(CaseWord.unwrap(word)));
    }

    // slither-disable-end reentrancy-no-eth
}
