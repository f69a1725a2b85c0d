"""Every kind of bad document has a finding of its own: a stable code, Chinese and English (issue 4, Bad input)."""

import io
import re
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from api.documents import pdf_reading, reading
from api.documents.pdf_making import make_pdf
from api.documents.reading import Terms, examine
from ledger.algorithms.digests import DigestAlgorithm
from ledger.documents.container import Container
from ledger.documents.ofd_digests import PartDigests
from ledger.documents.ofd_making import Signing, make, sign
from ledger.documents.ofd_sealing import SealInHand
from ledger.seals.judging import Expected
from ledger.seals.seal import Form
from ledger.verdict import Check, Verdict
from scripts.documents_scene import ASKED, SECOND, SIGNED, Desk
from tests.unit.ledger.documents.archives import Part, archive
from tests.unit.ledger.documents.tampering import FIRST, SHEET, changed, edit, put

DESK = Desk.open()
BLANK = make(SHEET)
SEALED = sign(BLANK, DESK.sealer)
BOMB = archive(Part(b"OFD.xml", b"\0" * (1 << 22)))
_YEAR = 366 * 86_400


def _self_made() -> bytes:
    """A genuine key, and a seal that a stranger made for it."""
    seal = DESK.authority.seal(Form.V4, DESK.stranger.signer, DESK.agency, "某某机关", SIGNED - 86_400, "HX0002")
    return sign(BLANK, SealInHand(Form.V4, seal, DESK.agency, SIGNED))


TERMS = Terms(DESK.trust, ASKED)
BAD: dict[str, tuple[bytes, Terms, str, Verdict]] = {
    "a picture": (b"\xff\xd8\xff\xe0 JFIF", TERMS, "KIND_JPEG", Verdict.INDETERMINATE),
    "nothing": (b"", TERMS, "KIND_EMPTY", Verdict.INDETERMINATE),
    "truncated OFD": (SEALED[:-40], TERMS, "ZIP_TRUNCATED", Verdict.INVALID),
    "truncated PDF": (make_pdf(("a",))[:-300], TERMS, "PDF_TRUNCATED", Verdict.INVALID),
    "encrypted archive": (archive(Part(b"OFD.xml", b"x", flags=1)), TERMS, "ZIP_ENCRYPTED", Verdict.INDETERMINATE),
    "encrypted OFD": (
        changed(BLANK, put("Encryptions.xml", b"<x/>")), TERMS, "OFD_ENCRYPTED", Verdict.INDETERMINATE),
    "unknown algorithm": (
        changed(SEALED, edit(f"{FIRST}/Signature.xml", b"1.2.156.10197.1.401", b"CRC32")), TERMS,
        "OFD_DIGEST_UNKNOWN", Verdict.INVALID),
    "self-made seal": (_self_made(), TERMS, "MAKER_NOT_TRUSTED", Verdict.INVALID),
    "seal and key of a stranger": (sign(BLANK, DESK.stranger), TERMS, "SIGNER_NOT_TRUSTED", Verdict.INVALID),
    "seal of another agency": (
        SEALED, replace(TERMS, expected=Expected(owners=("第二机关",))), "SEAL_OF_ANOTHER_OWNER", Verdict.INVALID),
    "expired maker": (SEALED, replace(TERMS, at=ASKED + 20 * _YEAR), "MAKER_CERTIFICATE_EXPIRED", Verdict.INVALID),
    "several signatures, one not protected": (
        sign(SEALED, DESK.second, replace(SECOND, protect_list=False)), TERMS, "OFD_SIGNATURES_CHANGED",
        Verdict.INDETERMINATE),
    "MD5 references": (
        sign(BLANK, DESK.sealer, Signing(algorithm=DigestAlgorithm.MD5)), TERMS, "OFD_DIGEST_WEAK",
        Verdict.INDETERMINATE),
    "SHA-1 references": (
        sign(BLANK, DESK.sealer, Signing(algorithm=DigestAlgorithm.SHA1)), TERMS, "OFD_DIGEST_WEAK",
        Verdict.INDETERMINATE),
    "a ZIP bomb": (BOMB, TERMS, "ZIP_BOMB", Verdict.INDETERMINATE),
}  # fmt: skip


def _told(check: Check) -> bool:
    return bool(re.search(r"[\u4e00-\u9fff]", check.zh)) and check.en.isascii() and len(check.en) > 8


@pytest.mark.parametrize("what", BAD)
def test_bad_input_has_its_own_finding_in_both_languages(what: str) -> None:
    file, terms, code, overall = BAD[what]
    report = examine(file, terms).report
    assert code in {one.reason_code for one in report.failures}, [one.reason_code for one in report.failures]
    assert report.overall is overall
    assert all(_told(one) for one in report.failures)


def test_several_good_signatures_are_no_bad_input() -> None:
    assert examine(sign(SEALED, DESK.second, SECOND), TERMS).report.overall is Verdict.VALID


def _large(folder: Path) -> Path:
    """The sealed document and 200 MB more, stored, written piece by piece."""
    file = folder / "large.ofd"
    file.write_bytes(SEALED)
    piece = bytes(1 << 20)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_STORED) as made, made.open("Doc_0/large.bin", "w") as part:
        for _ in range(200):
            part.write(piece)
    return file


def test_a_file_of_200_mb_is_read_in_pieces(tmp_path: Path) -> None:
    with _large(tmp_path).open("rb") as source:
        tracemalloc.start()
        report = examine(source, TERMS).report
        digest = PartDigests(Container.open(source)).of("Doc_0/large.bin", DigestAlgorithm.SHA256)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert {one.reason_code for one in report.failures} == {"OFD_STRAY_PARTS"}
    assert len(digest) == 32
    assert most < 8 << 20


def test_a_pdf_above_the_bound_is_not_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (pdf_reading, reading):
        monkeypatch.setattr(module, "MOST_BYTES", 4_000)
    source = io.BytesIO(make_pdf(("a",)) + bytes(100_000))
    report = examine(source, TERMS).report
    assert [one.reason_code for one in report.failures] == ["PDF_TOO_LARGE"]
    assert source.tell() == 4_001
