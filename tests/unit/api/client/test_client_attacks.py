"""A server, or what stands before it, that lies, leaves out, or answers what nobody can read."""

import io
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.client import HuxinClient, Patience
from api.client import documents as client_documents
from api.client.documents import Shown, verify_document
from api.client.proofs import asked
from api.client.uses import terms_of
from api.documents.reading import Examined, SealFound
from api.signers import KeySigner
from ledger.acts import License
from ledger.crypto import keccak, parse_digest
from ledger.errors import HuxinError, InvalidInput, NotFound, TooMany, Unavailable
from ledger.ids import scoped
from ledger.licenses.share import Salts, Share
from ledger.seals.trust import TrustStores
from ledger.verdict import Report, Verdict, report, valid
from tests.unit.api.client.simulator import Simulator, problem

NOW, SEAL = 1_790_000_000, scoped(1, 1)
DIGEST = parse_digest("sm3:" + "ab" * 32)
Answer = Callable[[httpx.Request], httpx.Response]


def asking(answer: Answer) -> HuxinClient:
    over = httpx.MockTransport(answer)
    return HuxinClient("http://ledger.test", over=over, sleep=lambda _: None, patience=Patience(1.0, 2, 0.0))


def check(name: str, verdict: str = "valid") -> dict[str, Any]:
    return {"name": name, "verdict": verdict, "reasonCode": "OK", "zh": "", "en": "", "facts": {}}


def said(verdict: str, *checks: dict[str, Any], **more: Any) -> Answer:
    body = {"verdict": verdict, "checks": list(checks), "checkedAt": NOW}
    return lambda _: httpx.Response(200, json=body | more)


@pytest.mark.parametrize("checks", [(), (check("index.fresh", "invalid"),), (check("index.fresh", "indeterminate"),)])
def test_server_that_says_valid_over_checks_that_are_not(checks: tuple[dict[str, Any], ...]) -> None:
    proofs = asking(said("valid", *checks)).proofs
    asks: tuple[Callable[[], object], ...] = (
        lambda: proofs.verify_digest(DIGEST), lambda: proofs.verify_seal(SEAL), lambda: proofs.verify_code("x"),
        lambda: proofs.verify_seal_digest(DIGEST), lambda: proofs.verify_leaf(bytes(32)),
    )  # fmt: skip
    for ask in asks:
        with pytest.raises(HuxinError, match="not what its own checks"):
            ask()


def _garbled(_: httpx.Request) -> httpx.Response:
    stream = httpx.ByteStream(b"no gzip")
    return httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=stream)


def _down(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("down")


def _proxy(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, text="<html>sign in to the network</html>")


def _forbidden(_: httpx.Request) -> httpx.Response:
    return httpx.Response(403, text="blocked")


@pytest.mark.parametrize("answer", [
    _garbled, _down, _proxy, _forbidden, lambda _: problem(500, "INTERNAL"), lambda _: problem(429, "RATE"),
    lambda _: problem(503, "QUEUE_FULL"), lambda _: httpx.Response(302, headers={"Location": "http://other.test/"}),
    said("valid"),
])  # fmt: skip
def test_server_that_does_not_answer_the_question_makes_a_document_indeterminate(
    answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_documents, "examine", lambda *_: examined())
    found = verify_document(asking(answer).proofs, io.BytesIO(b"file"), TrustStores(), NOW)
    assert found.report.overall is Verdict.INDETERMINATE
    assert [one.name for one in found.report.failures] == ["ledger.asked"]


def test_share_checked_while_nobody_answers_is_indeterminate_and_a_bad_question_is_not() -> None:
    found = asked(lambda: asking(_down).proofs.verify_leaf(bytes(32)))
    assert (found.overall, [one.reason_code for one in found.checks]) == (
        Verdict.INDETERMINATE, ["SERVER_UNREACHABLE"],
    )  # fmt: skip
    with pytest.raises(InvalidInput):
        asked(lambda: asking(lambda _: problem(422, "BAD")).proofs.verify_leaf(bytes(32)))


def test_answer_that_cannot_be_decoded_is_an_outage() -> None:
    with pytest.raises(Unavailable) as caught:
        asking(_garbled).proofs.verify_digest(DIGEST)
    assert caught.value.code == "SERVER_UNREACHABLE"


def examined(seals: int = 0) -> Examined:
    one = SealFound(b"\1" * 32, b"\2" * 32, NOW)
    return Examined("ofd", report((valid("ofd.structure", "", ""),)), (one,) * seals)


NEEDED = ("index.fresh", "license.anchored", "license.issuer", "license.seal", "license.status", "license.period")


def document(
    monkeypatch: pytest.MonkeyPatch, checks: tuple[str, ...], seals: int = 0, shown: Shown | None = None, **more: Any
) -> Report:
    monkeypatch.setattr(client_documents, "examine", lambda *_: examined(seals))
    answer = said("valid", *map(check, checks), **more)
    return verify_document(asking(answer).proofs, io.BytesIO(b"file"), TrustStores(), NOW, shown or Shown()).report


@pytest.mark.parametrize("left_out", [*NEEDED[1:], "document.seal.2.registered"])
def test_answer_that_leaves_out_a_check_makes_no_document_valid(
    left_out: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    names = (*NEEDED, "document.seal.1.registered", "document.seal.2.registered")
    assert document(monkeypatch, names, 2).overall is Verdict.VALID
    bare = document(monkeypatch, tuple(name for name in names if name != left_out), 2)
    assert [one.reason_code for one in bare.failures] == ["REPORT_INCOMPLETE"]


def test_seventeenth_seal_is_not_passed_over_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    names = (*NEEDED, *(f"document.seal.{number}.registered" for number in range(1, 17)))
    assert document(monkeypatch, names, 16).overall is Verdict.VALID
    assert [one.reason_code for one in document(monkeypatch, names, 17).failures] == ["TOO_MANY_SEALS"]


def test_answer_about_another_license_than_the_one_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    one = License(1, 1, b"\1" * 32, b"\2" * 32, b"\3" * 32, b"\4" * 32, bytes(32), bytes(32), 0, 1)
    share = Share(one, "", "", Salts(bytes(32), bytes(32)))
    same = document(monkeypatch, NEEDED, 0, Shown(share), leaf="0x" + share.leaf.hex())
    other = document(monkeypatch, NEEDED, 0, Shown(share), leaf="0x" + "07" * 32)
    assert {check.name for check in other.failures} - {check.name for check in same.failures} == {"ledger.answer"}


def test_newer_problem_document_keeps_its_meaning() -> None:
    newer = problem(404, "NO_SUCH").json() | {"hint": "something new"}
    with pytest.raises(NotFound, match="wrong"):
        asking(lambda _: httpx.Response(404, json=newer)).proofs.verify_digest(DIGEST)


@pytest.mark.parametrize("wait", [b"\xb2", b"9" * 5000, b"-1", b"soon"])
def test_time_to_wait_that_is_no_number_ends_nothing(wait: bytes) -> None:
    answer = httpx.Response(429, json=problem(429, "RATE").json(), headers=[(b"Retry-After", wait)])
    with pytest.raises(TooMany) as caught:
        asking(lambda _: answer).proofs.verify_digest(DIGEST)
    assert 1 <= caught.value.retry_after <= 60


def test_code_of_a_holder_does_not_take_the_place_of_the_officers_session() -> None:
    simulator, sent = Simulator(lambda: NOW), []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers.get("Authorization", ""))
        if request.url.path.endswith("/uses"):
            return httpx.Response(200, json={"license": "0x" + "00" * 32, "uses": []})
        return simulator.answer(request)

    over = httpx.MockTransport(answer)
    client = HuxinClient("http://ledger.test", KeySigner(keccak(b"a")), over=over, clock=lambda: float(NOW))
    client.sign_in()
    client.uses.of_license(bytes(32), "code")
    client.registry.agencies()
    assert sent[-2:] == ["Presentation code", "Bearer " + "t" * 40]


MALFORMED: list[Any] = [
    {}, {"terms": {}, "signature": "0x00", "purpose": {"fields": [7]}, "card": {}}, {"card": 7},
    {"terms": {}, "signature": 7, "purpose": {"fields": []}, "card": {}},
]  # fmt: skip


@pytest.mark.parametrize("given", MALFORMED)
def test_malformed_authorization_is_said_to_be_one(given: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        terms_of(given)
    assert caught.value.code in {"AUTHORIZATION_MALFORMED", "CARD_MALFORMED"}
