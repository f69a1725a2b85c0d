"""用印记录: what a decision says of its seal, checked when it is stored and again when a seal's uses are listed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from api.services.ports import Now
from api.services.sealhistory import SealHistory
from api.services.signin import User
from api.services.verification import Freshness
from api.store.models import Page
from api.store.reads import CaseReads, OutcomeReads
from api.store.registry import RegistryReads
from api.store.uses import SealUseView, UseReads
from ledger.errors import Fault, InvalidInput, NotFound, Unavailable
from ledger.evidence import Document
from ledger.evidence_seal import LicenseHeld, Sealing, SealUse, check
from ledger.ids import agency_of, scoped
from ledger.procedure import Action, Role
from ledger.verdict import Report, Verdict


class SealRecords:
    """Over the index; ``fresh`` tells how far it can be trusted."""

    def __init__(
        self, registry: RegistryReads, outcomes: OutcomeReads, cases: CaseReads, fresh: Callable[[], Freshness],
        now: Now,
    ) -> None:  # fmt: skip
        self._registry, self._outcomes, self._cases = registry, outcomes, cases
        self._fresh, self._now = fresh, now

    def admit(self, case: bytes, document: Document) -> None:
        """Refuse a decision that says something wrong of its seal; documents that say nothing of one pass.

        InvalidInput with every check that failed, Unavailable where the index is not up to date.
        """
        use = SealUse.read(document)
        if use is None:
            return
        row, unsure = self._cases.case(case), self._fresh()
        if unsure.code:
            raise Unavailable(unsure.code, unsure.en, unsure.zh)
        if row is None:
            en, zh = "nothing is decided in a case that is not open", "办件尚未开立,不可能有决定"
            raise InvalidInput("CASE_NOT_FOUND", "seal_use.seal", en, zh)
        found = self.judge(use, row.home, self._now())
        wrong = [each for each in found.failures if each.verdict is Verdict.INVALID]
        if wrong:
            raise InvalidInput.of([Fault(each.reason_code, each.name, each.zh, each.en) for each in wrong])

    def judge(self, use: SealUse, home: int, at: int, subject: bytes | None = None) -> Report:
        """Every check of a use at a moment; ``subject`` is that of the step it belongs to."""
        history = SealHistory.of(use.seal, self._outcomes.of_seals(agency_of(use.seal)))
        found = history.object_of(use.seal_sm3, None)
        standing = None if found is None else history.whether_held(found, at)
        is_replaced = found is not None and history.was_replaced(found, at)
        license_ = None if use.license is None else self._license(use.license, agency_of(use.seal))
        return check(use, Sealing(home, standing, is_replaced, bool(history.objects), license_, subject))

    def _license(self, leaf: bytes, agency: int) -> LicenseHeld | None:
        row = self._registry.license(leaf, agency) or self._registry.single_license(leaf)
        return None if row is None else LicenseHeld(scoped(row.issuer, row.seal), row.sm3, row.sha256)


@dataclass(frozen=True, slots=True)
class SealUsed:
    """One step under a seal; ``license`` where it hands one out; what its decision says of the seal, if anything."""

    step: SealUseView
    license: bytes | None
    record: SealUse | None
    report: Report | None


class Opens(Protocol):
    """Reads what a decision says of its seal, for those who may."""

    def seal_use(self, user: User, case: bytes, root: bytes) -> SealUse | None:
        """None where it says nothing, or the case is not the asker's."""


class SealUses:
    """The uses of a seal, each with its record."""

    def __init__(self, reads: UseReads, opens: Opens, records: SealRecords) -> None:
        self._reads, self._opens, self._records = reads, opens, records

    def of(self, seal: int, user: User, limit: int, after: int | None) -> Page[SealUsed]:
        """用印记录, for the seal's agency and auditors; to others the seal has none."""
        if agency_of(seal) != user.agency and not user.roles & Role.AUDITOR:
            raise NotFound("SEAL_NOT_FOUND", "no such seal among yours", "没有此印章,或您无权查看")
        found = self._reads.of_seal(seal, limit, after)
        return Page(tuple(self._used(seal, user, one) for one in found.items), found.after)

    def _used(self, seal: int, user: User, step: SealUseView) -> SealUsed:
        license_ = step.subject if step.action == Action.ISSUE else None
        record = self._opens.seal_use(user, step.case_key, step.evidence)
        if record is None:
            return SealUsed(step, license_, None, None)
        report = self._records.judge(record, agency_of(seal), step.signed_at, step.subject)
        return SealUsed(step, license_, record, report)
