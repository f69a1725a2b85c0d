"""Lets the players act: hand in now, look at the verdicts together, for a block takes a second."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from api.client import Cursor, HuxinClient
from api.client.trail import NO_SUBJECT
from api.client.uses import terms_of
from api.demo.bureau import Bureau
from api.demo.cast import Cast, Player
from api.demo.journal import OK, Journal, Row
from api.wire.acts import ActView
from ledger.acts import Open, Proposal, Step, StepList, UseLicense
from ledger.commitments import case_commitment
from ledger.errors import HuxinError, InvalidInput
from ledger.evidence import Document, DocumentKind
from ledger.evidence_rules import Entry
from ledger.procedure import Action, Mode
from ledger.state import case_key
from ledger.verdict import Report

SETTLE_SECONDS = 60.0
STEP_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Pending:
    """An act that was handed in and what its verdict should be."""

    act_id: bytes
    who: str
    what: str
    expected: str


@dataclass(slots=True)
class File:
    """A case as its parties keep it: number and salt (32 bytes) stay off the chain."""

    number: str
    salt: bytes = field(repr=False)
    opener: Player
    item: int
    mode: Mode
    grant: int
    parent: bytes = NO_SUBJECT
    cursor: Cursor | None = None
    refused: list[str] = field(default_factory=list)
    """Why steps of it should have been refused by the chain."""

    @property
    def commitment(self) -> bytes:
        """The salted commitment to the number."""
        return case_commitment(self.salt, self.number)

    @property
    def key(self) -> bytes:
        """The case key."""
        return case_key(self.opener.officer, self.commitment)


class Stage:
    """One round of the story on one server."""

    def __init__(
        self,
        client: HuxinClient,
        cast: Cast,
        journal: Journal,
        bureau: Bureau,
        say: Callable[[str], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``say`` is told what happens, as it happens."""
        self.client, self.cast, self.journal, self.bureau = client, cast, journal, bureau
        self.say = say
        self._pending: list[Pending] = []
        self._clients: dict[str, HuxinClient] = {}
        self._monotonic, self._began = monotonic, monotonic()

    def mark(self, name: str) -> None:
        """Note the time at which something was reached."""
        self.journal.marks.setdefault(name, self._monotonic() - self._began)

    def as_(self, role: str) -> HuxinClient:
        """The client of a player."""
        if role not in self._clients:
            self._clients[role] = self.client.acting_as(self.cast[role].signer)
        return self._clients[role]

    def signed_in(self, role: str) -> HuxinClient:
        """The same, signed in."""
        client = self.as_(role)
        _ = client.officer  # signs in where that has not happened
        return client

    # --- acts

    def act(self, role: str, cls: type, what: str, expected: str = OK, **values: Any) -> Any:
        """Let a player sign an act of administration and hand it in."""
        client = self.as_(role)
        act: Any = client.make(cls, self.cast[role].officer, **values)
        self._hand_in(role, act, what, expected)
        return act

    def council(self, proposal: Proposal, signatures: tuple[bytes, ...], what: str) -> None:
        """Hand in a proposal of the council."""
        self.client.propose(proposal, signatures)
        self._pending.append(Pending(self.client.digest_of(proposal), "council", what, OK))

    def use(self, role: str, given: dict[str, Any], what: str, expected: str = OK, case: bytes = NO_SUBJECT) -> None:
        """Let a window use a license as its holder has authorised; ``given`` is what the phone handed over."""
        client = self.as_(role)
        act: Any = client.make(UseLicense, self.cast[role].officer, authorization=terms_of(given), case_key=case)
        client.uses.hand_in(act, client.signer.sign(client.digest_of(act)), given)
        self._await(role, act, what, expected)

    def _hand_in(self, role: str, act: Any, what: str, expected: str) -> None:
        self.as_(role).submit(act)
        self._await(role, act, what, expected)

    def _await(self, role: str, act: Any, what: str, expected: str) -> None:
        self._pending.append(Pending(self.as_(role).digest_of(act), role, what, expected))

    def settle(self) -> None:
        """Wait until the chain has judged all that was handed in, and compare."""
        views = self.client.wait_for([each.act_id for each in self._pending], SETTLE_SECONDS)
        for pending, view in zip(self._pending, views, strict=True):
            self._write(pending, view)
        self._pending.clear()

    def _write(self, pending: Pending, view: ActView) -> None:
        said, zh = (view.reason.code, view.reason.zh) if view.reason else (OK, "")
        got = said if said != OK or view.status == "applied" else view.status
        kind = "act" if pending.expected == OK else "refusal"
        row = Row(kind, self._name(pending.who), pending.what, pending.expected, got, zh, view.block)
        self.journal.add(row)
        self.say(f"{'✓' if row.met else '✗'} {row.who} · {row.what} → {got}")

    def _name(self, role: str) -> str:
        return "理事会" if role == "council" else self.cast[role].zh

    # --- cases

    def file(self, role: str, item: int, mode: Mode, grant: int, parent: bytes = NO_SUBJECT) -> File:
        """A new case that a player is about to take in."""
        number = f"DEMO{self.cast.round:04d}{self.client.random_bytes(6).hex().upper()}"
        return File(number, self.client.random_bytes(32), self.cast[role], item, mode, grant, parent)

    def open_act(self, file: File, evidence: bytes) -> Open:
        """The first step of a case, unsigned."""
        now = self.client.now()
        return Open(
            commitment=file.commitment, item=file.item, version=1, mode=file.mode, parent=file.parent,
            officer=file.opener.officer, grant=file.grant, evidence=evidence, signed_at=now,
            deadline=now + STEP_SECONDS,
        )  # fmt: skip

    def open(self, file: File, what: str, expected: str = OK, evidence: bytes = b"") -> None:
        """Take a case in 收件."""
        act = self.open_act(
            file, evidence or self.document(file, DocumentKind.MATERIALS, 材料="申请表、证明材料(演示)")
        )
        self._hand_in(file.opener.role, act, what, expected)
        if expected == OK:
            file.cursor = Cursor.opened(self.client.deployment.domain("trails"), act)

    def step_act(self, file: File, cursor: Cursor, role: str, action: Action, **values: Any) -> Step:
        """A step that continues ``cursor``, unsigned."""
        now = self.client.now()
        filled: dict[str, Any] = {"grant": 0, "detail": 0, "subject": NO_SUBJECT, "evidence": bytes(32)} | values
        return Step(
            case_key=file.key, seq=cursor.seq + 1, action=action, officer=self.cast[role].officer,
            previous=cursor.trail, signed_at=now, deadline=now + STEP_SECONDS, **filled,
        )  # fmt: skip

    def step(self, file: File, role: str, action: Action, what: str, expected: str = OK, **values: Any) -> None:
        """Let a player take the next step; where it is expected to be taken, the case moves on."""
        cursor = _standing(file)
        act = self.step_act(file, cursor, role, action, **values)
        self._hand_in(role, act, what, expected)
        if expected == OK:
            file.cursor = cursor.after(act)
        else:
            file.refused.append(expected)

    def open_with_links(self, file: File, children: tuple[File, ...], what: str) -> None:
        """Open a parent case and link its children, all under one signature (a list of steps)."""
        client = self.as_(file.opener.role)
        opened = self.open_act(file, self.document(file, DocumentKind.MATERIALS, 一件事="开办餐饮店(演示)"))
        cursor = Cursor.opened(client.deployment.domain("trails"), opened)
        steps = []
        for child in children:
            values = {"grant": file.grant, "subject": child.key}
            step = self.step_act(file, cursor, file.opener.role, Action.LINK, **values)
            steps.append(replace(step, signed_at=opened.signed_at))
            cursor = cursor.after(steps[-1])
        client.submit(StepList((opened,), tuple(steps)))
        for place, act in enumerate((opened, *steps)):
            self._pending.append(
                Pending(client.digest_of(act), file.opener.role, f"{what} {place + 1}/{len(steps) + 1}", OK)
            )
        file.cursor = cursor

    def document(
        self, file: File, kind: DocumentKind, role: str = "", more: tuple[Entry, ...] = (), **values: str
    ) -> bytes:
        """Store a document of named fields, and ``more`` with names of their own, for a case; its root."""
        role = role or file.opener.role
        entries = [*more] + [
            Entry(f"field.{place}", f"{name}:{value}") for place, (name, value) in enumerate(values.items())
        ]
        document = Document.make(kind, entries, self.client.random_bytes)
        commitment = file.commitment if role == file.opener.role else None
        return self.signed_in(role).cases.store(file.key, document, commitment)

    # --- questions

    def refused(self, who: str, what: str, expected: str, attempt: Callable[[], Any]) -> None:
        """Something that must be refused at the door, with these error codes and no others, ``A+B``."""
        got, zh = OK, ""
        try:
            attempt()
        except InvalidInput as error:
            got, zh = "+".join(dict.fromkeys(one.code for one in error.faults)), error.zh
        except HuxinError as error:
            got, zh = error.code, error.zh
        self._answer(Row("refusal", self._name(who), what, expected, got, zh))

    def verdict(self, who: str, what: str, expected: str, got: str, zh: str = "") -> None:
        """A question that was answered."""
        self._answer(Row("verdict", self._name(who) if who in self.cast.players else who, what, expected, got, zh))

    def _answer(self, row: Row) -> None:
        self.journal.add(row)
        self.say(f"{'✓' if row.met else '✗'} {row.who} · {row.what} → {row.got}")


def told(found: Report) -> tuple[str, str]:
    """The verdict with every reason for it, ``invalid:A+B``, and what the first of them means."""
    overall = found.overall
    reasons = {one.reason_code: one.zh for one in found.failures if one.verdict is overall}
    got = f"{overall}:{'+'.join(reasons)}" if reasons else str(overall)
    return got, next(iter(reasons.values()), "")


def _standing(file: File) -> Cursor:
    if file.cursor is None:
        message = "a step before the case was opened"
        raise RuntimeError(message)
    return file.cursor
