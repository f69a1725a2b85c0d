"""Time stamp tokens (GB/T 20520, RFC 3161): reading, and the checks T1 to T9 of one."""

from dataclasses import dataclass

from ledger.algorithms.der import (
    GENERALIZED_TIME,
    INTEGER,
    SEQUENCE,
    MalformedDer,
    decode,
    read_integer,
    read_octets,
    read_oid,
)
from ledger.algorithms.digests import digest, named
from ledger.errors import Unavailable
from ledger.seals.certificates import parse_certificate
from ledger.seals.checklist import STAMP_FORMAT, STAMP_IMPRINT, STAMP_VALUE, STAMPER
from ledger.seals.judging import Question, value_check
from ledger.seals.seal import Form
from ledger.seals.signed_data import (
    SignedData,
    parse_signed_data,
    read_signed_data,
    signer_certificate,
    verify_signer,
)
from ledger.seals.times import as_text, read_time
from ledger.seals.trust import Path
from ledger.seals.validity import Moments, judge_certificate
from ledger.verdict import Check, Report, Verdict

_TST_INFO = "1.2.840.113549.1.9.16.1.4"


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """A token as it stood: its time (Unix seconds), the digest's algorithm and value it was made for."""

    data: SignedData
    moment: int
    digest: str
    imprint: bytes


@dataclass(frozen=True, slots=True)
class StampJudged:
    """The checks of a token; ``claimed`` is its time where it could be read, ``proven`` where everything held."""

    checks: tuple[Check, ...]
    claimed: int | None
    proven: int | None


def parse_time_stamp(token: bytes) -> TimeStamp:
    """Read a token, bare or inside a whole response; raises ``MalformedDer``."""
    outer = decode(token)
    first = outer.fields().take()
    if first.tag == SEQUENCE:
        fields = outer.fields()
        fields.take()
        data = read_signed_data(fields.take(SEQUENCE))
        fields.done()
    else:
        data = parse_signed_data(token)
    if data.content is None or data.content_type != _TST_INFO:
        raise outer.fault("TIME_STAMP_CONTENT", "signed data without time stamp information", "不含时间戳信息")
    if len(data.signers) != 1:
        raise outer.fault("TIME_STAMP_SIGNERS", "a time stamp has one signer", "时间戳应恰有一个签名者")
    info = decode(data.content).fields()
    info.take(INTEGER)
    read_oid(info.take())
    imprint = info.take(SEQUENCE).fields()
    name = read_oid(imprint.take(SEQUENCE).fields().take())
    value = read_octets(imprint.take())
    imprint.done()
    read_integer(info.take())
    return TimeStamp(data, read_time(info.take(GENERALIZED_TIME)), name, value)


def judge_time_stamp(token: bytes, form: Form, stamped: tuple[bytes, ...], question: Question) -> StampJudged:
    """All checks of a token made for one of ``stamped``."""
    try:
        stamp = parse_time_stamp(token)
    except MalformedDer as error:
        check = STAMP_FORMAT.unreadable(form, error, "the time stamp cannot be read", "时间戳无法解析")
        return StampJudged((check,), None, None)
    try:
        checks = _checks(stamp, form, stamped, question)
    except Unavailable as error:
        checks = (STAMP_VALUE.outage(form, error),)
    held = Report(checks).overall is Verdict.VALID
    return StampJudged(checks, stamp.moment, stamp.moment if held else None)


def _checks(stamp: TimeStamp, form: Form, stamped: tuple[bytes, ...], question: Question) -> tuple[Check, ...]:
    signer = stamp.data.signers[0]
    der = signer_certificate(stamp.data, signer) or _known(stamp, question)
    checks = [STAMP_FORMAT.ok(form, {"time": as_text(stamp.moment)})]
    outcome = None
    if der is None:
        en, zh = "the time stamper's certificate is not at hand", "缺少时间戳服务的证书"
        checks.append(STAMPER.form.unknown(form, "STAMP_NO_CERTIFICATE", en, zh))
    else:
        moments = Moments(stamp.moment, question.reference, proven=question.proven_at is not None)
        judged = judge_certificate(STAMPER, form, der, question.trust.time_stamps, moments, _given(stamp.data))
        checks.extend(judged.checks)
        if judged.certificate is not None and stamp.data.content is not None:
            outcome = verify_signer(stamp.data, signer, judged.certificate, stamp.data.content)
    checks[1:1] = value_check(STAMP_VALUE, form, outcome, signer.algorithm, signer.signature)
    return (*checks, _imprint(stamp, form, stamped))


def _imprint(stamp: TimeStamp, form: Form, stamped: tuple[bytes, ...]) -> Check:
    algorithm = named(stamp.digest)
    if algorithm is None:
        en, zh = "the time stamp names a digest that is not known here", "时间戳使用无法识别的杂凑算法"
        return STAMP_IMPRINT.unknown(form, "STAMP_DIGEST_UNKNOWN", en, zh, {"digest": stamp.digest})
    if any(digest(algorithm, one) == stamp.imprint for one in stamped):
        if algorithm.weak:
            en, zh = "the time stamp is of a weak digest, which something else may have too", "时间戳使用弱杂凑算法"
            return STAMP_IMPRINT.fails(form, "STAMP_DIGEST_WEAK", en, zh, {"digest": algorithm.label})
        return STAMP_IMPRINT.ok(form, {"digest": algorithm.label})
    if form is Form.V1:
        en, zh = "what a V1 time stamp covers could not be told", "无法确定 V1 时间戳所覆盖的内容"
        return STAMP_IMPRINT.unknown(form, "STAMP_COVERS_UNKNOWN", en, zh)
    en, zh = "the time stamp was made for something else", "时间戳不是为本签名签发的"
    return STAMP_IMPRINT.fails(form, "STAMP_OF_SOMETHING_ELSE", en, zh)


def _given(data: SignedData) -> Path:
    found = []
    for der in data.certificates:
        try:
            found.append(parse_certificate(der))
        except MalformedDer:
            continue
    return tuple(found)


def _known(stamp: TimeStamp, question: Question) -> bytes | None:
    store = question.trust.time_stamps
    known = (*store.anchors, *store.intermediates)
    return next((one.raw for one in known if stamp.data.signers[0].is_of(one)), None)
