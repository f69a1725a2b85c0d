"""What the ledger says of a sealed document: its license, and each seal in it as it was when it was used.

The document stays where it is. Whoever has it hashes and parses it (``ledger.documents``) and asks with digests alone.

Checks beside those of the license (``api.services.verification``), for each seal in the document:
1 registered · 2 of the license's issuer · 3 used with the registered certificate · 4 held when it was used;
and once: the license's own seal is among them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from api.services.sealhistory import SealHistory, SealObject
from api.services.verification import Claim, Freshness, license_report, records_of, unknown
from api.services.words import reason_view
from api.store.reads import OutcomeReads
from api.store.registry import RegistryReads
from ledger.ids import agency_of, format_id, scoped
from ledger.reasons import Reason
from ledger.verdict import Check, Report, Verdict, indeterminate, invalid, report, valid
from ledger.world import World


@dataclass(frozen=True, slots=True)
class SealSeen:
    """A seal as it stands in the document: SM3 of its DER, of the signer's certificate, and when it was used.

    ``sm3`` is None where the signature carries no seal: then the certificate tells whose it is. ``signed_at`` (Unix
    seconds) is the signer's word; None where the signature names no time.
    """

    sm3: bytes | None
    certificate: bytes | None = None
    signed_at: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Licenses with the document's digests, or the one that was shown for it (``is_of_file``: it has them)."""

    claims: Sequence[Claim]
    seals: Sequence[SealSeen]
    kept_elsewhere: Callable[[], bool]
    """Whether the ledger has batches whose licenses only their issuers keep."""
    is_of_file: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """The report, and which license it speaks of, if any.

    ``anchored_by``: a block's time (Unix seconds) by which the license stood on the ledger, so the document existed.
    """

    report: Report
    leaf: bytes | None = None
    anchored_by: int | None = None


class DocumentVerification:
    """Puts together what the index has of a license and of seals."""

    def __init__(self, registry: RegistryReads, outcomes: OutcomeReads) -> None:
        self._registry, self._outcomes = registry, outcomes

    def answer(self, world: World, asked: Question, freshness: Freshness, now: int) -> Answer:
        """The best claim to the document's digests, and every seal.

        Anybody who issues can issue a license of any file: so the claims are compared with the document's seals.
        """
        if not asked.claims:
            missing = unknown(freshness, "license.anchored", Reason.LICENSE_UNKNOWN, asked.kept_elsewhere)
            return Answer(missing + report(self._seals(None, asked.seals, freshness)))
        judged = [self._of(world, claim, asked, freshness, now) for claim in asked.claims]
        return min(judged, key=lambda one: (one.report.overall.rank, len(one.report.failures)))

    def _of(self, world: World, claim: Claim, asked: Question, freshness: Freshness, now: int) -> Answer:
        found = license_report(world, claim, freshness, now, asked.kept_elsewhere)
        is_anchored = any(one.name == "license.anchored" and one.verdict is Verdict.VALID for one in found.checks)
        seal = _seal_of(world, claim) if is_anchored else None
        whole = found + report((_of_file(is_of_file=asked.is_of_file), *self._seals(seal, asked.seals, freshness)))
        if seal is None or not asked.is_of_file:
            return Answer(whole)
        return Answer(whole, claim.leaf, self._anchored_by(world, claim))

    def _anchored_by(self, world: World, claim: Claim) -> int | None:
        _, batch = records_of(world, claim)
        if batch is not None:
            return batch.issued_at
        return None if claim.block is None else self._outcomes.time_of(claim.block)

    def _seals(self, expected: int | None, seals: Sequence[SealSeen], freshness: Freshness) -> Iterator[Check]:
        known = [self._find(expected, seen) for seen in seals]
        for number, (seen, (seal, history)) in enumerate(zip(seals, known, strict=True), 1):
            yield from _seal_checks(f"document.seal.{number}", seen, seal, expected, history, freshness)
        if expected is not None:
            yield _licensed(expected, [seal for seal, _ in known], len(seals))

    def _find(self, expected: int | None, seen: SealSeen) -> tuple[int | None, SealHistory]:
        """The seal under which such an object was registered: the license's first, for digests are public."""
        if expected is not None:
            history = self._history(expected)
            if history.object_of(seen.sm3, seen.certificate) is not None:
                return expected, history
        rows = [row for row in self._registry.seals_by_digest(seen.sm3) if row.sm3 == seen.sm3] if seen.sm3 else []
        row = min(rows, key=lambda one: one.certificate != seen.certificate, default=None)
        return (None, SealHistory()) if row is None else (row.id, self._history(row.id))

    def _history(self, seal: int) -> SealHistory:
        return SealHistory.of(seal, self._outcomes.of_seals(agency_of(seal)))


def _seal_of(world: World, claim: Claim) -> int | None:
    record, batch = records_of(world, claim)
    if record is not None:
        return scoped(record.issuer, record.seal)
    return None if batch is None else scoped(batch.issuer, batch.seal)


def _of_file(*, is_of_file: bool) -> Check:
    if is_of_file:
        return valid("document.file", "the license is of this very file", "证照与该文件的摘要一致")
    en = "the license that is shown is of another file"
    return invalid("document.file", "LICENSE_OF_ANOTHER_FILE", en, "所示证照对应的是另一份文件")


def _seal_checks(
    name: str, seen: SealSeen, seal: int | None, expected: int | None, history: SealHistory, freshness: Freshness
) -> Iterator[Check]:
    found = history.object_of(seen.sm3, seen.certificate)
    if seal is None or found is None:
        yield _unregistered(f"{name}.registered", freshness)
        return
    facts = {"seal": format_id(seal), "version": found.version, "registeredAt": found.entered_at}
    en, zh = "the ledger holds this very seal", "账本载有这枚印章"
    if seen.sm3 is None:
        en, zh = "the ledger holds a seal with this certificate", "账本载有使用该证书的印章"
    yield valid(f"{name}.registered", en, zh, facts)  # 1
    if expected is not None:
        yield _owner(f"{name}.owner", seal, expected)  # 2
    yield _certificate(f"{name}.certificate", seen, found)  # 3
    yield _held(f"{name}.held", seen, found, history)  # 4


def _unregistered(name: str, freshness: Freshness) -> Check:
    if freshness.code:
        en = "such a seal is not known, but the index is not up to date: ask again"
        return indeterminate(name, freshness.code, en, "未见此印章,但索引尚未更新,请稍后再试")
    en = "the ledger knows no such seal: whether its owner could use it is not known"
    return indeterminate(name, Reason.SEAL_UNKNOWN.name, en, "账本未载此印章,其所有者与效力无从核实")


def _owner(name: str, seal: int, expected: int) -> Check:
    facts = {"seal": format_id(seal), "issuer": agency_of(expected)}
    if agency_of(seal) == agency_of(expected):
        return valid(name, "a seal of the agency that issued the license", "印章属于签发机构", facts)
    text = reason_view(Reason.SEAL_OF_ANOTHER)
    return invalid(name, Reason.SEAL_OF_ANOTHER.name, text.en, text.zh, facts)


def _certificate(name: str, seen: SealSeen, found: SealObject) -> Check:
    if seen.certificate is None:
        en = "the signer's certificate could not be read"
        return indeterminate(name, "SEAL_CERTIFICATE_UNREAD", en, "签章者证书无法读取")
    if seen.certificate != found.certificate:
        en = "sealed with another certificate than the registered one"
        return invalid(name, "SEAL_CERTIFICATE_DIFFERS", en, "签章证书与登记的证书不一致")
    return valid(name, "sealed with the registered certificate", "签章证书与登记一致")


def _held(name: str, seen: SealSeen, found: SealObject, history: SealHistory) -> Check:
    if seen.signed_at is None:
        en = "the signature names no time, so the seal's standing then is not known"
        return indeterminate(name, "SIGNING_TIME_UNKNOWN", en, "签章未载时间,当时印章效力无从核实")
    facts = {"signedAt": seen.signed_at}
    reason = history.whether_held(found, seen.signed_at)
    if reason is not Reason.OK:
        text = reason_view(reason)
        return invalid(name, reason.name, text.en, text.zh, facts)
    if history.was_replaced(found, seen.signed_at):
        en = "another object had been registered for this seal by then"
        return invalid(name, "SEAL_REPLACED", en, "签章时该印章已变更为新的印章", facts)
    return valid(name, "the seal held when it was used", "用印时印章有效", facts)


def _licensed(expected: int, seals: Iterable[int | None], count: int) -> Check:
    facts = {"seal": format_id(expected), "signatures": count}
    if expected in seals:
        return valid("document.seal", "sealed with the seal that the license names", "加盖的是证照登记的印章", facts)
    en = "the document does not bear the seal that the license was issued under"
    return invalid("document.seal", "SEAL_DIFFERS", en, "文件未加盖证照登记的印章", facts)
