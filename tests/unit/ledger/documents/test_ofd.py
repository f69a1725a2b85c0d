"""Documents under seals: each defect is found under its own code, and what is harmless is not called forged."""

import base64
import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pytest

from ledger.algorithms.digests import DigestAlgorithm
from ledger.documents import ofd_check
from ledger.documents.ofd_making import Sheet, Signing, make, sign, unpack
from ledger.documents.zip_directory import Bounds
from ledger.verdict import Verdict
from scripts.documents_scene import SECOND, Desk
from tests.unit.ledger.documents.archives import Part, archive
from tests.unit.ledger.documents.tampering import FIRST, LIST, PAGE, SHEET, Change, changed, codes, drop, edit, put


@pytest.fixture(scope="module")
def office() -> Desk:
    """One for all: making keys and certificates takes time."""
    return Desk.open()


@pytest.fixture(scope="module")
def sealed(office: Desk) -> bytes:
    return sign(make(SHEET), office.sealer)


@pytest.fixture(scope="module")
def sealed_twice(office: Desk, sealed: bytes) -> bytes:
    return sign(sealed, office.second, SECOND)


def test_a_sealed_license_is_valid_and_its_metadata_are_read(office: Desk, sealed: bytes) -> None:
    seen = ofd_check.examine(sealed, office.judge)
    assert seen.report.overall is Verdict.VALID, seen.report.failures
    assert seen.custom == (("ZZMC", "营业执照"),)
    (signature,) = seen.signatures
    assert signature.value is not None
    assert signature.value.seal_der == office.sealer.seal
    assert set(signature.protected) == set(unpack(sealed)) - {f"{FIRST}/Signature.xml", f"{FIRST}/SignedValue.dat"}


def test_a_reader_gives_the_same_report_as_bytes(office: Desk, sealed: bytes) -> None:
    assert ofd_check.check_ofd(io.BytesIO(sealed), office.judge) == ofd_check.check_ofd(sealed, office.judge)


def test_zipfile_finds_in_our_documents_what_we_put_there(sealed: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(sealed)) as judge:
        assert judge.testzip() is None
        assert {name: judge.read(name) for name in judge.namelist()} == unpack(sealed)


def _drop_reference(parts: dict[str, bytes]) -> None:
    said = parts[f"{FIRST}/Signature.xml"].split(b"<ofd:Reference ")
    kept = [piece for piece in said if PAGE.encode() not in piece]
    parts[f"{FIRST}/Signature.xml"] = b"<ofd:Reference ".join(kept)


def _reseal_page(parts: dict[str, bytes]) -> None:
    """A page and its reference changed together, as one would who has no key."""
    old, new = parts[PAGE], parts[PAGE].replace(b"<ofd:Layer", b"<ofd:Layer ", 1)
    digests = [base64.b64encode(hashlib.new("sm3", page).digest()) for page in (old, new)]
    parts[PAGE] = new
    edit(f"{FIRST}/Signature.xml", *digests)(parts)


DEFECTS: dict[str, tuple[Change, str, str, Verdict]] = {
    "a byte changed in a page": (
        edit(PAGE, "某某".encode(), "其他".encode()), "ofd.1.references", "OFD_PART_CHANGED", Verdict.INVALID),
    "metadata changed": (
        edit("OFD.xml", "营业".encode(), "驾驶".encode()), "ofd.1.references", "OFD_PART_CHANGED", Verdict.INVALID),
    "a picture changed": (
        put("Doc_0/Res/emblem.png", b"\x89PNG"), "ofd.1.references", "OFD_PART_CHANGED", Verdict.INVALID),
    "the attached metadata changed": (
        put("Doc_0/Attachs/license.xml", b"<x/>"), "ofd.1.references", "OFD_PART_CHANGED", Verdict.INVALID),
    "a page taken away": (drop(PAGE), "ofd.1.references", "OFD_REFERENCE_MISSING", Verdict.INVALID),
    "the signature value taken away": (
        drop(f"{FIRST}/SignedValue.dat"), "ofd.1.value", "OFD_VALUE_MISSING", Verdict.INVALID),
    "the signature taken away": (
        drop(f"{FIRST}/Signature.xml"), "ofd.1.form", "OFD_SIGNATURE_MISSING", Verdict.INVALID),
    "the seal's file taken away": (
        drop(f"{FIRST}/Seal.esl"), "ofd.1.seal_part", "OFD_SEAL_MISSING", Verdict.INVALID),
    "the seal's file replaced": (
        put(f"{FIRST}/Seal.esl", b"0\0"), "ofd.1.seal_part", "OFD_SEAL_REPLACED", Verdict.INVALID),
    "a reference taken away": (
        _drop_reference, "ofd.1.coverage", "OFD_CONTENT_UNPROTECTED", Verdict.INVALID),
    "a written digest that is none": (
        edit(f"{FIRST}/Signature.xml", b"<ofd:CheckValue>", b"<ofd:CheckValue>*"),
        "ofd.1.references", "OFD_CHECK_VALUE", Verdict.INVALID),
    "an unknown digest algorithm": (
        edit(f"{FIRST}/Signature.xml", b"1.2.156.10197.1.401", b"CRC32"),
        "ofd.1.references", "OFD_DIGEST_UNKNOWN", Verdict.INVALID),
    "a file smuggled in": (put("Doc_0/note.txt", b"x"), "ofd.1.coverage", "OFD_STRAY_PARTS", Verdict.INDETERMINATE),
    "an entity bomb in a signature": (
        edit(f"{FIRST}/Signature.xml", b"?>", b'?><!DOCTYPE a [<!ENTITY b "c">]>'),
        "ofd.1.form", "XML_DTD", Verdict.INVALID),
    "an entity bomb in OFD.xml": (
        edit("OFD.xml", b"?>", b'?><!DOCTYPE a [<!ENTITY b "c">]>'), "ofd.structure", "XML_DTD", Verdict.INVALID),
    "no document": (drop("Doc_0/Document.xml"), "ofd.structure", "OFD_DOCUMENT_MISSING", Verdict.INVALID),
    "two document roots": (
        edit("OFD.xml", b"<ofd:DocRoot>", b"<ofd:DocRoot>x</ofd:DocRoot><ofd:DocRoot>"),
        "ofd.structure", "XML_AMBIGUOUS", Verdict.INVALID),
    "an encrypted document": (
        put("Encryptions.xml", b"<x/>"), "ofd.structure", "OFD_ENCRYPTED", Verdict.INDETERMINATE),
    "all signatures stripped": (
        edit(LIST, b"<ofd:Signature ", b"<ofd:Gone "), "ofd.signatures", "OFD_UNSIGNED", Verdict.INDETERMINATE),
}  # fmt: skip


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_found_under_its_name(office: Desk, sealed: bytes, defect: str) -> None:
    change, name, code, overall = DEFECTS[defect]
    report = ofd_check.check_ofd(changed(sealed, change), office.judge)
    assert codes(report).get(name) == code, codes(report)
    assert report.overall is overall


def test_a_page_resealed_without_a_key_is_found(office: Desk, sealed: bytes) -> None:
    report = ofd_check.check_ofd(changed(sealed, _reseal_page), office.judge)
    assert report.overall is Verdict.INVALID
    assert "ofd.1.references" not in codes(report)
    assert any(check.name.startswith("ofd.1.") and check.verdict is Verdict.INVALID for check in report.failures)


def test_a_signature_by_a_stranger_is_not_valid(office: Desk) -> None:
    report = ofd_check.check_ofd(sign(make(SHEET), office.stranger), office.judge)
    assert report.overall is not Verdict.VALID


def test_a_signature_taken_from_another_document_is_found(office: Desk, sealed: bytes) -> None:
    other = unpack(sign(make(Sheet("其他", ("甲",))), office.sealer))
    taken = {name: data for name, data in other.items() if name.startswith(FIRST)}
    report = ofd_check.check_ofd(changed(sealed, lambda parts: parts.update(taken)), office.judge)
    assert report.overall is Verdict.INVALID
    assert codes(report)["ofd.1.references"] in {"OFD_PART_CHANGED", "OFD_REFERENCE_MISSING"}


def test_a_second_signature_breaks_the_first_only_on_the_list_and_that_is_said(
    office: Desk, sealed_twice: bytes
) -> None:
    report = ofd_check.check_ofd(sealed_twice, office.judge)
    assert report.overall is Verdict.VALID, report.failures
    assert codes(report) == {"ofd.1.references": "OFD_SIGNATURES_APPENDED"}


def test_a_second_signature_that_leaves_the_list_open_explains_nothing(office: Desk, sealed: bytes) -> None:
    file = sign(sealed, office.second, replace(SECOND, protect_list=False))
    report = ofd_check.check_ofd(file, office.judge)
    assert codes(report) == {"ofd.1.references": "OFD_SIGNATURES_CHANGED"}
    assert report.overall is Verdict.INDETERMINATE


def test_a_stranger_cannot_explain_a_changed_list(office: Desk, sealed: bytes) -> None:
    report = ofd_check.check_ofd(sign(sealed, office.stranger), office.judge)
    assert codes(report)["ofd.1.references"] == "OFD_SIGNATURES_CHANGED"
    assert report.overall is not Verdict.VALID


def test_a_last_signature_taken_away_is_noticed(office: Desk, sealed_twice: bytes) -> None:
    def strip(parts: dict[str, bytes]) -> None:
        head, _, _ = parts[LIST].rpartition(b"<ofd:Signature ")
        parts[LIST] = head + b"</ofd:Signatures>"

    report = ofd_check.check_ofd(changed(sealed_twice, strip), office.judge)
    assert codes(report)["ofd.1.references"] == "OFD_SIGNATURES_CHANGED"
    assert codes(report)["ofd.1.coverage"] == "OFD_STRAY_PARTS"
    assert report.overall is not Verdict.VALID


def test_a_page_added_with_a_second_signature_breaks_the_first(office: Desk, sealed: bytes) -> None:
    def add(parts: dict[str, bytes]) -> None:
        parts["Doc_0/Pages/Page_1/Content.xml"] = parts[PAGE]
        edit(
            "Doc_0/Document.xml", b"</ofd:Pages>", b'<ofd:Page ID="9" BaseLoc="Pages/Page_1/Content.xml"/></ofd:Pages>'
        )(parts)

    report = ofd_check.check_ofd(sign(changed(sealed, add), office.second), office.judge)
    assert codes(report)["ofd.1.references"] == "OFD_PART_CHANGED"
    assert codes(report)["ofd.1.coverage"] == "OFD_CONTENT_UNPROTECTED"
    assert "ofd.2.references" not in codes(report)


@pytest.mark.parametrize("algorithm", [DigestAlgorithm.MD5, DigestAlgorithm.SHA1])
def test_weak_references_are_named_and_are_not_enough(office: Desk, algorithm: DigestAlgorithm) -> None:
    report = ofd_check.check_ofd(sign(make(SHEET), office.sealer, Signing(algorithm=algorithm)), office.judge)
    assert codes(report) == {"ofd.1.digests": "OFD_DIGEST_WEAK"}
    assert report.overall is Verdict.INDETERMINATE


def test_an_absent_digest_algorithm_means_md5(office: Desk) -> None:
    class Without:
        seal = office.sealer.seal

        @staticmethod
        def sign(original: bytes, location: str) -> bytes:
            return office.sealer.sign(original.replace(b' CheckMethod="MD5"', b""), location)

    file = sign(make(SHEET), Without(), Signing(algorithm=DigestAlgorithm.MD5))
    report = ofd_check.check_ofd(
        changed(file, edit(f"{FIRST}/Signature.xml", b' CheckMethod="MD5"', b"")), office.judge
    )
    assert codes(report) == {"ofd.1.digests": "OFD_DIGEST_WEAK"}


@pytest.mark.parametrize(
    ("part", "code", "overall"),
    [
        (PAGE, "OFD_CONTENT_UNPROTECTED", Verdict.INVALID),
        ("Doc_0/Res/emblem.png", "OFD_CONTENT_UNPROTECTED", Verdict.INVALID),
        ("Doc_0/Attachs/license.xml", "OFD_CONTENT_UNPROTECTED", Verdict.INVALID),
        ("Doc_0/Document.xml", "OFD_CONTENT_UNPROTECTED", Verdict.INVALID),
        ("OFD.xml", "OFD_ROOT_UNPROTECTED", Verdict.INDETERMINATE),
        (LIST, "", Verdict.VALID),
    ],
)
def test_what_a_signature_leaves_out_is_told_apart(office: Desk, part: str, code: str, overall: Verdict) -> None:
    file = sign(make(SHEET), office.sealer, Signing(left_out=frozenset({part})))
    report = ofd_check.check_ofd(file, office.judge)
    assert codes(report).get("ofd.1.coverage", "") == code
    assert report.overall is overall


def test_an_annotation_added_later_is_found(office: Desk) -> None:
    """Document.xml had named a list of annotations before there was one."""
    file = changed(
        make(SHEET),
        lambda parts: parts.update(
            {
                "Doc_0/Document.xml": parts["Doc_0/Document.xml"].replace(
                    b"</ofd:Document>", b"<ofd:Annotations>Annots.xml</ofd:Annotations></ofd:Document>"
                )
            }
        ),
    )
    added = changed(sign(file, office.sealer), put("Doc_0/Annots.xml", b"<Annotations/>"))
    assert codes(ofd_check.check_ofd(added, office.judge))["ofd.1.coverage"] == "OFD_CONTENT_UNPROTECTED"


def _docx() -> bytes:
    return archive(Part(b"[Content_Types].xml", b"<Types/>"), Part(b"word/document.xml", b"<x/>"))


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b"", "KIND_EMPTY"), (b"%PDF-1.7\n", "KIND_PDF"), (b"\xef\xbb\xbf \n%PDF-1.4", "KIND_PDF"),
        (b"\xff\xd8\xff\xe0 JFIF", "KIND_JPEG"), (b"\x89PNG\r\n\x1a\n", "KIND_PNG"), (b"0\x82\x45\x3a0", "KIND_SEAL"),
        (_docx(), "KIND_DOCX"), (archive(Part(b"a.txt", b"x")), "KIND_ZIP"), (b"hello", "KIND_UNKNOWN"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "KIND_OLE"), (b"<?xml version='1.0'?>", "KIND_XML"),
    ],
)  # fmt: skip
def test_a_file_of_the_wrong_kind_is_named_and_not_called_forged(office: Desk, file: bytes, code: str) -> None:
    (check,) = ofd_check.check_ofd(file, office.judge).checks
    assert (check.name, check.reason_code, check.verdict) == ("document.kind", code, Verdict.INDETERMINATE)
    assert "OFD" in check.zh
    assert "OFD" in check.en


@pytest.mark.parametrize(
    ("spoil", "code", "overall"),
    [
        (lambda file: file[: len(file) // 2], "ZIP_TRUNCATED", Verdict.INVALID),
        (lambda file: file + b"\0", "ZIP_TRAILING_DATA", Verdict.INVALID),
        (lambda _: archive(Part(b"OFD.xml", b"a"), Part(b"ofd.xml", b"b")), "ZIP_DUPLICATE_NAME", Verdict.INVALID),
        (lambda _: archive(Part(b"OFD.xml", b"x"), Part(b"../x", b"b")), "ZIP_NAME_UNSAFE", Verdict.INVALID),
        (lambda _: archive(Part(b"OFD.xml", b"x", flags=1)), "ZIP_ENCRYPTED", Verdict.INDETERMINATE),
        (lambda _: archive(Part(b"OFD.xml", b"\0" * (1 << 22))), "ZIP_BOMB", Verdict.INDETERMINATE),
    ],
    ids=["truncated", "trailing byte", "duplicate entry", "traversal", "encrypted entry", "zip bomb"],
)
def test_a_bad_container_is_a_finding(
    office: Desk, sealed: bytes, spoil: Callable[[bytes], bytes], code: str, overall: Verdict
) -> None:
    report = ofd_check.check_ofd(spoil(sealed), office.judge, Bounds(ratio=100))
    assert codes(report) == {"document.container": code}
    assert report.overall is overall


def test_paths_as_real_files_write_them_lead_to_the_parts(office: Desk) -> None:
    """Relative to the list, without the leading slash, in another case."""
    file = changed(make(SHEET), edit("OFD.xml", b"Doc_0/Document.xml", b"/doc_0/DOCUMENT.xml"))
    report = ofd_check.check_ofd(sign(file, office.sealer), office.judge)
    assert report.overall is Verdict.VALID
    (structure,) = (check for check in report.checks if check.name == "ofd.structure")
    assert dict(structure.facts)["oddities"] == "OFD_PATH_CASE"


def test_nothing_of_the_content_stands_in_the_report(office: Desk, sealed: bytes) -> None:
    file = changed(sealed, put("Doc_0/110105194912310021.txt", b"x"))
    said = str(ofd_check.check_ofd(file, office.judge).to_json())
    assert "某某" not in said
    assert "110105194912310021" not in said
