"""Signed PDFs: good ones, every kind of bad one, and what an attacker may try between the bytes that are signed."""

import io
import random
import re
import secrets
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign import signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from api.documents import pdf_reading, reading
from api.documents.pdf import check_pdf
from api.documents.pdf_making import make_pdf, sign_pdf
from api.documents.reading import Terms, examine
from ledger.algorithms import der
from ledger.algorithms.digests import sm3
from ledger.documents.pdf import PdfSignature
from ledger.seals.development import DevelopmentAuthority
from ledger.seals.making import SignatureDraft, make_signature, make_signed_data
from ledger.seals.seal import Form
from ledger.seals.trust import TrustStore, TrustStores
from ledger.verdict import Report, Verdict

NOW = 1_790_000_000
AUTHORITY = DevelopmentAuthority.found(secrets.token_bytes, NOW - 86_400, NOW + 300 * 86_400)
OFFICE = AUTHORITY.issue("License Office")
TRUST = AUTHORITY.trust(AUTHORITY.revocation_list(NOW))
PLAIN = make_pdf(("HUXIN test license (development)", "No. 1"))


def _sm2(signed: bytes) -> bytes:
    return make_signed_data(signed, OFFICE, NOW, detached=True)


def _signed(field: str = "First", data: bytes = PLAIN, permission: int | None = None) -> bytes:
    return sign_pdf(data, field, _sm2, NOW, permission)


SIGNED = _signed()


def _check(data: bytes, trust: TrustStores = TRUST, password: str | None = None) -> Report:
    return check_pdf(data, trust, NOW + 60, password=password)


def _codes(report: Report) -> set[str]:
    return {check.reason_code for check in report.failures}


def test_sm2_signature_is_valid_with_every_check_named() -> None:
    report = _check(SIGNED)
    assert report.overall is Verdict.VALID, report.failures
    names = {check.name for check in report.checks}
    assert {"document.kind", "pdf.structure", "pdf.1.range", "pdf.1.changes", "pdf.1.signed_data.value"} <= names


def test_two_signatures_stay_valid_and_the_second_is_no_change() -> None:
    report = _check(_signed("Second", SIGNED))
    assert report.overall is Verdict.VALID, report.failures
    added = {check.name: dict(check.facts)["added"] for check in report.checks if check.name.endswith("changes")}
    assert added == {"pdf.1.changes": "signatures", "pdf.2.changes": "none"}


def _gap(data: bytes) -> tuple[int, int]:
    _, start, end, _ = _byte_range(data)
    return start, end


def _byte_range(data: bytes) -> list[int]:
    found = re.search(rb"/ByteRange \[([0-9 ]+)\]", data)
    assert found is not None
    return [int(part) for part in found[1].split()]


def test_no_changed_byte_is_ever_valid() -> None:
    rng = random.Random(7)
    start, end = _gap(SIGNED)
    places = [rng.randrange(len(SIGNED)) for _ in range(400)]
    for place in (one for one in places if not start <= one < end):
        changed = bytearray(SIGNED)
        changed[place] ^= 1 << rng.randrange(8)
        assert _check(bytes(changed)).overall is not Verdict.VALID, place


def test_changed_page_breaks_the_value() -> None:
    assert _codes(_check(SIGNED.replace(b"No. 1", b"No. 2"))) >= {"SIGNED_DATA_VALUE_WRONG"}


def test_something_hidden_in_the_padding_is_found() -> None:
    _, end = _gap(SIGNED)
    changed = SIGNED[: end - 9] + b"deadbeef" + SIGNED[end - 1 :]
    assert "PDF_RANGE_ODD" in _codes(_check(changed))


@pytest.mark.parametrize("hole", [10, 100])
def test_hole_beside_the_value_is_found(hole: int) -> None:
    """The signer leaves bytes out, so that somebody can exchange them; the value itself is good."""
    _, start, end, rest = _byte_range(SIGNED)
    wanted = b"[0 %d %d %d]" % (start, end + hole, rest - hole)
    old = re.search(rb"\[0 [0-9 ]+\]", SIGNED)
    assert old is not None
    changed = SIGNED.replace(old[0], wanted.ljust(len(old[0])))
    value = _sm2(changed[:start] + changed[end + hole :])
    forged = changed[: start + 1] + value.hex().encode().ljust(end - start - 2, b"0") + changed[end - 1 :]
    report = _check(forged)
    assert "PDF_RANGE_ODD" in _codes(report)
    assert "SIGNED_DATA_VALUE_WRONG" not in _codes(report)
    assert report.overall is Verdict.INVALID


def _appended(data: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    out = IncrementalPdfFileWriter(io.BytesIO(data))
    change(out)
    made = io.BytesIO()
    out.write(made)
    return made.getvalue()


def _other_text(out: IncrementalPdfFileWriter) -> None:
    page = out.root["/Pages"]["/Kids"][0]
    page[pdf_name("/Contents")] = out.add_object(
        generic.StreamObject(stream_data=b"BT /F1 14 Tf 72 760 Td (No. 666) Tj ET")
    )
    out.update_container(page)


def _note(out: IncrementalPdfFileWriter) -> None:
    rectangle = generic.ArrayObject([generic.NumberObject(one) for one in (0, 0, 595, 842)])
    note = generic.DictionaryObject({
        pdf_name("/Type"): pdf_name("/Annot"), pdf_name("/Subtype"): pdf_name("/FreeText"),
        pdf_name("/Rect"): rectangle, pdf_name("/Contents"): generic.TextStringObject("No. 666"),
    })  # fmt: skip
    out.register_annotation(out.root["/Pages"]["/Kids"].raw_get(0), out.add_object(note))


def test_page_exchanged_by_an_incremental_update_is_found() -> None:
    report = _check(_appended(SIGNED, _other_text))
    assert report.overall is Verdict.INVALID
    assert "PDF_CHANGED" in _codes(report)


@pytest.mark.parametrize("permission", [None, 1, 2])
def test_annotation_laid_over_a_signed_page_is_never_valid(permission: int | None) -> None:
    report = _check(_appended(_signed(permission=permission), _note))
    assert report.overall is not Verdict.VALID
    assert _codes(report) & {"PDF_CHANGED", "PDF_CHANGE_FORBIDDEN", "PDF_ADDED_TO"}


def test_second_signature_where_the_first_forbids_any_change() -> None:
    assert _check(_signed(permission=1)).overall is Verdict.VALID
    report = _check(_signed("Second", _signed(permission=2)))
    assert report.overall is Verdict.VALID, report.failures
    try:
        changed = _signed("Second", _signed(permission=1))
    except ValueError:
        return
    assert _check(changed).overall is Verdict.INVALID


@pytest.mark.parametrize("tail", [b"\n1 0 obj\n<<>>\nendobj\n", b"\n5 0 obj\n<<>>\nendobj\nstartxref\nTABLE\n%%EOF\n"])
def test_bytes_behind_the_end_are_a_change(tail: bytes) -> None:
    """No table lists them; but programs that mend a broken file find them."""
    table = re.findall(rb"startxref\n(\d+)", SIGNED)[-1]
    assert "PDF_CHANGED" in _codes(_check(SIGNED + tail.replace(b"TABLE", table)))


def test_line_ends_behind_the_end_are_none() -> None:
    assert _check(SIGNED + b"\r\n").overall is Verdict.VALID


def test_unsigned() -> None:
    assert _codes(_check(PLAIN)) == {"PDF_UNSIGNED"}


def test_signer_nobody_trusts() -> None:
    stranger = DevelopmentAuthority.found(secrets.token_bytes, NOW - 86_400, NOW + 86_400)
    report = _check(SIGNED, stranger.trust(stranger.revocation_list(NOW)))
    assert "SIGNER_NOT_TRUSTED" in _codes(report)


def test_e_seal_as_the_value() -> None:
    """Some producers put a seal signature where the format has CMS; ``ledger.seals`` reads both."""
    maker = AUTHORITY.issue("Seal Maker")
    seal = AUTHORITY.seal(Form.V4, maker, OFFICE, "License Office", NOW, "44030000000001")

    def stamped(signed: bytes) -> bytes:
        return make_signature(Form.V4, SignatureDraft(seal, sm3(signed), "/", NOW), OFFICE)

    data = sign_pdf(PLAIN, "Seal", stamped, NOW)
    assert _check(data).overall is Verdict.VALID, _check(data).failures
    assert _check(data.replace(b"No. 1", b"No. 2")).overall is Verdict.INVALID


@pytest.mark.parametrize("value", [b"\x30\x03\x02\x01\x05", b"", b"not DER at all", b"\x30\x80\x00\x00"])
def test_value_that_is_nothing(value: bytes) -> None:
    assert _check(sign_pdf(PLAIN, "First", lambda _: value, NOW)).overall is Verdict.INVALID


def test_nothing_of_the_content_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    for place in range(20, len(SIGNED), 97):
        _check(SIGNED[:place] + b"  (secret) " + SIGNED[place:])
    assert caplog.text == ""


def test_whatever_document_a_window_is_shown() -> None:
    """The one entry for every kind of file reads PDFs too, and names the seals in them."""
    maker = AUTHORITY.issue("Seal Maker")
    seal = AUTHORITY.seal(Form.V4, maker, OFFICE, "License Office", NOW, "44030000000001")
    sealed = sign_pdf(
        PLAIN, "Seal", lambda signed: make_signature(Form.V4, SignatureDraft(seal, sm3(signed), "/", NOW), OFFICE), NOW
    )
    found = examine(io.BytesIO(sealed), Terms(TRUST, NOW + 60))
    assert (found.kind, found.report.overall) == ("PDF", Verdict.VALID)
    assert [one.sm3 for one in found.seals] == [sm3(seal)]
    assert examine(io.BytesIO(b"text"), Terms(TRUST, NOW)).kind != "PDF"


def test_encrypted() -> None:
    out = copy_into_new_writer(PdfFileReader(io.BytesIO(PLAIN)))
    out.encrypt(owner_pass="owner", user_pass="window")
    made = io.BytesIO()
    out.write(made)
    assert _codes(_check(made.getvalue())) == {"PDF_ENCRYPTED"}
    assert _codes(_check(made.getvalue(), password="guess")) == {"PDF_PASSWORD_WRONG"}
    assert _codes(_check(made.getvalue(), password="window")) == {"PDF_UNSIGNED"}


def test_encrypted_in_a_way_of_its_own() -> None:
    out = copy_into_new_writer(PdfFileReader(io.BytesIO(PLAIN)))
    out.encrypt(owner_pass="owner", user_pass="window")
    made = io.BytesIO()
    out.write(made)
    strange = made.getvalue().replace(b"/Filter /Standard", b"/Filter /Strange1", 1)
    report = _check(strange)
    assert _codes(report) == {"PDF_ENCRYPTION_UNKNOWN"}
    assert report.overall is Verdict.INDETERMINATE


def _with_field(out: IncrementalPdfFileWriter) -> None:
    """A field for text on the page."""
    rectangle = generic.ArrayObject([generic.NumberObject(one) for one in (50, 600, 300, 640)])
    field = out.add_object(generic.DictionaryObject({
        pdf_name("/FT"): pdf_name("/Tx"), pdf_name("/T"): generic.TextStringObject("Holder"),
        pdf_name("/V"): generic.TextStringObject("-"), pdf_name("/Type"): pdf_name("/Annot"),
        pdf_name("/Subtype"): pdf_name("/Widget"), pdf_name("/Rect"): rectangle,
    }))  # fmt: skip
    out.register_annotation(out.root["/Pages"]["/Kids"].raw_get(0), field)
    out.root[pdf_name("/AcroForm")] = generic.DictionaryObject({pdf_name("/Fields"): generic.ArrayObject([field])})
    out.update_root()


def _fill(out: IncrementalPdfFileWriter) -> None:
    field = out.root["/AcroForm"]["/Fields"][0]
    field[pdf_name("/V")] = generic.TextStringObject("Somebody Else")
    out.update_container(field)


@pytest.mark.parametrize(
    ("permission", "filled", "answered"),
    [(None, Verdict.INDETERMINATE, Verdict.INDETERMINATE), (1, Verdict.INVALID, Verdict.INVALID),
     (2, Verdict.INDETERMINATE, Verdict.VALID), (3, Verdict.INDETERMINATE, Verdict.VALID)],
)  # fmt: skip
def test_a_holders_name_filled_in_by_anybody_after_signing(
    permission: int | None, filled: Verdict, answered: Verdict
) -> None:
    """Even where the signer allows forms to be filled in, nobody answers for it before a later signature does."""
    form = _signed(data=_appended(PLAIN, _with_field), permission=permission)
    assert _check(form).overall is Verdict.VALID
    changed = _appended(form, _fill)
    assert _check(changed).overall is filled
    assert _check(_signed("Second", changed)).overall is answered
    stranger = DevelopmentAuthority.found(secrets.token_bytes, NOW - 86_400, NOW + 86_400).issue("Nobody")
    forged = sign_pdf(changed, "Second", lambda signed: make_signed_data(signed, stranger, NOW, detached=True), NOW)
    found = {check.name: check.verdict for check in _check(forged).checks}
    assert found["pdf.1.changes"] is filled


def test_an_ofd_appended_to_a_pdf_makes_it_two_documents() -> None:
    report = _check(SIGNED + b"PK\x03\x04" + bytes(200) + b"PK\x05\x06" + bytes(18))
    assert "PDF_CHANGED" in _codes(report)


def test_cut_off_anywhere() -> None:
    rng = random.Random(11)
    for size in (5, 100, *(rng.randrange(10, len(SIGNED)) for _ in range(60)), len(SIGNED) - 7):
        report = _check(SIGNED[:size])
        assert report.overall is not Verdict.VALID, size
    assert "PDF_TRUNCATED" in _codes(_check(SIGNED[:700]))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "KIND_EMPTY"),
        (b"PK\x03\x04....", "KIND_ZIP"),
        (b"\xff\xd8\xff\xe0", "KIND_JPEG"),
        (b"hello", "KIND_UNKNOWN"),
    ],
)
def test_another_kind_of_file(data: bytes, code: str) -> None:
    assert _codes(_check(data)) == {code}


def test_rubbish_that_begins_like_a_pdf() -> None:
    assert _codes(_check(b"%PDF-1.7\n" + bytes(range(256)) * 20 + b"%%EOF")) & {"PDF_MALFORMED", "PDF_IRREGULAR"}


def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (pdf_reading, reading):
        monkeypatch.setattr(module, "MOST_BYTES", len(SIGNED) - 1)
    assert _codes(_check(SIGNED)) == {"PDF_TOO_LARGE"}
    assert _codes(examine(SIGNED, Terms(TRUST, NOW)).report) == {"PDF_TOO_LARGE"}


def test_network_is_never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **_: asked.append(a))
    monkeypatch.setattr(socket.socket, "connect", lambda *a: asked.append(a))
    assert _check(_rsa_signed("sha256")[0]).checks
    assert asked == []


def _rsa_signed(digest: str) -> tuple[bytes, TrustStores]:
    """Signed by pyHanko's own signer: another implementation, ordinary CMS."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Development only")])
    start = datetime.fromtimestamp(NOW, UTC) - timedelta(days=1)
    access = x509.AccessDescription(
        AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://ocsp.invalid/")
    )
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(start).not_valid_after(start + timedelta(days=900))
        .add_extension(x509.KeyUsage(
            digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
        ), critical=True)
        .add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    encoded = certificate.public_bytes(Encoding.DER)
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = signers.SimpleSigner(
        asn1_x509.Certificate.load(encoded), asn1_keys.PrivateKeyInfo.load(private), SimpleCertificateStore()
    )
    made = signers.sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(PLAIN)),
        signers.PdfSignatureMetadata(field_name="First", md_algorithm=digest),
        signer=signer,
    )
    store = TrustStore.of([encoded])
    return made.getvalue(), TrustStores(store, store, store, store)


@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_ordinary_cms_of_another_implementation(digest: str) -> None:
    data, trust = _rsa_signed(digest)
    at = int(datetime.now(UTC).timestamp())
    report = check_pdf(data, trust, at)
    value = next(check for check in report.checks if check.name == "pdf.1.signed_data.value")
    assert value.verdict is Verdict.VALID, report.failures
    changed = check_pdf(data.replace(b"No. 1", b"No. 2"), trust, at)
    assert "SIGNED_DATA_VALUE_WRONG" in _codes(changed)


def test_weak_digest_is_its_own_finding() -> None:
    data, trust = _rsa_signed("sha1")
    report = check_pdf(data, trust, int(datetime.now(UTC).timestamp()))
    assert "SIGNED_DATA_VALUE_WEAK_ALGORITHM" in _codes(report)


def test_value_is_taken_without_its_padding() -> None:
    read = pdf_reading.read_pdf(SIGNED)
    assert read.signatures is not None
    (one,) = read.signatures
    assert isinstance(one, PdfSignature)
    assert der.decode_first(one.value).end == len(one.value)
    start, end = _gap(SIGNED)
    assert one.signed == SIGNED[:start] + SIGNED[end:]
