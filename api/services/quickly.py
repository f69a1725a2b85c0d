"""Verification by digest without a wait: what changes slowly is known from a moment ago, the license is read now.

Of a moment ago, and at most ``MOST_SECONDS`` old, are the chain's height, whether the index contradicts it, and the
issuer's and the seal's present standing (facts of the report, which decide nothing). The license itself and how far the
index has come are read together for each question, so an answer never tells of a license what the index no longer says.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from api.services.ports import Now
from api.services.verification import Background, Claim, Content, Freshness, license_checks, unknown
from api.store.lookup import Answer, Found, LicenseLookup
from ledger.crypto import Digest
from ledger.ids import scoped
from ledger.reasons import Reason
from ledger.records import LicenseRecord
from ledger.verdict import Report, Verdict, indeterminate, report
from ledger.world import World

SOON_SECONDS = 0.25
"""Age at which one caller looks anew while the others go on with what there is."""
MOST_SECONDS = 0.5
"""Age beyond which everybody waits for the new look."""


class Moment:
    """How fresh the index was at a time (monotonic seconds), and the world that it showed.

    ``is_kept_elsewhere``: the ledger has batches whose licenses only their issuers keep.
    """

    def __init__(
        self, at: float, freshness: Freshness, new_world: Callable[[], World], *, is_kept_elsewhere: bool
    ) -> None:
        self.at, self.freshness, self._new_world = at, freshness, new_world
        self.is_kept_elsewhere = is_kept_elsewhere
        self._newest = Background(new_world(), freshness)

    def alone(self) -> "Moment":
        """The same for a thread of its own: a world is not for several."""
        return Moment(self.at, self.freshness, self._new_world, is_kept_elsewhere=self.is_kept_elsewhere)

    def as_of(self, indexed: int) -> Background:
        """The same with the block that the index has come to since; the chain is at least as high."""
        known = self._newest
        if indexed != known.freshness.indexed:
            head = None if self.freshness.head is None else max(self.freshness.head, indexed)
            known = Background(known.world, replace(self.freshness, indexed=indexed, head=head))
            self._newest = known
        return known


class Moments:
    """The newest moment; asking the chain may block, so :meth:`renew` belongs into a thread."""

    def __init__(
        self, freshness: Callable[[], Freshness], new_world: Callable[[], World], kept_elsewhere: Callable[[], bool],
        monotonic: Callable[[], float],
    ) -> None:  # fmt: skip
        self._freshness, self._new_world, self._monotonic = freshness, new_world, monotonic
        self._kept_elsewhere = kept_elsewhere
        self._lock = threading.Lock()
        self._renewing = False
        self._latest: Moment | None = None

    def latest(self) -> Moment | None:
        """A moment that may be used; None: it is the caller's turn to :meth:`renew`."""
        known = self._latest
        if known is None:
            return None
        age = self._monotonic() - known.at
        if age <= SOON_SECONDS or (age <= MOST_SECONDS and self._renewing):
            return known
        self._renewing = True
        return None

    def renew(self) -> Moment:
        """Look anew, unless somebody else has done so meanwhile."""
        with self._lock:
            try:
                known, began = self._latest, self._monotonic()
                if known is None or began - known.at > SOON_SECONDS:
                    elsewhere = self._kept_elsewhere()
                    known = Moment(began, self._freshness(), self._new_world, is_kept_elsewhere=elsewhere)
                    self._latest = known
                return known
            finally:
                self._renewing = False

    def forget(self) -> None:
        """Look anew the next time."""
        self._latest = None


class QuickVerification:
    """Reports on the licenses of a file, from one statement and the newest moment."""

    def __init__(self, lookup: LicenseLookup, moments: Moments, now: Now) -> None:
        self.moments = moments
        self._lookup, self._now = lookup, now

    @property
    def is_quick(self) -> bool:
        """Whether :meth:`at_once` may be called: the database is a file of this machine."""
        return self._lookup.is_quick

    def at_once(self, digest: Digest, moment: Moment) -> tuple[Report, ...] | None:
        """Without waiting for anything, for a caller on one thread; None: it takes the long way.

        The long way is for licenses of a batch, whose proof is made from all of its leaves, and for an index that
        entered a seal or an agency since the moment, or is being built anew.
        """
        answer = self._lookup.at_once(digest.algorithm, digest.value)
        return None if answer is None else self._reports(answer, moment)

    def in_a_thread(self, digest: Digest) -> tuple[Report, ...] | None:
        """The same for databases that are reached over a network."""
        moment = self.moments.latest() or self.moments.renew()
        return self._reports(self._lookup.by_digest(digest.algorithm, digest.value), moment.alone())

    def _reports(self, answer: Answer, moment: Moment) -> tuple[Report, ...] | None:
        # an index that is being built anew knows less than it did a moment ago
        if answer.indexed < moment.freshness.indexed or any(found.batch is not None for found in answer.found):
            return None
        background, now = moment.as_of(answer.indexed), self._now()
        known = [(found, found.record) for found in answer.found if found.record is not None]
        if any(not _has_issuer(background.world, record) for _, record in known):
            return None
        reports = [_report(background, found, record, now) for found, record in known]
        if len(known) < len(answer.found) or not known:
            fresh = background.freshness
            reports.append(unknown(fresh, "license.anchored", Reason.LICENSE_UNKNOWN, lambda: moment.is_kept_elsewhere))
        return tuple(reports)


def _report(background: Background, found: Found, record: LicenseRecord, now: int) -> Report:
    body = None if found.body is None else Content.read(found.body)
    claim = Claim(found.leaf, record.issuer, body, superseded_by=found.superseded_by, block=found.block, is_single=True)
    return report(license_checks(background, claim, record, None, now))


def _has_issuer(world: World, record: LicenseRecord) -> bool:
    return record.issuer in world.agencies and scoped(record.issuer, record.seal) in world.seals


def best(reports: Sequence[Report]) -> Report:
    """Several licenses can be of one file (renewed, superseded): it is as good as the best of them.

    Not where they are of several agencies and another's is stopped: anybody who issues can issue a license of any
    file, so one agency's word does not make good what another has taken back.
    """
    chosen = min(reports, key=lambda one: one.overall.rank)
    if len(reports) == 1 or chosen.overall is not Verdict.VALID:
        return chosen
    against = {_issuer(one) for one in reports if one.overall is Verdict.INVALID} - {None, _issuer(chosen)}
    if not against:
        return chosen
    facts = {"issuer": _issuer(chosen), "against": ", ".join(sorted(filter(None, against)))}
    en = "licenses of several agencies are of this file, and not all are good: verify the sealed document itself"
    zh = "多家机构就该文件签发了证照,且并非全部有效:请核验加盖印章的文件本身"
    return chosen + report((indeterminate("license.only", "LICENSES_OF_SEVERAL_AGENCIES", en, zh, facts),))


def _issuer(one: Report) -> str | None:
    """The agency that issued the license that a report is on; None where it found none."""
    return next((dict(check.facts)["agency"] for check in one.checks if check.name == "license.issuer"), None)
