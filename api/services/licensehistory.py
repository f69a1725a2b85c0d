"""What the ledger has of a license, and whether it stood at a time that is past."""

from collections.abc import Iterator

from api.services.licensing import Licensing
from api.services.standing import status_at
from api.services.verification import Content, competence
from api.store.licenses import LicenseStore
from api.store.models import BatchView, LicenseView
from api.store.reads import OutcomeReads
from api.store.registry import RegistryReads
from api.store.uses import UseReads
from ledger.errors import NotFound
from ledger.evidence_license import VerifiedLicense
from ledger.ids import agency_of
from ledger.merkle import double_hash, verify
from ledger.reasons import Reason
from ledger.records import LICENSE, Interval, Status
from ledger.reliance import Known

_SM3, _SHA256 = slice(64, 96), slice(96, 128)
"""Where they stand in ``abi.encode(license)``."""


class LicenseHistory:
    """Over the index and the issuers' own records."""

    def __init__(
        self, uses: UseReads, registry: RegistryReads, licenses: LicenseStore, outcomes: OutcomeReads,
        licensing: Licensing,
    ) -> None:  # fmt: skip
        self._uses, self._registry, self._licenses = uses, registry, licenses
        self._outcomes, self._licensing = outcomes, licensing

    def known(self, one: VerifiedLicense) -> Known | Reason:
        """As of ``verified_at``; why not, where the ledger did not have the license then."""
        issuer = self._issuer_of(one)
        row = None if issuer is None else self._registry.license(one.leaf, issuer)
        if row is not None and row.sm3 is not None and row.sha256 is not None:
            return self._single(row, one.verified_at)
        batch = self._batch_of(one, issuer)
        if batch is None:
            is_named = one.batch is not None or self._licenses.batch_of(one.leaf) is not None
            return Reason.BATCH_UNKNOWN if is_named else Reason.LICENSE_UNKNOWN
        return self._of_batch(one, row, batch)

    def _issuer_of(self, one: VerifiedLicense) -> int | None:
        """The agency that has the license's item; None where its fields are not known."""
        body = _shown(one)
        return self._licenses.issuer_of(one.leaf) if body is None else agency_of(Content.read(body).item)

    def _batch_of(self, one: VerifiedLicense, issuer: int | None) -> BatchView | None:
        """The issuer's batch, named or known here; the one named is another's where that is all there is."""
        for root in (one.batch, self._licenses.batch_of(one.leaf)):
            found = None if root is None or issuer is None else self._registry.batch(root, issuer)
            if found is not None:
                return found
        return next(iter(self._registry.batches_of(one.batch)), None) if one.batch else None

    def _single(self, row: LicenseView, at: int) -> Known | Reason:
        if not self._unchanged(row, at):
            issued = self._issued(row)
            if issued is None or issued > at:
                return Reason.LICENSE_UNKNOWN
        status, since = self._status(row, at)
        return Known(_standing(row.valid_from, row.valid_until, status, since, at), row.sm3, row.sha256)

    def _unchanged(self, row: LicenseView, at: int) -> bool:
        """Whether it has been since then as it is now: then nothing older need be looked at."""
        changed = self._outcomes.time_of(row.block)
        return changed is not None and changed <= at

    def _of_batch(self, one: VerifiedLicense, row: LicenseView | None, batch: BatchView) -> Known | Reason:
        root, at = batch.root, one.verified_at
        if batch.issued_at > at:
            return Reason.BATCH_UNKNOWN
        proof = one.proof if root == one.batch else ()
        if not verify(root, one.leaf, proof or self._proof(root, one.leaf)):
            return Reason.BAD_PROOF
        body = _shown(one) or self._recorded(one.leaf)
        if body is None:
            return Known(None, None, None)
        held = Content.read(body)
        status, since = (Status.ACTIVE, 0) if row is None else self._status(row, at)
        # the chain has seen the root alone, and not whether its issuer was competent for this license
        is_item = self._registry.item(held.item) is not None
        reason = competence(held, batch.issuer, batch.seal, is_item=is_item)
        if reason is Reason.OK:
            reason = _standing(held.valid_from, held.valid_until, status, since, at)
        return Known(reason, body[_SM3], body[_SHA256])

    def _recorded(self, leaf: bytes) -> bytes | None:
        row = self._licenses.get(leaf)
        return None if row is None else row.body

    def _proof(self, root: bytes, leaf: bytes) -> tuple[bytes, ...]:
        try:
            return self._licensing.proof(root, leaf)
        except NotFound:
            return ()

    def _status(self, row: LicenseView, at: int) -> tuple[Status, int]:
        """The status at a moment, and since when."""
        if self._unchanged(row, at):
            return Status(row.status), row.stopped_at
        return status_at(self._changes(row), at)

    def _changes(self, row: LicenseView) -> Iterator[tuple[int, Status]]:
        for outcome in self._uses.acts_on_license(row.leaf, row.issuer):
            if outcome.name == "SetLicenseStatus" and outcome.act is not None:
                yield outcome.at, Status(int(outcome.act["status"]))

    def _issued(self, row: LicenseView) -> int | None:
        """When a single license was issued, by its block's time."""
        acts = self._uses.acts_on_license(row.leaf, row.issuer)
        return next((one.at for one in acts if one.name == "IssueLicense"), None)


def _shown(one: VerifiedLicense) -> bytes | None:
    return one.body if one.body and double_hash(one.body) == one.leaf else None


def _standing(valid_from: int, valid_until: int, status: Status, since: int, at: int) -> Reason:
    if status is Status.SUPERSEDED:
        return Reason.LICENSE_SUPERSEDED if at >= since else Reason.OK
    return Interval(valid_from, valid_until, status, since).standing(at, LICENSE)
