"""A sealed document verified whole: read and judged on this machine, the ledger asked with digests alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from api.client.forms import write_act
from api.client.proofs import Proofs, checks_of, chunks_of, unanswered
from api.documents.reading import Examined, Terms, examine
from api.wire.proofs import DocumentView, SealSeen, VerifyDocumentRequest
from ledger.codes.findings import canonical
from ledger.commitments import holder_commitment
from ledger.crypto import Digest, file_digests
from ledger.errors import HuxinError, InvalidInput
from ledger.licenses.share import Share
from ledger.reliance import NEEDED
from ledger.seals.trust import TrustStores
from ledger.verdict import Check, Report, Verdict, indeterminate, invalid, report, valid

MOST_SEALS = 16


@dataclass(frozen=True, slots=True)
class Shown:
    """What the holder shows beside the document: the share, the code on their own card, the file's password."""

    share: Share | None = None
    holder: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Verified:
    """``examined`` is this machine's part; ``report`` all of it, with what the ledger says."""

    report: Report
    examined: Examined
    sm3: Digest
    sha256: Digest
    leaf: bytes | None = None


def verify_document(
    proofs: Proofs | None,
    file: BinaryIO,
    trust: TrustStores,
    at: int,
    shown: Shown = Shown(),
) -> Verified:
    """Every check of the file, of its seals and license on the ledger, of who holds it.

    ``at`` is the moment asked about (Unix seconds); without ``proofs`` nobody is asked, and what only the ledger
    knows stays indeterminate. The file is read twice and never sent.
    """
    file.seek(0)
    sm3, sha256 = file_digests(chunks_of(file))
    examined = examine(file, Terms(trust, at, password=shown.password))
    answer = _asked(proofs, sm3, sha256, examined, shown)
    if isinstance(answer, Check):
        return Verified(examined.report + report((answer, *_holder(shown, (sm3, sha256)))), examined, sm3, sha256)
    if answer.anchored_by is not None and _depends_on(answer.anchored_by, examined):
        examined = examine(file, Terms(trust, at, answer.anchored_by, password=shown.password))
    said = checks_of(answer)
    gaps = report(_gaps(said, answer.leaf, examined, shown.share))
    whole = examined.report + said + gaps + report(_holder(shown, (sm3, sha256)))
    leaf = None if answer.leaf is None else bytes.fromhex(answer.leaf[2:])
    return Verified(whole, examined, sm3, sha256, leaf)


def _depends_on(anchored_by: int, examined: Examined) -> bool:
    """Whether it makes a difference that the document stood on the ledger by then.

    Certificates that ended later do it no harm, and what is said to have been signed later is not true.
    """
    late = any(one.signed_at is not None and one.signed_at > anchored_by for one in examined.seals)
    return late or examined.report.overall is not Verdict.VALID


def _asked(
    proofs: Proofs | None, sm3: Digest, sha256: Digest, examined: Examined, shown: Shown
) -> DocumentView | Check:
    if proofs is None:
        en = "nobody was asked: status, issuer and seal on the ledger are not known"
        return indeterminate("ledger.asked", "OFFLINE", en, "未联网查询:账本上的状态、签发机构与印章未核实")
    share = shown.share
    asked = VerifyDocumentRequest(
        sm3="0x" + sm3.value.hex(), sha256="0x" + sha256.value.hex(), seals=tuple(_seen(examined))[:MOST_SEALS],
        license=write_act(share.license) if share else None,
        batch="0x" + share.batch.hex() if share and share.batch else None,
        proof=tuple("0x" + word.hex() for word in share.proof) if share else (),
    )  # fmt: skip
    try:
        return proofs.verify_document(asked)
    except InvalidInput:
        raise
    except HuxinError as error:
        return unanswered(error)


def _gaps(said: Report, leaf: str | None, examined: Examined, share: Share | None) -> Iterator[Check]:
    """What the ledger was not asked or did not answer: a report that leaves it out does not make a document valid."""
    seen = len(tuple(_seen(examined)))
    needed = (*NEEDED, *(f"document.seal.{number}.registered" for number in range(1, min(seen, MOST_SEALS) + 1)))
    missing = [name for name in needed if name not in {check.name for check in said.checks}]
    if missing and said.overall is Verdict.VALID:
        en, zh = "the answer leaves out what must be checked", "账本答复缺少必要的检查"
        yield indeterminate("ledger.answer", "REPORT_INCOMPLETE", en, zh, {"missing": ", ".join(missing)})
    if share is not None and leaf not in {None, "0x" + share.leaf.hex()}:
        en, zh = "the answer is about another license than the one shown", "账本答复对应的不是所示证照"
        yield indeterminate("ledger.answer", "LICENSE_DIFFERS", en, zh)
    if seen > MOST_SEALS:
        en = f"the ledger is asked about {MOST_SEALS} seals of a document and no more"
        yield indeterminate("document.seals", "TOO_MANY_SEALS", en, f"仅核验前 {MOST_SEALS} 枚印章", {"seals": seen})


def _seen(examined: Examined) -> Iterator[SealSeen]:
    for one in examined.seals:
        certificate = "0x" + one.certificate.hex() if one.certificate else None
        digest = "0x" + one.sm3.hex() if one.sm3 else None
        if digest or certificate:
            yield SealSeen(sm3=digest, certificate=certificate, signed_at=one.signed_at)


def _holder(shown: Shown, digests: tuple[Digest, Digest]) -> Iterator[Check]:
    """Whether the share opens what was committed, and whether the person shown is the one it was issued to."""
    share = shown.share
    if share is None:
        if shown.holder is not None:
            en = "the holder's share is needed to tell whose license it is"
            yield indeterminate("holder", "SHARE_NEEDED", en, "须出示持证人份额文件方可核对持证主体")
        return
    yield from share.check().checks
    if (share.license.sm3, share.license.sha256) != tuple(one.value for one in digests):
        en = "the share that is shown is of another document"
        yield invalid("share.file", "LICENSE_OF_ANOTHER_FILE", en, "所示份额对应的是另一份文件")
    if shown.holder is not None:
        yield _is_holder(share, shown.holder)


def _is_holder(share: Share, holder: str) -> Check:
    # codes are committed to in their canonical form; licenses of before may have them as they were typed
    codes = (holder, canonical(holder), canonical(holder, keep="-"))
    if share.license.holder in {holder_commitment(share.salts.holder, one) for one in codes}:
        return valid("holder", "the license was issued to this person or body", "持证主体与证照一致")
    return invalid("holder", "HOLDER_DIFFERS", "the license was issued to somebody else", "持证主体与证照不一致")
