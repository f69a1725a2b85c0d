"""The checks S1 to S11 of a seal (GM/T 0031-2014 6.1.2; GB/T 38540-2020 6.3)."""

from dataclasses import dataclass

from ledger.algorithms.der import MalformedDer
from ledger.seals.certificates import Certificate, parse_certificate
from ledger.seals.checklist import MAKER, SEAL_CUSTOM, SEAL_EXPECTED, SEAL_FORMAT, SEAL_PERIOD, SEAL_SIGNATURE
from ledger.seals.findings import as_check
from ledger.seals.judging import SKEW, Question, custom_check, is_of_owner, value_check
from ledger.seals.seal import PICTURES, Seal, SealFacts, facts_of
from ledger.seals.stamps import StampJudged, judge_time_stamp
from ledger.seals.times import as_text
from ledger.seals.validity import Moments, judge_certificate
from ledger.seals.verifying import verify
from ledger.verdict import Check


@dataclass(frozen=True, slots=True)
class SealJudged:
    """The checks of a seal, its facts, and its maker's certificate where that could be read."""

    checks: tuple[Check, ...]
    facts: SealFacts
    maker: Certificate | None


def judge_seal(seal: Seal, question: Question, used_by: Certificate | None = None) -> SealJudged:
    """All checks of a seal; ``used_by`` is the signer's certificate where the seal stands in a signature."""
    form = seal.form
    noted = [as_check(finding, SEAL_FORMAT.name) for finding in seal.findings]
    stamp = StampJudged((), None, None)
    if seal.time_stamp is not None:
        stamp = judge_time_stamp(seal.time_stamp, form, (seal.signature,), question)
    made = question.proven(stamp.proven)
    moments = Moments(seal.created, made.reference, proven=made.proven_at is not None)
    judged = judge_certificate(MAKER, form, seal.maker, question.trust.makers, moments)
    maker = judged.certificate
    outcome = verify(seal.algorithm, maker.public_key_info, seal.signed, seal.signature) if maker else None
    facts = facts_of(seal)
    # Free text of a file stays out of reports: it may hold anything, control sequences of a terminal among it.
    picture = seal.picture_type if seal.picture_type.upper() in PICTURES else "?"
    described = {
        "sm3": facts.sm3.hex(), "sha256": facts.sha256.hex(), "version": seal.version,
        "picture": f"{picture} {len(seal.picture)} bytes {seal.width}x{seal.height} mm",
    }  # fmt: skip
    checks = (
        SEAL_FORMAT.ok(form, described),
        *noted,
        *value_check(SEAL_SIGNATURE, form, outcome, seal.algorithm, seal.signature),
        *judged.checks,
        _period(seal, question.reference),
        custom_check(SEAL_CUSTOM, form, seal.extensions),
        _expected(seal, facts.sm3, question, used_by),
        *stamp.checks,
    )
    return SealJudged(checks, facts, maker)


def _period(seal: Seal, moment: int) -> Check:
    facts = {
        "valid_from": as_text(seal.valid_from), "valid_until": as_text(seal.valid_until), "known_by": as_text(moment),
    }  # fmt: skip
    if seal.valid_from > seal.valid_until:
        en, zh = "the seal's period ends before it begins", "印章有效期起止颠倒"
        return SEAL_PERIOD.fails(seal.form, "SEAL_PERIOD_EMPTY", en, zh, facts)
    if seal.created > moment + SKEW:
        en, zh = "the seal says that it was made after it is known to have existed", "印章制作时间晚于其已存在的时间"
        facts["created"] = as_text(seal.created)
        return SEAL_PERIOD.fails(seal.form, "SEAL_MADE_LATER", en, zh, facts)
    if moment < seal.valid_from:
        return SEAL_PERIOD.fails(seal.form, "SEAL_NOT_YET_VALID", "the seal is not yet valid", "印章尚未生效", facts)
    if moment > seal.valid_until:
        return SEAL_PERIOD.fails(seal.form, "SEAL_EXPIRED", "the seal's period is over", "印章已过有效期", facts)
    return SEAL_PERIOD.ok(seal.form, facts)


def _expected(seal: Seal, sm3: bytes, question: Question, used_by: Certificate | None) -> Check:
    expected, item = question.expected, SEAL_EXPECTED
    if expected.seals and sm3 not in expected.seals:
        en, zh = "it is not the registered seal", "不是已登记的那枚印章"
        return item.fails(seal.form, "SEAL_NOT_REGISTERED", en, zh, {"sm3": sm3.hex()})
    if not expected.owners:
        return item.ok(seal.form, {"asked": "digest" if expected.seals else "nothing"})
    owners = [used_by] if used_by else _listed(seal)
    if not owners or None in owners:
        en, zh = "the seal does not say whose it is, but by digest", "印章未列出所有者证书，或只列出其杂凑值"
        return item.unknown(seal.form, "SEAL_OWNER_UNKNOWN", en, zh)
    if all(one is not None and is_of_owner(one, expected) for one in owners):
        return item.ok(seal.form, {"asked": "owner"})
    return item.fails(seal.form, "SEAL_OF_ANOTHER_OWNER", "it is another agency's seal", "是其他机构的印章")


def _listed(seal: Seal) -> list[Certificate | None]:
    """The certificates that the seal may be used with; None for one that cannot be read."""
    found: list[Certificate | None] = []
    for der in seal.certificates:
        try:
            found.append(parse_certificate(der))
        except MalformedDer:
            found.append(None)
    return found
