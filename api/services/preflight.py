"""Pre-flight as the API asks it: a question in JSON, the answer with grants and who could help."""

from collections.abc import Callable, Iterable
from typing import Any

from api.services import decode
from api.services.grantsearch import GrantSearch, Helper
from api.services.ports import Now
from api.services.questions import EXPIRED, Answer, Judged, Question, ask, key_of, right_name
from api.services.showing import known_grant_view
from api.services.words import names, reason_view
from api.store.registry import RegistryReads
from api.wire.acts import GrantorView, PreflightRequest, PreflightView, RejectedGrant
from ledger import acts
from ledger.calldata import NO_HOLDER
from ledger.errors import Fault, InvalidInput
from ledger.ids import agency_of, format_id, parse_id
from ledger.procedure import RULES, Action, Mode, Role
from ledger.reasons import Reason, Refusal
from ledger.records import Key
from ledger.rules.authority import allows, grant_standing, key_standing
from ledger.rules.judge import HANDLERS
from ledger.state import CaseState
from ledger.world import World

_NO_PROOF: dict[type, tuple[Any, ...]] = dict.fromkeys(acts.PROVEN, (bytes(32), ()))
_NO_PROOF[acts.UseLicense] = (NO_HOLDER, bytes(32), ())


class Preflight:
    """Answers from the index with pending steps laid over it."""

    def __init__(self, new_world: Callable[[], World], search: GrantSearch, registry: RegistryReads, now: Now) -> None:
        self._new_world, self._search, self._registry, self._now = new_world, search, registry, now

    def answer(self, request: PreflightRequest, state: CaseState | None) -> PreflightView:
        """May it be done now? ``state`` is that of ``caseKey``, already known to be open to the asker."""
        if request.type is not None:
            return self._admin(request)
        question = self._question(request, state)
        now, world = self._now(), self._new_world()
        key = key_of(world, question.officer)
        away = isinstance(key, Key) and agency_of(question.officer) != agency_of(question.item)
        candidates: Iterable[int] = ()
        if isinstance(key, Key) and away:
            candidates = self._search.candidates(world, key, agency_of(question.item))
        answer = ask(self._new_world, question, candidates, now)
        helpers: tuple[Helper, ...] = ()
        if isinstance(key, Key) and answer.missing:
            helpers = self._search.helpers(world, key, question.item, answer.missing, now)
        return self._view(world, question, answer, helpers, now)

    def has_grant(self, officer: int, item: int) -> bool:
        """Whether any grant of the item's home agency holds for this officer and item now."""
        world, now = self._new_world(), self._now()
        key = key_of(world, officer)
        if not isinstance(key, Key):
            return False
        question = Question(officer, Action.COLLECT, item, 0, 0)
        candidates = self._search.candidates(world, key, agency_of(item))
        return any(_helps(world, key, question.item, one, now) for one in candidates)

    def _question(self, request: PreflightRequest, state: CaseState | None) -> Question:
        faults = list(_faults(request))
        if faults:
            raise InvalidInput.of(faults)
        action, officer = Action[request.action or ""], parse_id(request.officer)
        grant = parse_id(request.grant) if request.grant else None
        detail, subject = _asked(request)
        if action is not Action.COLLECT and request.case_key is not None:
            item, version, mode = (state.item, state.version, state.mode) if state else (0, 0, 0)
            case = decode.bytes_of(request.case_key)
            return Question(officer, action, item, version, mode, case, state, grant, detail, subject)
        item = parse_id(request.item or "")
        record = self._new_world().items.get(item)
        version = request.version or (len(record.versions) if record else 0)
        return Question(officer, action, item, version, Mode[request.mode or ""], grant=grant)

    def _view(
        self, world: World, question: Question, answer: Answer, helpers: Iterable[Helper], now: int
    ) -> PreflightView:
        def rejected(those: Iterable[Judged]) -> tuple[RejectedGrant, ...]:
            return tuple(
                RejectedGrant(grant=known_grant_view(one.grant, world, now), reason=reason_view(one.reason))
                for one in those
            )

        wrong = [one for one in answer.grants if one.reason is not Reason.OK]
        return PreflightView(
            allowed=answer.reason is Reason.OK, reason=reason_view(answer.reason),
            needed_roles=names(Role(question.rule.roles)), missing_right=right_name(answer.missing),
            who_could_grant=tuple(self._helper(one) for one in helpers),
            usable_grants=tuple(known_grant_view(one, world, now) for one in answer.usable),
            expired=rejected(one for one in wrong if one.reason in EXPIRED),
            other=rejected(one for one in wrong if one.reason not in EXPIRED), at=now,
        )  # fmt: skip

    def _helper(self, helper: Helper) -> GrantorView:
        agency = self._registry.agency(helper.agency)
        return GrantorView(
            agency=helper.agency, name=(agency.name if agency else None) or "",
            how="HAND_ON" if helper.grant else "ROOT", grant=format_id(helper.grant) if helper.grant else None,
        )  # fmt: skip

    def _admin(self, request: PreflightRequest) -> PreflightView:
        cls = decode.act_type(request.type or "", "body.type")
        if cls not in HANDLERS:
            raise InvalidInput(
                "ACT_TYPE_UNKNOWN", "body.type", "steps are asked about by action", "办件环节请以 action 提问"
            )
        now = self._now()
        proposals = {"nonce": 1, "deadline": now + 600, "officer": request.officer}
        act: Any = decode.decode(cls, proposals | (request.fields or {}), "body.fields")
        reason = self._try(act, parse_id(request.officer), now)
        return PreflightView(allowed=reason is Reason.OK, reason=reason_view(reason), at=now)

    def _try(self, act: Any, officer: int, now: int) -> Reason:
        world = self._new_world()
        key = key_of(world, officer)
        if isinstance(key, Reason):
            return key
        if act.officer != officer:
            return Reason.WRONG_ACTOR
        if (reason := key_standing(world, key, now)) is not Reason.OK:
            return reason
        try:
            HANDLERS[type(act)](world, act, key, now, *_NO_PROOF.get(type(act), ()))
        except Refusal as refusal:
            return refusal.reason
        return Reason.OK


def _helps(world: World, key: Key, item: int, grant: int, now: int) -> bool:
    holds = grant_standing(world, grant, now) is Reason.OK
    return holds and allows(world, grant, key, 0, item, 0) is Reason.OK


def _faults(request: PreflightRequest) -> Iterable[Fault]:
    if request.action is None or request.action not in Action.__members__:
        yield _fault("ACTION_UNKNOWN", "action", f"one of {', '.join(Action.__members__)}")
        return
    if Action[request.action] is not Action.COLLECT:
        if request.case_key is None:
            yield _fault("FIELD_MISSING", "caseKey", "name the case")
        return
    if request.item is None:
        yield _fault("FIELD_MISSING", "item", "name the item")
    if request.mode not in Mode.__members__:
        yield _fault("MODE_UNKNOWN", "mode", f"one of {', '.join(Mode.__members__)}")


def _fault(code: str, name: str, en: str) -> Fault:
    zh = {"FIELD_MISSING": "缺少此字段", "ACTION_UNKNOWN": "未知的办件环节", "MODE_UNKNOWN": "未知的通办模式"}[code]
    return Fault(code, f"body.{name}", f"body.{name} {zh}", f"body.{name}: {en}")


def _asked(request: PreflightRequest) -> tuple[int | None, bytes | None]:
    """``detail`` and ``subject`` out of the fields, where they were given."""
    fields = request.fields or {}
    detail, subject = fields.get("detail"), fields.get("subject")
    rule = RULES[Action[request.action or ""]]
    faults = []
    if detail is not None and not (isinstance(detail, int) and 0 <= detail < 2**32):
        faults.append(Fault("NUMBER_OUT_OF_RANGE", "body.fields.detail", "须为 uint32", "must be a uint32"))
    if subject is not None and not decode.is_word(subject):
        faults.append(Fault("HEX_MALFORMED", "body.fields.subject", "须为 32 字节十六进制", "must be 32 bytes in hex"))
    if unknown := [name for name in fields if name not in ("detail", "subject")]:
        zh = f"环节 {rule.zh} 只可附 detail、subject"
        faults.append(
            Fault("FIELD_UNKNOWN", f"body.fields.{unknown[0][:40]}", zh, "only detail and subject belong here")
        )
    if faults:
        raise InvalidInput.of(faults)
    return detail, decode.bytes_of(str(subject)) if subject is not None else None
