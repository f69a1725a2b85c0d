"""What an attacker without keys does around a genuine signature: nothing of it is found valid."""

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from ledger.documents import ofd, ofd_check, xml
from ledger.documents.ofd_making import Sealer, Sheet, Signing, make, pack, sign, unpack
from ledger.documents.ofd_sealing import SignerAlone
from ledger.verdict import Verdict
from scripts.documents_scene import SIGNED, Desk
from tests.unit.ledger.documents.archives import Part, archive
from tests.unit.ledger.documents.tampering import FIRST, LIST, PAGE, SHEET, Change, changed, codes, edit, put, rename

OPEN_LIST = Signing(protect_list=False)
EMBLEM = "Doc_0/Res/emblem.png"


@pytest.fixture(scope="module")
def office() -> Desk:
    """One for all: making keys and certificates takes time."""
    return Desk.open()


@pytest.fixture(scope="module")
def sealed(office: Desk) -> bytes:
    return sign(make(SHEET), office.sealer, OPEN_LIST)


@dataclass(frozen=True)
class Writing:
    """A signer whose program writes Signature.xml in its own way."""

    sealer: Sealer
    rewrite: Callable[[bytes], bytes]

    @property
    def seal(self) -> bytes:
        return self.sealer.seal

    def sign(self, original: bytes, location: str) -> bytes:
        return self.sealer.sign(self.rewrite(original), location)


def signed_as(file: bytes, sealer: Sealer, rewrite: Callable[[bytes], bytes], how: Signing = OPEN_LIST) -> bytes:
    """Signed over what ``rewrite`` makes of Signature.xml."""
    parts = unpack(sign(file, Writing(sealer, rewrite), how))
    parts[f"{FIRST}/Signature.xml"] = rewrite(parts[f"{FIRST}/Signature.xml"])
    return pack(parts)


def found(office: Desk, file: bytes) -> tuple[dict[str, str], Verdict]:
    report = ofd_check.check_ofd(file, office.judge)
    return codes(report), report.overall


@pytest.mark.parametrize("name", ["Doc_0/Res/EMBLEM.png", "doc_0/res/emblem.png", "Doc_0/Res/ｅmblem.png"])
def test_a_part_renamed_in_case_or_form_so_that_readers_miss_it(office: Desk, sealed: bytes, name: str) -> None:
    """The bytes are those that were signed; a program that takes names to the letter shows the page without it."""
    said, overall = found(office, changed(sealed, rename(EMBLEM, name)))
    assert said == {"ofd.1.references": "OFD_PART_RENAMED"}
    assert overall is Verdict.INDETERMINATE


def test_the_description_renamed_so_that_readers_miss_it(office: Desk, sealed: bytes) -> None:
    said, _ = found(office, changed(sealed, rename("OFD.xml", "ofd.XML")))
    assert said == {"ofd.1.references": "OFD_PART_RENAMED"}


def _relative(signature: bytes) -> bytes:
    """References relative to the document's folder, as some programs write them; OFD.xml stands above it."""
    return signature.replace(b'FileRef="/Doc_0/', b'FileRef="').replace(b'FileRef="/OFD.xml', b'FileRef="../OFD.xml')


def test_references_relative_to_the_document_are_followed(office: Desk) -> None:
    said, overall = found(office, signed_as(make(SHEET), office.sealer, _relative))
    assert (said, overall) == ({}, Verdict.VALID)


def test_a_part_moved_to_where_another_reading_of_its_reference_leads(office: Desk) -> None:
    """``Res/emblem.png`` is found beside Signature.xml too, where no page looks for it."""
    file = signed_as(make(SHEET), office.sealer, _relative)
    said, overall = found(office, changed(file, rename(EMBLEM, f"{FIRST}/Res/emblem.png")))
    assert said["ofd.1.references"] == "OFD_PART_RENAMED"
    assert overall is not Verdict.VALID


def test_the_signed_document_wrapped_and_another_shown(office: Desk) -> None:
    """Signature wrapping: what was signed lies intact in a folder; OFD.xml leads to a forgery and to its signature."""
    file = signed_as(make(SHEET), office.sealer, _relative)
    forged = unpack(make(replace(SHEET, lines=("名称：冒名公司",))))
    signatures = b"<ofd:Signatures>/Real/Doc_0/Signs/Signatures.xml</ofd:Signatures></ofd:DocBody>"
    forged["OFD.xml"] = forged["OFD.xml"].replace(b"</ofd:DocBody>", signatures)
    wrapped = {f"Real/{name}": data.replace(b"/Doc_0/Signs", b"/Real/Doc_0/Signs") if name.endswith("Signatures.xml")
               else data for name, data in unpack(file).items()}  # fmt: skip
    said, overall = found(office, pack(forged | wrapped))
    assert said["ofd.1.references"] in {"OFD_PART_CHANGED", "OFD_REFERENCE_MISSING"}
    assert overall is Verdict.INVALID
    absolute = pack(forged | {name: data for name, data in unpack(file).items() if "/Signs/" in name})
    said, overall = found(office, absolute)
    assert overall is Verdict.INVALID


def test_a_second_document_put_beside_the_signed_one(office: Desk) -> None:
    """OFD.xml is not protected; a second DocBody has pages of its own."""
    file = sign(make(SHEET), office.sealer, Signing(left_out=frozenset({"OFD.xml"})))
    other = {name.replace("Doc_0", "Doc_1"): data for name, data in unpack(make(SHEET)).items() if name != "OFD.xml"}
    body = b"<ofd:DocBody><ofd:DocRoot>Doc_1/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"

    def add(parts: dict[str, bytes]) -> None:
        parts.update(other)
        edit("OFD.xml", b"</ofd:OFD>", body)(parts)

    said, overall = found(office, changed(file, add))
    assert (said["ofd.1.coverage"], overall) == ("OFD_CONTENT_UNPROTECTED", Verdict.INVALID)


NAMED = {
    "template": (b'<ofd:CommonData><ofd:TemplatePage ID="8" BaseLoc="X.xml"/>', b"<ofd:CommonData>"),
    "font and picture list": (b"<ofd:CommonData><ofd:PublicRes>X.xml</ofd:PublicRes>", b"<ofd:CommonData>"),
    "annotations": (b"<ofd:Annotations>X.xml</ofd:Annotations></ofd:Document>", b"</ofd:Document>"),
    "attachments": (b"<ofd:Attachments>X.xml</ofd:Attachments></ofd:Document>", b"</ofd:Document>"),
    "custom tags": (b"<ofd:CustomTags>X.xml</ofd:CustomTags></ofd:Document>", b"</ofd:Document>"),
    "extensions": (b"<ofd:Extensions>X.xml</ofd:Extensions></ofd:Document>", b"</ofd:Document>"),
    "page": (b'<ofd:Page ID="9" BaseLoc="X.xml"/></ofd:Pages>', b"</ofd:Pages>"),
}
ROOTS = {"font and picture list": b"Res", "annotations": b"Annotations", "attachments": b"Attachments",
         "custom tags": b"CustomTags", "extensions": b"Extensions"}  # fmt: skip


@pytest.mark.parametrize("role", NAMED)
def test_what_was_named_but_missing_is_put_there_after_signing(office: Desk, role: str) -> None:
    new, old = NAMED[role]
    blank = changed(make(Sheet("甲", ("乙",))), edit("Doc_0/Document.xml", old, new))
    file = sign(blank, office.sealer)
    before, overall = found(office, file)
    assert before == {"ofd.structure": "OFD_PART_MISSING"}
    assert overall is (Verdict.INVALID if role in {"page", "template"} else Verdict.INDETERMINATE)
    said, overall = found(office, changed(file, put("Doc_0/X.xml", b"<%s/>" % ROOTS.get(role, b"Page"))))
    assert said["ofd.1.coverage"] == "OFD_CONTENT_UNPROTECTED"
    assert overall is Verdict.INVALID


def test_a_stamp_moved_over_other_text(office: Desk, sealed: bytes) -> None:
    said, overall = found(office, changed(sealed, edit(f"{FIRST}/Signature.xml", b"150 240 40 40", b"10 10 40 40")))
    assert said["ofd.1.signature.data_hash"] == "DOCUMENT_CHANGED"
    assert overall is Verdict.INVALID


def _with_seal(signature: bytes) -> bytes:
    stamp = b'<ofd:StampAnnot ID="1" PageRef="1" Boundary="1 1 9 9"/><ofd:Seal><ofd:BaseLoc>Seal.esl</ofd:BaseLoc>'
    return signature.replace(b"</ofd:SignedInfo>", stamp + b"</ofd:Seal></ofd:SignedInfo>")


def test_another_agencys_seal_laid_beside_a_signature_made_without_it(office: Desk) -> None:
    """A signer whom all trust signs with his certificate alone, and shows a seal that is not his."""
    file = signed_as(make(SHEET), SignerAlone(office.agency, SIGNED), _with_seal)
    said, overall = found(office, changed(file, put(f"{FIRST}/Seal.esl", office.second.seal)))
    assert said == {"ofd.1.seal_part": "OFD_SEAL_UNUSED"}
    assert overall is Verdict.INDETERMINATE


def test_a_signature_without_a_seal_says_so_and_stamps_nothing(office: Desk) -> None:
    file = sign(make(SHEET), SignerAlone(office.agency, SIGNED))
    (signature,) = ofd_check.examine(file, office.judge).signatures
    assert (signature.signature.kind, signature.signature.stamps) == ("Sign", ())
    assert found(office, file) == ({}, Verdict.VALID)


def test_a_signature_moved_to_another_place(office: Desk, sealed: bytes) -> None:
    def move(parts: dict[str, bytes]) -> None:
        rename(f"{FIRST}/Signature.xml", "Doc_0/Signs/Other.xml")(parts)
        edit(LIST, b"Sign_0/Signature.xml", b"Other.xml")(parts)

    assert found(office, changed(sealed, move)) == (
        {"ofd.1.location": "OFD_SIGNED_ELSEWHERE"}, Verdict.INDETERMINATE)  # fmt: skip


def test_one_signature_listed_twice_to_pass_for_two(office: Desk, sealed: bytes) -> None:
    def twice(parts: dict[str, bytes]) -> None:
        (entry,) = re.findall(rb"<ofd:Signature [^>]*/>", parts[LIST])
        edit(LIST, entry, entry + entry.replace(b"/Doc_0/Signs/", b"/Doc_0/./Signs/"))(parts)

    said, overall = found(office, changed(sealed, twice))
    assert said == {"ofd.2.form": "OFD_SIGNATURE_TWICE"}
    assert overall is Verdict.INVALID


def test_two_genuine_signatures_exchanged(office: Desk, sealed: bytes) -> None:
    other = unpack(sign(make(Sheet("其他", ("甲",))), office.sealer, OPEN_LIST))
    for part in ("Signature.xml", "SignedValue.dat"):
        said, overall = found(office, changed(sealed, put(f"{FIRST}/{part}", other[f"{FIRST}/{part}"])))
        assert said["ofd.1.signature.data_hash"] == "DOCUMENT_CHANGED"
        assert overall is Verdict.INVALID


def test_a_signature_over_nothing_that_is_shown(office: Desk) -> None:
    parts = frozenset(unpack(make(SHEET))) - {"OFD.xml"}
    said, overall = found(office, sign(make(SHEET), office.sealer, replace(OPEN_LIST, left_out=parts)))
    assert said == {"ofd.1.coverage": "OFD_CONTENT_UNPROTECTED"}
    assert overall is Verdict.INVALID
    empty = signed_as(make(SHEET), office.sealer, lambda xml: re.sub(rb"<ofd:Reference .*</ofd:Reference>", b"", xml))
    assert found(office, empty)[0]["ofd.1.references"] == "OFD_REFERENCES_NONE"


@pytest.mark.parametrize(
    "alias", ["/Doc_0/../Doc_0/", "/Doc_0//", "/Doc_0/./", "\\Doc_0\\", "/doc_0/", "/Doc_0/Pages/../"]
)
def test_a_reference_by_an_alias_protects_its_own_part_alone(office: Desk, alias: str) -> None:
    """However a signer writes a path, it is the part it leads to that is compared, and nobody else's."""
    old, new = b'FileRef="/Doc_0/Pages', b'FileRef="%sPages' % alias.encode()
    file = signed_as(make(SHEET), office.sealer, lambda raw: raw.replace(old, new))
    said, _ = found(office, file)
    assert set(said.values()) <= {"OFD_PART_RENAMED"}
    said, overall = found(office, changed(file, edit(PAGE, "某某".encode(), "其他".encode())))
    assert (said["ofd.1.references"], overall) == ("OFD_PART_CHANGED", Verdict.INVALID)


@pytest.mark.parametrize("alias", ["/Doc_0/%50ages/", "/../Doc_0x/Pages/", "file:///Doc_0/Pages/", "/Doc_0/Pages;/"])
def test_a_reference_that_only_some_programs_resolve_leads_nowhere(office: Desk, alias: str) -> None:
    old, new = b'FileRef="/Doc_0/Pages/', b'FileRef="%s' % alias.encode()
    said, overall = found(office, signed_as(make(SHEET), office.sealer, lambda raw: raw.replace(old, new)))
    assert (said["ofd.1.references"], overall) == ("OFD_REFERENCE_MISSING", Verdict.INVALID)


def test_a_pdf_hidden_in_a_header_shows_another_document(office: Desk, sealed: bytes) -> None:
    """Extra fields belong to no part; viewers look for a PDF's mark in the first 1,024 bytes of whatever it is."""
    hidden = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
    extra = struct.pack("<2H", 0x6375, len(hidden)) + hidden
    parts = [Part(name.encode(), data) for name, data in unpack(sealed).items()]
    assert found(office, archive(*parts)) == ({}, Verdict.VALID)
    said, overall = found(office, archive(replace(parts[0], extra=extra), *parts[1:]))
    assert (said, overall) == ({"document.kind": "KIND_AMBIGUOUS"}, Verdict.INDETERMINATE)


@pytest.mark.parametrize(
    "name", ["某某　执照.xml", "\ue000\ue815.xml", "🏛.xml", "a b.xml", "'\"<>&;$(x).xml", "甲" * 100]
)
def test_display_of_strange_names_never_fails_a_verification(office: Desk, name: str) -> None:
    """Wide spaces, private characters of rare names, symbols, what shells and pages would take for their own."""
    report = ofd_check.check_ofd(sign(changed(make(SHEET), put(f"Doc_0/{name}", b"x")), office.sealer), office.judge)
    assert report.overall is Verdict.VALID, report.failures
    (references,) = (one for one in report.checks if one.name == "ofd.1.references")
    assert all(value.isascii() and value.isprintable() for _, value in references.facts)


def _counting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    parsed: list[str] = []
    real = xml.parse

    def parse(raw: bytes, root: str, bounds: xml.XmlBounds | None = None) -> xml.Document:
        parsed.append(root)
        return real(raw, root, bounds)

    monkeypatch.setattr(xml, "parse", parse)
    return parsed


def test_a_list_named_ten_thousand_times_is_read_once(office: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    named = b"<ofd:PublicRes>PublicRes.xml</ofd:PublicRes>"
    tags = b"<ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments>"
    file = changed(make(SHEET), edit("Doc_0/Document.xml", named, named * 10_000))
    file = changed(file, edit("Doc_0/Document.xml", tags, tags * 10_000))
    parsed = _counting(monkeypatch)
    ofd_check.check_ofd(file, office.judge)
    assert (parsed.count("Res"), parsed.count("Attachments")) == (2, 1)


def test_xml_without_end_is_not_read_to_its_end(office: Desk, sealed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each document of a package may be large; all that OFD.xml names together may not be read."""
    body = b"<ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody>"
    file = changed(sealed, edit("OFD.xml", b"</ofd:OFD>", body * 60 + b"</ofd:OFD>"))
    monkeypatch.setattr(ofd, "_ALL_READ", 20_000)
    assert found(office, sealed)[1] is Verdict.VALID
    assert found(office, file) == ({"ofd.structure": "XML_TOO_LARGE"}, Verdict.INDETERMINATE)


def test_one_value_of_megabytes_named_by_every_signature(
    office: Desk, sealed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each signature keeps its value: a small file may not ask for a large memory by naming one value often."""
    parts = unpack(sealed)
    parts[f"{FIRST}/SignedValue.dat"] = bytes(100_000)
    entries = b""
    for place in range(20):
        parts[f"Doc_0/Signs/Copy_{place}/Signature.xml"] = parts[f"{FIRST}/Signature.xml"]
        entries += b'<ofd:Signature ID="1%d" BaseLoc="/Doc_0/Signs/Copy_%d/Signature.xml"/>' % (place, place)
    edit(LIST, b"</ofd:Signatures>", entries + b"</ofd:Signatures>")(parts)
    monkeypatch.setattr(ofd, "_ALL_READ", 500_000)
    kept = [one.signature for one in ofd_check.examine(pack(parts), office.judge).signatures]
    assert 0 < sum(len(one.value) for one in kept) <= 500_000


TIMES = {
    "years before": ("2015-01-02 09:00:00", "OFD_TIME_DIFFERS", "签名描述时间与签章值中的时间相差一天以上"),
    "in no known writing": ("二〇一五年一月二日", "OK", "没有可比对的两个时间"),
    "none": ("", "OK", "没有可比对的两个时间"),
}


@pytest.mark.parametrize(("written", "code", "zh"), TIMES.values(), ids=TIMES)
def test_a_time_is_shown_that_is_not_the_one_signed(office: Desk, written: str, code: str, zh: str) -> None:
    """What cannot be compared is not said to agree."""
    report = ofd_check.check_ofd(sign(make(SHEET), office.sealer, Signing(written)), office.judge)
    said = next(check for check in report.checks if check.name == "ofd.1.time")
    assert (said.reason_code, said.zh) == (code, zh)


CONFUSED: dict[str, tuple[Change, str]] = {
    "an attribute twice": (
        edit(f"{FIRST}/Signature.xml", b'FileRef="', b'FileRef="/OFD.xml" FileRef="'), "XML_MALFORMED"),
    "a part of what is signed twice": (
        edit(f"{FIRST}/Signature.xml", b"<ofd:SignedInfo>", b"<ofd:SignedInfo/><ofd:SignedInfo>"), "XML_AMBIGUOUS"),
    "nothing signed": (
        put(f"{FIRST}/Signature.xml", b"<Signature><SignedValue/></Signature>"), "OFD_SIGNATURE_EMPTY"),
    "another root": (put(f"{FIRST}/Signature.xml", b"<Signatures/>"), "XML_ROOT"),
    "another encoding": (
        edit(f"{FIRST}/Signature.xml", b'encoding="UTF-8"', b" " * 600 + b'encoding="gb2312"'), "XML_ENCODING"),
}  # fmt: skip


@pytest.mark.parametrize("trick", CONFUSED)
def test_xml_that_readers_read_differently(office: Desk, sealed: bytes, trick: str) -> None:
    change, code = CONFUSED[trick]
    said, overall = found(office, changed(sealed, change))
    assert said["ofd.1.form"] == code
    assert overall is not Verdict.VALID
