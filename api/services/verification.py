"""Verify a license or a seal: every check named, three verdicts, an outage never "revoked".

Checks of a license, in order: 1 index fresh · 2 anchored · 3 proof of its batch · 4 content · 5 issuer
at issue · 6 seal at issue · 7 status now · 8 period · 9 superseded · 10 competence. That the issuing agency and its
seal held when a license was issued was judged on chain at that block: an anchored license shows it. Of a batch the
chain sees the root alone, so whether the issuer was competent for the item is judged here (10).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from api.services.words import reason_view
from ledger.acts import License
from ledger.crypto import keccak
from ledger.ids import FOREVER, agency_of, format_id, number_of, scoped
from ledger.merkle import verify
from ledger.reasons import Reason
from ledger.records import AGENCY, LICENSE, SEAL, Batch, Interval, LicenseRecord
from ledger.rules.licenses import leaf_of, stopped
from ledger.verdict import Check, Report, Verdict, indeterminate, invalid, report, valid
from ledger.world import World


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the index is behind the chain; ``reason`` empty where it is fresh and undisputed."""

    indexed: int
    head: int | None
    code: str = ""
    zh: str = ""
    en: str = ""

    def check(self) -> Check:
        """As the report's first check."""
        facts = {"indexedBlock": self.indexed, "chainBlock": "unknown" if self.head is None else self.head}
        if self.code:
            return indeterminate("index.fresh", self.code, self.en, self.zh, facts)
        return valid("index.fresh", "the index has read the whole chain", "索引已读取整条链", facts)


@dataclass(frozen=True, slots=True)
class Content:
    """What a report needs of a license's fields: the leaf that they make, item, seal, period."""

    leaf: bytes
    item: int
    seal: int
    valid_from: int
    valid_until: int

    @classmethod
    def of(cls, license_: License) -> Self:
        """Of a license."""
        return cls(leaf_of(license_), license_.item, license_.seal, license_.valid_from, license_.valid_until)

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Of its ABI form, ten words: item and seal first, the period last; the leaf is its keccak twice over."""
        item, seal, start, end = (int.from_bytes(body[at : at + 32]) for at in (0, 32, 256, 288))
        return cls(keccak(keccak(body)), item, seal, start, end)


@dataclass(frozen=True, slots=True)
class Claim:
    """What was found for a question about a license; ``body`` where it is known, the batch where it is one.

    ``issuer`` is the agency whose records are looked at, None where there are none: the one that has the license's
    item where that is known. ``is_single``: issued by itself, so the ledger has judged its fields. ``block`` where the
    ledger has it by itself: then ``batch`` is what the index says, and nobody's word.
    """

    leaf: bytes
    issuer: int | None = None
    body: Content | None = None
    batch: bytes | None = None
    proof: Sequence[bytes] = ()
    superseded_by: bytes | None = None
    issued_at: int | None = None
    block: int | None = None
    is_single: bool = False


def _nowhere_else() -> bool:
    return False


def unknown(
    freshness: Freshness, name: str, reason: Reason, kept_elsewhere: Callable[[], bool] = _nowhere_else
) -> Report:
    """Nothing was found: invalid if the index has read everything, else nobody knows.

    Nor does anybody know while ``kept_elsewhere()``: the ledger has roots of licenses that their issuers alone keep.
    """
    first = freshness.check()
    text = reason_view(reason)
    if first.verdict is Verdict.VALID and kept_elsewhere():
        en = "not found here, and of some batches the issuer alone keeps the licenses: have the holder's share shown"
        zh = "此处未载该证照;部分批次的证照仅由签发机构保存,请持证人出示证照份额"
        return report((first, indeterminate(name, "SHARE_NEEDED", en, zh)))
    if first.verdict is Verdict.VALID:
        return report((first, invalid(name, reason.name, text.en, text.zh)))
    en = "not found, but the index is not up to date: ask again"
    return report((first, indeterminate(name, reason.name, en, "未找到,但索引尚未更新,请稍后再试")))


class Background:
    """What the reports of one moment share: the world, how fresh the index is, and the checks that follow."""

    def __init__(self, world: World, freshness: Freshness) -> None:
        self.world, self.freshness = world, freshness
        self.fresh = freshness.check()
        self._issuers: dict[tuple[int, int, int], tuple[Check, Check]] = {}
        self._periods: dict[tuple[int, int, int], Check] = {}
        self._competences: dict[tuple[int, int, int, int], Check] = {}

    def competence(self, body: Content, issuer: int, seal: int) -> Check:
        """10, of a license whose fields are known."""
        key = (body.item, body.seal, issuer, seal)
        if key not in self._competences:
            self._competences[key] = _competence(self.world, body, issuer, seal)
        return self._competences[key]

    def issuer(self, agency: int, seal: int, now: int) -> tuple[Check, Check]:
        """5 and 6, for a seal that the agency has."""
        key = (agency, seal, now)
        if key not in self._issuers:
            self._issuers[key] = _issuer(self.world, agency, now), _seal_at_issue(self.world, scoped(agency, seal), now)
        return self._issuers[key]

    def period(self, valid_from: int, valid_until: int, now: int) -> Check:
        """8, where the period is known."""
        key = (valid_from, valid_until, now)
        if key not in self._periods:
            self._periods[key] = _within(Interval(valid_from, valid_until), now)
        return self._periods[key]


def license_report(
    world: World, claim: Claim, freshness: Freshness, now: int, kept_elsewhere: Callable[[], bool] = _nowhere_else
) -> Report:
    """The whole report on a license; ``kept_elsewhere`` as in :func:`unknown`."""
    record, batch = records_of(world, claim)
    if record is None and batch is None:
        may_be = kept_elsewhere if claim.batch is None else _nowhere_else
        return unknown(freshness, "license.anchored", Reason.LICENSE_UNKNOWN, may_be)
    # a license that the index has by itself (``block``) names the batch that the ledger saw it proven to be in
    if batch is not None and claim.block is None and not verify(claim.batch or b"", claim.leaf, claim.proof):
        wrong = _wrong("license.batch", Reason.BAD_PROOF)
        return report((freshness.check(), wrong))
    return report(license_checks(Background(world, freshness), claim, record, batch, now))


def records_of(world: World, claim: Claim) -> tuple[LicenseRecord | None, Batch | None]:
    """What the ledger has of a claim's issuer: of the license by itself, and of the batch."""
    if claim.issuer is None:
        return None, None
    batch = None if claim.batch is None else world.batches.get((claim.issuer, claim.batch))
    return world.licenses.get((claim.issuer, claim.leaf)), batch


def license_checks(
    background: Background, claim: Claim, record: LicenseRecord | None, batch: Batch | None, now: int
) -> Iterator[Check]:
    """Of a license that the ledger holds, by itself (``record``) or in a ``batch`` that it was proven to be in."""
    yield background.fresh  # 1
    yield _anchored(claim)  # 2
    if batch is not None:
        yield _in_batch(claim, batch)  # 3
    if claim.body is not None:
        yield _content(claim, claim.body)  # 4
    issuer = record.issuer if record else batch.issuer if batch else 0
    seal = record.seal if record else batch.seal if batch else 0
    yield from background.issuer(issuer, seal, now)  # 5 and 6
    yield _status(claim, record, background.freshness, now)  # 7
    yield _period(background, claim, record, now)  # 8
    if claim.superseded_by is not None:
        yield _superseded(claim)  # 9
    if not claim.is_single and claim.body is not None:
        yield background.competence(claim.body, issuer, seal)  # 10


def _anchored(claim: Claim) -> Check:
    facts = [("leaf", "0x" + claim.leaf.hex())]
    if claim.block is not None:
        facts.append(("block", str(claim.block)))
    if claim.issued_at is not None:
        facts.append(("issuedAt", str(claim.issued_at)))
    return Check(
        "license.anchored", Verdict.VALID, "OK", "账本载有此证照", "the ledger holds this license", tuple(facts)
    )


def _in_batch(claim: Claim, batch: Batch) -> Check:
    facts = {"root": "0x" + (claim.batch or b"").hex(), "issuedAt": batch.issued_at, "count": batch.count}
    return valid("license.batch", "the Merkle proof leads to the batch's root", "默克尔证明指向批次根", facts)


def _content(claim: Claim, body: Content) -> Check:
    if body.leaf == claim.leaf:
        return valid(
            "license.content", "the content is what was committed", "内容与承诺一致", {"item": format_id(body.item)}
        )
    return invalid("license.content", "LICENSE_DIFFERS", "the content is not what was committed", "内容与承诺不一致")


def _issuer(world: World, issuer: int, now: int) -> Check:
    agency = world.agencies[issuer]
    facts = {"agency": issuer, "standingNow": agency.standing(now, AGENCY).name}
    return valid("license.issuer", "the issuing agency held when it was issued", "签发时签发机构有效", facts)


def _seal_at_issue(world: World, seal: int, now: int) -> Check:
    record = world.seals[seal]
    facts = {"seal": format_id(seal), "standingNow": record.standing(now, SEAL).name, "version": record.version}
    return valid("license.seal", "the seal held when it was issued", "签发时印章有效", facts)


def competence(body: Content, issuer: int, seal: int, *, is_item: bool) -> Reason:
    """Whether the ledger would have taken a license of a batch singly; ``is_item``: the catalogue has its item."""
    if agency_of(body.item) != issuer:
        return Reason.NOT_YOUR_AGENCY
    if not is_item:
        return Reason.ITEM_UNKNOWN
    return Reason.OK if body.seal == scoped(issuer, seal) else Reason.SEAL_OF_ANOTHER


def _competence(world: World, body: Content, issuer: int, seal: int) -> Check:
    facts = {"item": format_id(body.item), "issuer": issuer, "seal": format_id(body.seal)}
    reason = competence(body, issuer, seal, is_item=body.item in world.items)
    if reason is not Reason.OK:
        return _wrong("license.competence", reason, facts)
    return valid("license.competence", "the item is one of the issuer's", "事项属于签发机构", facts)


_NOT_STOPPED = valid("license.status", "neither suspended, cancelled nor superseded", "未暂扣、未注销、未被取代")


def _status(claim: Claim, record: LicenseRecord | None, freshness: Freshness, now: int) -> Check:
    reason = Reason.OK if record is None else stopped(record, now)
    if reason is not Reason.OK and not claim.is_single and claim.body is None:
        # anybody can put a leaf into a batch of his own and stop it there
        facts = {"agency": claim.issuer, "since": record.stopped_at if record else 0}
        en = "an agency has stopped it; only the license's own fields tell whether it is its issuer: show the license"
        zh = "有机构已将其停用;须出示证照字段方能核实是否为签发机构"
        return indeterminate("license.status", reason.name, en, zh, facts)
    if reason is not Reason.OK:
        return _wrong("license.status", reason, {"since": record.stopped_at if record else 0})
    if freshness.code:
        en = "no stop is known, but the index is not up to date"
        return indeterminate("license.status", freshness.code, en, "未见停用记录,但索引尚未更新")
    return _NOT_STOPPED


def _period(background: Background, claim: Claim, record: LicenseRecord | None, now: int) -> Check:
    """A leaf of a batch that was never touched has its period in its body alone."""
    if claim.body is not None:
        return background.period(claim.body.valid_from, claim.body.valid_until, now)
    if record is not None and claim.is_single:
        return background.period(record.valid_from, record.valid_until, now)
    en = "the license's own fields are needed: show the license or ask by its identifier"
    return indeterminate("license.period", "LICENSE_BODY_NEEDED", en, "须出示证照字段,或以证照标识查询")


def _within(period: Interval, now: int) -> Check:
    end = "none" if period.valid_until >= FOREVER else period.valid_until
    facts = {"validFrom": period.valid_from, "validUntil": end, "checkedAt": now}
    reason = period.standing(now, LICENSE)
    if reason is not Reason.OK:
        return _wrong("license.period", reason, facts)
    return valid("license.period", "within its period", "在有效期内", facts)


def _superseded(claim: Claim) -> Check:
    facts = {"by": "0x" + (claim.superseded_by or b"").hex()}
    return _wrong("license.superseded", Reason.LICENSE_SUPERSEDED, facts)


def seal_report(world: World, seal: int, freshness: Freshness, now: int) -> Report:
    """The whole report on a seal: registered, its agency, whether it holds now."""
    record = world.seals.get(seal)
    if record is None:
        return unknown(freshness, "seal.registered", Reason.SEAL_UNKNOWN)
    agency = world.agencies[seal >> 32]
    checks = [
        freshness.check(),
        valid("seal.registered", "the ledger holds this seal", "账本载有此印章", {"seal": format_id(seal)}),
        _holds("seal.agency", agency.standing(now, AGENCY), {"agency": seal >> 32}),
        _holds("seal.standing", record.standing(now, SEAL), {"number": number_of(seal), "version": record.version}),
    ]
    return report(checks)


def _holds(name: str, reason: Reason, facts: Mapping[str, object]) -> Check:
    if reason is not Reason.OK:
        return _wrong(name, reason, facts)
    return valid(name, "holds now", "当前有效", facts)


def _wrong(name: str, reason: Reason, facts: Mapping[str, object] | None = None) -> Check:
    text = reason_view(reason)
    return invalid(name, reason.name, text.en, text.zh, facts)
