"""Both forms of a license: what a case's evidence says of the paper, held against what the ledger has."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Protocol

from api.services.signin import User
from api.services.verification import Freshness
from api.store.models import CaseView, LicenseView, StepView, StoredDocument
from api.store.reads import CaseReads
from ledger.errors import HuxinError, InvalidInput
from ledger.evidence import Document
from ledger.evidence_forms import FormRecord
from ledger.licenses.forms import Held, check_forms
from ledger.procedure import Action
from ledger.records import Status
from ledger.rules.licenses import case_tag
from ledger.verdict import Check, Report, indeterminate, report, valid

MOST_CASES = 8
_NOTHING = bytes(32)
_TELLING = frozenset({Action.APPROVE, Action.ISSUE, Action.DELIVER, Action.MEND})
"""Steps that hand out, change or cancel a license: what they rest on must be read to know what became of the paper."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored document that says something of a paper form; the record None, and why, where it cannot be read."""

    stored: StoredDocument
    record: FormRecord | None
    error: HuxinError | None = None


def kept(stored: StoredDocument, open_: Callable[[StoredDocument], Document]) -> Kept | None:
    """None where the document says nothing of a paper form."""
    try:
        record = FormRecord.read(open_(stored))
    except HuxinError as error:  # a field was destroyed, or the box does not open
        return Kept(stored, None, error)
    return None if record is None else Kept(stored, record)


class Files(Protocol):
    """The evidence of cases, for those who may read it."""

    def case(self, user: User, case: bytes) -> CaseView:
        """NotFound where it is not the asker's."""

    def listing(self, user: User, case: bytes) -> tuple[StoredDocument, ...]:
        """Which documents there are."""

    def paper_forms(self, user: User, case: bytes) -> tuple[Kept, ...]:
        """What its evidence says of paper forms; the reads are noted before."""


@dataclass(frozen=True, slots=True)
class Told:
    """One record, of which case, and the steps that were signed on it."""

    kept: Kept
    steps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """Every record of the cases, and the judgement over them and the ledger."""

    told: tuple[Told, ...]
    report: Report


@dataclass(frozen=True, slots=True)
class _File:
    """One case."""

    view: CaseView
    steps: tuple[StepView, ...]
    told: tuple[Told, ...]
    roots: frozenset[bytes]

    @property
    def signed(self) -> Iterator[tuple[int, FormRecord]]:
        """Records that a step was signed on, each with the place on the chain of the first."""
        places = {step.seq: step.position for step in self.steps}
        return ((places[one.steps[0]], one.kept.record) for one in self.told if one.steps and one.kept.record)

    def unread(self) -> Iterator[Check]:
        """One check for each piece of evidence that is not there, cannot be read, or was never signed."""
        for one in self.told:
            facts = {"root": "0x" + one.kept.stored.root.hex()}
            if one.kept.error is not None:
                error = one.kept.error
                yield indeterminate("forms.read", error.code, error.en, error.zh, facts)
            elif not one.steps:
                en, zh = (
                    "no step of the case was signed on this record: it counts for nothing",
                    "没有环节依据此记录签署,不予采信",
                )
                yield indeterminate("forms.signed", "FORMS_NOT_SIGNED", en, zh, facts)
        for step in self.steps:
            if step.action in _TELLING and step.evidence not in self.roots | {_NOTHING}:
                facts = {"seq": str(step.seq), "root": "0x" + step.evidence.hex()}
                en, zh = "what the step rests on is not kept here", "该环节所依据的材料未存于此处"
                yield indeterminate("forms.read", "FORMS_EVIDENCE_ELSEWHERE", en, zh, facts)


class LicenseForms:
    """``license_of(leaf, issuer)`` and ``successor_of(leaf, issuer)`` are what the ledger has; ``fresh`` how far."""

    def __init__(
        self, files: Files, cases: CaseReads, license_of: Callable[[bytes, int], LicenseView | None],
        successor_of: Callable[[bytes, int], bytes | None], fresh: Callable[[], Freshness],
    ) -> None:  # fmt: skip
        self._files, self._cases, self._fresh = files, cases, fresh
        self._license_of, self._successor_of = license_of, successor_of

    def judge(self, user: User, cases: Sequence[bytes]) -> Judged:
        """Of cases of one home agency, for whoever may read all of them.

        NotFound for a case that is not the asker's, InvalidInput ``FORMS_OF_ANOTHER_AGENCY``.
        """
        files = [self._file(user, case) for case in dict.fromkeys(cases)]
        if len({one.view.home for one in files}) > 1:
            en, zh = "the cases are of different home agencies", "这些办件属于不同的审批机构"
            raise InvalidInput("FORMS_OF_ANOTHER_AGENCY", "also", en, zh)
        fresh, unread = self._fresh(), [check for one in files for check in one.unread()]
        signed = sorted((each for one in files for each in one.signed), key=itemgetter(0))
        records = [record for _, record in signed]
        ledger = self._held(files, records)
        found = check_forms(records, ledger, is_fresh=not fresh.code, is_whole=not (unread or fresh.code)).checks
        if not (unread or found):
            en, zh = "the cases issued, changed and cancelled no license", "办件未制发、变更或注销证照"
            found = (valid("forms.none", en, zh),)
        return Judged(tuple(told for one in files for told in one.told), report([fresh.check(), *unread, *found]))

    def _file(self, user: User, case: bytes) -> _File:
        view, roots = self._files.case(user, case), {one.root for one in self._files.listing(user, case)}
        steps = self._cases.steps(case)
        told = [
            Told(one, tuple(step.seq for step in steps if step.evidence == one.stored.root))
            for one in self._files.paper_forms(user, case)
        ]
        return _File(view, steps, tuple(told), frozenset(roots))

    def _held(self, files: Sequence[_File], records: Iterable[FormRecord]) -> list[Held]:
        """Licenses that the cases handed out or name, and those that took their place."""
        home = files[0].view.home
        handed = {step.subject for one in files for step in one.steps if step.action == Action.ISSUE}
        tags = {case_tag(one.view.case_key) for one in files}

        def is_issued(row: LicenseView | None) -> bool:
            return row is not None and (row.case_tag in tags or (not row.case_tag and row.leaf in handed))

        left, found = sorted(handed | {one.license for one in records}), dict[bytes, Held]()
        while left:
            leaf = left.pop()
            if leaf in found:
                continue
            row, newer = self._license_of(leaf, home), self._successor_of(leaf, home)
            is_changed_here = newer is not None and is_issued(self._license_of(newer, home))
            found[leaf] = _as_held(leaf, row, is_issued=is_issued(row), is_changed_here=is_changed_here)
            # the license in whose place a case put another is the case's too, and so is the other
            left += [newer] if newer is not None and is_changed_here else []
        return list(found.values())


def admit(document: Document) -> None:
    """Refuse evidence whose record of a paper form is malformed; documents that say nothing of one pass."""
    FormRecord.read(document)


def _as_held(leaf: bytes, row: LicenseView | None, *, is_issued: bool, is_changed_here: bool) -> Held:
    if row is None:
        return Held(leaf)
    supersedes = row.supersedes if row.supersedes not in (None, _NOTHING) else None
    return Held(leaf, is_issued, supersedes, Status(row.status), is_changed_here)
