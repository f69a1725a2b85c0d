"""免提交: licenses in the place of papers, checked when their evidence is stored and again when the case is read."""

from collections.abc import Callable
from dataclasses import dataclass

from api.services.licensehistory import LicenseHistory
from api.services.ports import Now
from api.services.verification import Freshness
from api.store.models import StepView, StoredDocument
from api.store.reads import CaseReads
from api.store.registry import RegistryReads
from api.store.uses import UseReads
from ledger.errors import Fault, InvalidInput, Unavailable
from ledger.evidence import Document
from ledger.evidence_license import KIND, MOST_ENTRIES, VerifiedLicense
from ledger.reliance import Consumed, Ledger, Resting, check
from ledger.verdict import Report, indeterminate, report
from ledger.world import Clock


@dataclass(frozen=True, slots=True)
class Relied:
    """A license that a case rests on: as stored (None where it cannot be read any more), and as it is judged now."""

    kept: StoredDocument
    steps: tuple[int, ...]
    license: VerifiedLicense | None
    report: Report


class Reliances:
    """Over the index; ``clock`` gives the ledger's tolerances, ``fresh`` how far the index can be trusted."""

    def __init__(
        self, history: LicenseHistory, uses: UseReads, cases: CaseReads, registry: RegistryReads,
        fresh: Callable[[], Freshness], clock: Callable[[], Clock], now: Now,
    ) -> None:  # fmt: skip
        self._history, self._uses, self._cases, self._registry = history, uses, cases, registry
        self._fresh, self._clock, self._now = fresh, clock, now

    def admit(self, case: bytes, document: Document) -> None:
        """Refuse evidence that no step could rest on; documents of other kinds pass.

        InvalidInput with every check that failed, Unavailable where the index is not up to date.
        """
        if document.kind is not KIND:
            return
        one = VerifiedLicense.read(document)
        unsure = self._fresh()
        if unsure.code:
            raise Unavailable(unsure.code, unsure.en, unsure.zh)
        found = self._judge(case, one, ())
        faults = [Fault(each.reason_code, each.name, each.zh, each.en) for each in found.failures]
        faults += self._time_faults(one)
        if faults:
            raise InvalidInput.of(faults)

    def relied(self, case: bytes, kept: StoredDocument, document: Document, steps: tuple[StepView, ...]) -> Relied:
        """How it stands with a stored one: everything that can be checked again is."""
        mine = tuple(step for step in steps if step.evidence == kept.root)
        numbers = tuple(step.seq for step in mine)
        try:
            one = VerifiedLicense.read(document)
        except InvalidInput as error:
            unread = indeterminate("reliance.read", error.code, error.en, error.zh)
            return Relied(kept, numbers, None, report([unread]))
        return Relied(kept, numbers, one, self._judge(case, one, tuple(step.signed_at for step in mine)))

    def _judge(self, case: bytes, one: VerifiedLicense, signed_at: tuple[int, ...]) -> Report:
        resting = Resting(case, self._entries(case), signed_at, self._clock().skew)
        fresh = self._fresh()
        ledger = Ledger(self._history.known(one), self._consumed(one.authorization), resting, not fresh.code)
        return report([fresh.check()]) + check(one, ledger)

    def _consumed(self, authorization: bytes | None) -> Consumed | None:
        used = self._uses.of_authorization(authorization) if authorization else None
        return None if used is None else Consumed(used.license, used.case_key)

    def _entries(self, case: bytes) -> int:
        """How many entries the item's list has; the most there can be while the case is not open yet."""
        found = self._cases.case(case)
        item = self._registry.item(found.item) if found else None
        if found is None or item is None:
            return MOST_ENTRIES
        return next((one.entries for one in item.versions if one.version == found.version), MOST_ENTRIES)

    def _time_faults(self, one: VerifiedLicense) -> list[Fault]:
        """A verification may be as old as a step that was signed offline, and no older."""
        clock, now = self._clock(), self._now()
        if one.verified_at > now + clock.skew:
            en, zh = "verified in the future: set the clocks right", "核验时间晚于当前时间,请校准时钟"
            return [Fault("VERIFIED_IN_THE_FUTURE", "verified.at", zh, en)]
        if one.verified_at < now - clock.late_limit:
            en, zh = "verified too long ago: verify it again", "核验时间过早,请重新核验"
            return [Fault("VERIFIED_TOO_LONG_AGO", "verified.at", zh, en)]
        return []
