"""Sealed documents of our own, and everything that is needed to judge them: for experiments, benchmarks and tests."""

import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from api.documents.pdf import check_pdf
from api.documents.pdf_making import make_pdf, sign_pdf
from ledger.algorithms.digests import sm3
from ledger.documents.ofd_check import Judge, judge_by
from ledger.documents.ofd_making import Sealer, Sheet, Signing, make, sign
from ledger.documents.ofd_sealing import SealInHand, SignerAlone
from ledger.seals.development import DevelopmentAuthority
from ledger.seals.issuing import Identity
from ledger.seals.making import make_signed_data
from ledger.seals.seal import Form
from ledger.seals.trust import TrustStores
from ledger.verdict import Report

SHEET = Sheet(
    "营业执照",
    ("统一社会信用代码：91310000MA1FL0000X", "名称：某某有限公司", "类型：有限责任公司"),
    (("ZZMC", "营业执照"), ("ZZBH", "001")),
    metadata=b'<?xml version="1.0" encoding="UTF-8"?><license><ZZMC>\xe8\x90\xa5</ZZMC></license>',
)
_DAY = 86_400


def unix(text: str) -> int:
    """Seconds of a moment in UTC, written as 2025-01-02T01:00:00."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


SIGNED = unix("2025-01-02T01:00:00")
"""09:00 in Beijing, what ``Signing`` writes where not told otherwise."""
ASKED = unix("2025-06-01T00:00:00")


@dataclass(frozen=True, slots=True)
class Desk:
    """An authority for development, a seal maker, two agencies with seals, and a stranger with his own authority."""

    authority: DevelopmentAuthority = field(repr=False)
    maker: Identity = field(repr=False)
    agency: Identity = field(repr=False)
    trust: TrustStores = field(repr=False)
    sealer: SealInHand = field(repr=False)
    second: SealInHand = field(repr=False)
    stranger: SealInHand = field(repr=False)

    @classmethod
    def open(cls, seed: int = 1) -> "Desk":
        """The same keys for the same seed: good enough for what nobody trusts."""
        randomness = random.Random(seed).randbytes  # noqa: S311 - keys of fixtures, the same every time
        authority, maker, agency = _founded(randomness)
        lists = authority.revocation_list(ASKED - _DAY)
        other = authority.issue("Approver", "第二机关")
        foreign = _founded(randomness)
        return cls(
            authority, maker, agency, authority.trust(lists),
            _sealer(authority, maker, agency, Form.V4, SIGNED),
            _sealer(authority, maker, other, Form.V4, unix("2025-03-01T01:00:00")),
            _sealer(*foreign, Form.V4, SIGNED),
        )  # fmt: skip

    def sealer_of(self, form: Form) -> SealInHand:
        """The agency with a seal of this form."""
        return _sealer(self.authority, self.maker, self.agency, form, SIGNED)

    @property
    def judge(self) -> Judge:
        """Judges by the desk's trust at ``ASKED``."""
        return judge_by(self.trust, ASKED)


def _founded(randomness: Callable[[int], bytes]) -> tuple[DevelopmentAuthority, Identity, Identity]:
    authority = DevelopmentAuthority.found(randomness, unix("2024-01-01T00:00:00"), unix("2034-01-01T00:00:00"))
    return authority, authority.issue("Seal Maker", "制章中心"), authority.issue("Agency", "第一机关")


def _sealer(authority: DevelopmentAuthority, maker: Identity, agency: Identity, form: Form, moment: int) -> SealInHand:
    made = authority.seal(form, maker, agency, "某某机关", unix("2024-06-01T00:00:00"), "HX0001")
    return SealInHand(form, made, agency, moment)


SECOND = Signing(time="2025-03-01 09:00:00")


@dataclass(frozen=True, slots=True)
class Scene:
    """Originals to spoil: documents (name, bytes), DER by kind, values with what they sign, PDF documents."""

    judge: Judge
    documents: tuple[tuple[str, bytes], ...]
    encoded: tuple[tuple[str, bytes], ...]
    values: tuple[tuple[str, bytes, bytes], ...]
    pdfs: tuple[tuple[str, bytes], ...]
    check_pdf: Callable[[bytes], Report]
    stranger: Sealer
    """Has a seal and a key of an authority that nobody trusts."""
    thief: Sealer
    """Has a genuine seal, and a key that it does not list."""
    forged_pdfs: tuple[tuple[str, bytes], ...]
    """Never valid, whatever is spoilt in them besides."""

    @classmethod
    def build(cls, seed: int = 1) -> "Scene":
        """Everything made afresh."""
        desk = Desk.open(seed)
        sealers: dict[str, Sealer] = {form.value: desk.sealer_of(form) for form in (Form.V1, Form.V4, Form.V5)}
        sealers[Form.SIGNED_DATA.value] = SignerAlone(desk.agency, SIGNED)
        blank = make(SHEET)
        documents = [(name, sign(blank, sealer)) for name, sealer in sealers.items()]
        # genuine too: what had one signature before it had two, to which whoever has another such list can lead it back
        once = sign(blank, desk.sealer)
        documents += [("before the second signature", once), ("two signatures", sign(once, desk.second, SECOND))]
        original = b"the bytes that are signed"
        values = [(name, sealer.sign(original, "/x"), original) for name, sealer in sealers.items()]
        seals = [("seal", sealer.seal) for sealer in sealers.values() if sealer.seal]
        signatures = [("signature", value) for name, value, _ in values if name != Form.SIGNED_DATA.value]
        data = make_signed_data(sm3(original), desk.agency, SIGNED)
        encoded = [*seals, *signatures, ("signed data", data), ("certificate", desk.agency.certificate)]
        return cls(
            desk.judge, tuple(documents), tuple(encoded), tuple(values), _pdfs(desk),
            partial(check_pdf, trust=desk.trust, at=ASKED), desk.stranger,
            SealInHand(Form.V4, desk.sealer.seal, desk.stranger.signer, SIGNED), _forged_pdfs(desk),
        )  # fmt: skip


def _forged_pdfs(desk: Desk) -> tuple[tuple[str, bytes], ...]:
    """By a stranger's key, with a genuine value over another text, with another page after a genuine signature."""

    def strange(signed: bytes) -> bytes:
        return make_signed_data(signed, desk.stranger.signer, SIGNED, detached=True)

    def genuine(signed: bytes) -> bytes:
        return make_signed_data(signed, desk.agency, SIGNED, detached=True)

    blank, other = make_pdf(("Business licence", "Some Company Ltd")), make_pdf(("Business licence", "Another Ltd"))
    value, signed = genuine(blank), sign_pdf(blank, "First", genuine, SIGNED)
    return (
        ("by a stranger", sign_pdf(other, "First", strange, SIGNED)),
        ("value of another", sign_pdf(other, "First", lambda _: value, SIGNED)),
        ("second by a stranger", sign_pdf(signed, "Second", strange, SIGNED)),
        ("page exchanged", with_page(signed, b"BT /F1 14 Tf 72 760 Td (Another Ltd) Tj ET")),
        ("page exchanged, signed", sign_pdf(with_page(signed, b"BT ET"), "Second", strange, SIGNED)),
    )


def with_page(data: bytes, content: bytes) -> bytes:
    """An incremental update that shows other content on the first page."""
    out = IncrementalPdfFileWriter(io.BytesIO(data))
    page = out.root["/Pages"]["/Kids"][0]
    page[generic.pdf_name("/Contents")] = out.add_object(generic.StreamObject(stream_data=content))
    out.update_container(page)
    made = io.BytesIO()
    out.write(made)
    return made.getvalue()


def _pdfs(desk: Desk) -> tuple[tuple[str, bytes], ...]:
    """Signed with SM2, sealed, and signed by a second hand after that."""

    def detached(signed: bytes) -> bytes:
        return make_signed_data(signed, desk.agency, SIGNED, detached=True)

    blank = make_pdf(("Business licence", "Some Company Ltd"))
    signed = sign_pdf(blank, "First", detached, SIGNED)
    sealed = sign_pdf(blank, "Seal", lambda data: desk.sealer.sign(data, "Seal"), SIGNED)
    return ("signed", signed), ("sealed", sealed), ("two signatures", sign_pdf(signed, "Second", detached, SIGNED))
