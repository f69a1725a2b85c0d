"""The demonstration compares: an expectation that is not met makes it fail, whatever else came as expected."""

from collections.abc import Callable
from typing import Any

import pytest

from api.demo.cast import Cast, Player
from api.demo.journal import OK, Journal, Row
from api.demo.run import Played
from api.demo.stage import Stage, told
from api.signers import KeySigner
from api.wire.acts import ActView
from api.wire.base import ReasonView
from ledger.crypto import keccak
from ledger.errors import Fault, InvalidInput, NotFound
from ledger.verdict import indeterminate, invalid, report, valid

DIGEST = keccak(b"an act")


class Chain:
    """A client whose chain says one thing of whatever is handed in."""

    def __init__(self, code: str | None, status: str) -> None:
        self.code, self.status = code, status

    def acting_as(self, _signer: object) -> "Chain":
        return self

    def make(self, _cls: type, officer: int, **_: object) -> object:
        return officer

    def submit(self, _act: object) -> None:
        """It is taken; the verdict comes later."""

    def digest_of(self, _act: object) -> bytes:
        return DIGEST

    def wait_for(self, ids: list[bytes], _seconds: float) -> tuple[ActView, ...]:
        reason = ReasonView(code=self.code, number=1, zh="理由", en="reason") if self.code else None
        seen: dict[str, Any] = {"status": self.status, "reason": reason, "block": 7}
        return tuple(ActView.model_construct(**seen) for _ in ids)


def staged(code: str | None = None, status: str = "applied") -> Stage:
    client: Any = Chain(code, status)
    bureau: Any = None
    clerk = Player("clerk", 5, "窗口员", KeySigner(DIGEST))
    return Stage(client, Cast(1, {"clerk": clerk}), Journal(), bureau, lambda _text: None)


@pytest.mark.parametrize(("expected", "code", "status", "met"), [
    (OK, None, "applied", True), (OK, None, "discarded", False), (OK, "OK", "queued", False),
    (OK, "GRANT_EXPIRED", "refused", False), ("GRANT_EXPIRED", "GRANT_EXPIRED", "refused", True),
    ("GRANT_EXPIRED", "GRANT_REVOKED", "refused", False), ("GRANT_EXPIRED", None, "applied", False),
])  # fmt: skip
def test_act_is_met_only_by_the_verdict_expected(expected: str, code: str | None, status: str, met: bool) -> None:
    stage = staged(code, status)
    stage.act("clerk", object, "做某事", expected)
    stage.settle()
    assert Played(stage.journal, {}).met is met
    assert [row.met for row in stage.journal.rows] == [met]


def _nothing() -> None:
    """It is let in."""


def _faulty(*codes: str) -> Callable[[], None]:
    def attempt() -> None:
        raise InvalidInput.of([Fault(code, "body", "中", "en") for code in codes])

    return attempt


def _hidden() -> None:
    raise NotFound("CASE_NOT_FOUND", "no", "无")


@pytest.mark.parametrize(("expected", "attempt", "met"), [
    ("CASE_NOT_FOUND", _hidden, True), ("CASE_NOT_FOUND", _nothing, False), ("SEAL_NOT_FOUND", _hidden, False),
    ("A", _faulty("A"), True), ("A+B", _faulty("A", "B", "B"), True), ("A", _faulty("A", "B"), False),
])  # fmt: skip
def test_what_should_be_refused_at_the_door_is_let_in_or_refused_for_another_reason(
    expected: str, attempt: Callable[[], None], met: bool
) -> None:
    stage = staged()
    stage.refused("clerk", "查看", expected, attempt)
    assert Played(stage.journal, {}).met is met


def test_verdict_tells_every_reason_and_none_of_a_lesser_verdict() -> None:
    good, unsure = valid("a", "en", "中"), indeterminate("b", "OFFLINE", "en", "未联网")
    bad, worse = invalid("c", "SEAL_DIFFERS", "en", "印章不符"), invalid("d", "SEAL_OF_ANOTHER", "en", "他机构印章")
    assert told(report((good,))) == ("valid", "")
    assert told(report((good, unsure))) == ("indeterminate:OFFLINE", "未联网")
    assert told(report((unsure, bad, worse, bad))) == ("invalid:SEAL_DIFFERS+SEAL_OF_ANOTHER", "印章不符")
    assert told(report(())) == ("indeterminate", "")


def test_story_without_a_row_is_not_met() -> None:
    assert not Played(Journal(), {}).met
    assert not Played(Journal([Row("verdict", "谁", "何事", "valid", "invalid:LICENSE_SUSPENDED")]), {}).met
