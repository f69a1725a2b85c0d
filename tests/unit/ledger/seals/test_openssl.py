"""OpenSSL as a second reader of what we make, and as a second maker of what we read."""

import subprocess
from pathlib import Path

import pytest

from ledger.algorithms import oids
from ledger.seals.certificates import parse_certificate
from ledger.seals.issuing import Identity
from ledger.seals.ocsp import parse_ocsp
from ledger.seals.revocation import Revoked, parse_revocation_list
from ledger.seals.seal import Form
from ledger.seals.trust import TrustStore, TrustStores
from ledger.seals.verifying import Outcome, verify
from ledger.verdict import Verdict
from tests.unit.ledger.seals.place import DOCUMENT, NOON, Place, codes

pytestmark = pytest.mark.needs("openssl")

DISTINGUISHED = ("-vfyopt", "distid:1234567812345678")


def openssl(folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["openssl", *arguments], cwd=folder, input=given, capture_output=True, check=False, timeout=60
    )


def write_pem(path: Path, certificate: bytes) -> None:
    made = openssl(path.parent, "x509", "-inform", "DER", "-out", path.name, given=certificate)
    assert made.returncode == 0, made.stderr


def test_openssl_verifies_our_certificates(place: Place, tmp_path: Path) -> None:
    write_pem(tmp_path / "root.pem", place.authority.root.certificate)
    write_pem(tmp_path / "agency.pem", place.agency.certificate)
    asked = ("verify", "-x509_strict", "-CAfile", "root.pem", "-attime", str(NOON), *DISTINGUISHED, "agency.pem")
    said = openssl(tmp_path, *asked)
    assert b"agency.pem: OK" in said.stdout, said.stderr


def test_openssl_reads_our_revocation_lists(place: Place, tmp_path: Path) -> None:
    made = place.authority.revocation_list(NOON, revoked=[(0x77, Revoked(NOON - 5, 1, NOON - 9))])
    said = openssl(tmp_path, "crl", "-inform", "DER", "-noout", "-text", given=made).stdout.decode()
    assert "Serial Number: 77" in said
    assert "Key Compromise" in said
    assert "SM2-with-SM3" in said


@pytest.mark.parametrize("form", [Form.V1, Form.V4, Form.V5])
def test_openssl_reads_our_seals_as_der(place: Place, tmp_path: Path, form: Form) -> None:
    said = openssl(tmp_path, "asn1parse", "-inform", "DER", given=place.signature(form))
    assert said.returncode == 0, said.stderr
    assert b":SM2-with-SM3" in said.stdout
    assert b"Error" not in said.stdout


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"), "1.2.840.113549.1.1.11"),
        (("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"), "1.2.840.10045.4.3.2"),
    ],
    ids=["RSA", "P-256"],
)
def test_seals_under_certificates_that_openssl_made(
    place: Place, tmp_path: Path, key: tuple[str, ...], algorithm: str
) -> None:
    assert openssl(tmp_path, "genpkey", *key, "-out", "key.pem").returncode == 0
    usage = ("-addext", "keyUsage=critical,digitalSignature")
    subject = ("-subj", "/C=CN/O=Elsewhere/CN=Agency", "-days", "30", "-sha256", "-outform", "DER", "-out", "own.der")
    made = openssl(tmp_path, "req", "-x509", "-new", "-key", "key.pem", *subject, *usage)
    assert made.returncode == 0, made.stderr
    certificate = (tmp_path / "own.der").read_bytes()
    read = parse_certificate(certificate)
    assert verify(read.algorithm, read.public_key_info, read.signed, read.signature) is Outcome.HOLDS

    def sign(message: bytes) -> bytes:
        (tmp_path / "message").write_bytes(message)
        return openssl(tmp_path, "dgst", "-sha256", "-sign", "key.pem", "message").stdout

    signer = Identity(certificate, sign, algorithm)
    moment = read.valid_from + 60
    times = {"created": moment - 5, "valid_from": moment - 5, "valid_until": moment + 900}
    signature = place.signature(Form.V4, place.seal(Form.V4, signers=(certificate,), **times), signer, signed_at=moment)
    good = place.trust(moment)
    trust = TrustStores(good.makers, TrustStore.of([certificate]))
    assert place.check(signature, trust, moment + 5).overall is Verdict.VALID
    spoilt = signature[:-1] + bytes((signature[-1] ^ 1,))
    assert codes(place.check(spoilt, trust, moment + 5).report) == {"SIGNATURE_VALUE_WRONG"}


def test_certificate_signed_over_sha1(place: Place, tmp_path: Path) -> None:
    for name, extra in (("root", ("-addext", "basicConstraints=critical,CA:TRUE")), ("leaf", ())):
        key = ("-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-sha1")
        signed = () if name == "root" else ("-CA", "root.pem", "-CAkey", "root.key")
        made = openssl(tmp_path, "req", "-x509", *key, "-subj", f"/CN={name}", *signed, *extra, "-out", f"{name}.pem")
        assert made.returncode == 0, made.stderr
    ders = [openssl(tmp_path, "x509", "-in", f"{n}.pem", "-outform", "DER").stdout for n in ("root", "leaf")]
    moment = parse_certificate(ders[1]).valid_from + 60
    times = {"created": moment - 5, "valid_from": moment - 5, "valid_until": moment + 900}
    signature = place.signature(
        Form.V4, place.seal(Form.V4, **times), Identity(ders[1], place.agency.sign), signed_at=moment
    )
    trust = TrustStores(place.trust().makers, TrustStore.of([ders[0]]))
    assert "SIGNER_CERTIFICATE_ALGORITHM_WEAK" in codes(place.check(signature, trust, moment).report)


def test_ocsp_response_that_openssl_made(tmp_path: Path) -> None:
    """Over P-256: OpenSSL's responder command has no place for SM2's signer identifier."""
    for name, extra in (("root", ("-addext", "basicConstraints=critical,CA:TRUE")), ("leaf", ())):
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key")
        signed = () if name == "root" else ("-CA", "root.pem", "-CAkey", "root.key")
        made = openssl(
            tmp_path, "req", "-x509", "-new", *key, "-subj", f"/CN={name}", *signed, *extra, "-out", f"{name}.pem"
        )
        assert made.returncode == 0, made.stderr
    ders = [openssl(tmp_path, "x509", "-in", f"{n}.pem", "-outform", "DER").stdout for n in ("root", "leaf")]
    root, leaf = (parse_certificate(der) for der in ders)
    (tmp_path / "index.txt").write_text(
        f"R\t991231000000Z\t250101000000Z,superseded\t{leaf.serial:040X}\tunknown\t/CN=leaf\n"
    )
    ask = ("ocsp", "-index", "index.txt", "-CA", "root.pem", "-rsigner", "root.pem", "-rkey", "root.key")
    said = openssl(tmp_path, *ask, "-issuer", "root.pem", "-cert", "leaf.pem", "-respout", "answer.der", "-ndays", "3")
    assert said.returncode == 0, said.stderr
    status = parse_ocsp((tmp_path / "answer.der").read_bytes()).status_of(leaf, root)
    assert status is not None
    assert status.revoked == (Revoked(1735689600, 4),)


def test_revocation_list_that_openssl_made(tmp_path: Path) -> None:
    openssl(tmp_path, "genpkey", "-algorithm", "SM2", "-out", "root.key")
    made = openssl(
        tmp_path, "req", "-x509", "-new", "-key", "root.key", "-sm3", "-sigopt", "distid:1234567812345678",
        "-subj", "/CN=root", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", "root.pem",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    (tmp_path / "index.txt").write_text("R\t991231000000Z\t250101000000Z,keyCompromise\t0A\tunknown\t/CN=x\n")
    (tmp_path / "crlnumber").write_text("01\n")
    (tmp_path / "c.cnf").write_text(
        "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sm3\ndefault_crl_days=9\n"
    )
    ask = ("ca", "-gencrl", "-config", "c.cnf", "-cert", "root.pem", "-keyfile", "root.key", "-out", "list.pem")
    said = openssl(tmp_path, *ask, "-sigopt", "distid:1234567812345678")
    assert said.returncode == 0, said.stderr
    listed = parse_revocation_list(openssl(tmp_path, "crl", "-in", "list.pem", "-outform", "DER").stdout)
    root = parse_certificate(openssl(tmp_path, "x509", "-in", "root.pem", "-outform", "DER").stdout)
    status = listed.status_of(root, root)
    assert status is not None
    assert not status.revoked
    assert listed.revoked == {10: (Revoked(1735689600, 1),)}
    assert listed.algorithm == oids.SM2_WITH_SM3


PSS = ("rsa_padding_mode:pss", "rsa_pss_saltlen:32")


def _pss_identities(folder: Path) -> list[bytes]:
    """A root and a leaf, both over RSA-PSS: ``root.pem``, ``leaf.pem`` and their keys."""
    padded = (word for option in PSS for word in ("-sigopt", option))
    how = tuple(padded)
    usage = ("-addext", "keyUsage=critical,digitalSignature")
    for name, extra in (("root", ("-addext", "basicConstraints=critical,CA:TRUE")), ("leaf", usage)):
        key = ("-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-sha256", *how)
        signed = () if name == "root" else ("-CA", "root.pem", "-CAkey", "root.key")
        made = openssl(folder, "req", "-x509", *key, "-subj", f"/CN={name}", *signed, *extra, "-out", f"{name}.pem")
        assert made.returncode == 0, made.stderr
    return [openssl(folder, "x509", "-in", f"{n}.pem", "-outform", "DER").stdout for n in ("root", "leaf")]


def _pss_signed(folder: Path, digest: str, *options: str) -> bytes:
    (folder / "document").write_bytes(DOCUMENT)
    keyed = (word for option in (PSS[0], *options) for word in ("-keyopt", option))
    asked = ("cms", "-sign", "-binary", "-nodetach", "-in", "document", "-outform", "DER", "-md", digest)
    made = openssl(folder, *asked, "-signer", "leaf.pem", "-inkey", "leaf.key", *keyed)
    assert made.returncode == 0, made.stderr
    return made.stdout


def test_rsa_pss_in_certificates_lists_and_signed_data(place: Place, tmp_path: Path) -> None:
    root, leaf = _pss_identities(tmp_path)
    assert parse_certificate(root).algorithm == oids.RSA_PSS
    (tmp_path / "index.txt").write_text("")
    (tmp_path / "crlnumber").write_text("01\n")
    (tmp_path / "c.cnf").write_text(
        "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\ndefault_crl_days=9\n"
    )
    ask = ("ca", "-gencrl", "-config", "c.cnf", "-cert", "root.pem", "-keyfile", "root.key", "-out", "list.pem")
    assert openssl(tmp_path, *ask, "-sigopt", PSS[0], "-sigopt", PSS[1]).returncode == 0
    listed = openssl(tmp_path, "crl", "-in", "list.pem", "-outform", "DER").stdout
    trust = TrustStores(documents=TrustStore.of([root], lists=[listed]))
    at = parse_certificate(leaf).valid_from + 60
    made = _pss_signed(tmp_path, "sha256", PSS[1])
    assert place.check(made, trust, at).overall is Verdict.VALID
    spoilt = made[:-1] + bytes((made[-1] ^ 1,))
    assert codes(place.check(spoilt, trust, at).report) == {"SIGNED_DATA_VALUE_WRONG"}
    sha256 = bytes.fromhex("0609608648016503040201")
    confused = made[: made.rindex(sha256)] + sha256[:-1] + b"\x02" + made[made.rindex(sha256) + len(sha256) :]
    assert codes(place.check(confused, trust, at).report) == {"SIGNED_DATA_VALUE_WRONG"}  # the mask's is another


def test_rsa_pss_over_sha1_is_weak(place: Place, tmp_path: Path) -> None:
    root, leaf = _pss_identities(tmp_path)
    trust, at = TrustStores(documents=TrustStore.of([root, leaf])), parse_certificate(leaf).valid_from + 60
    for digest, options in (("sha1", (PSS[1],)), ("sha256", (PSS[1], "rsa_mgf1_md:sha1"))):
        report = place.check(_pss_signed(tmp_path, digest, *options), trust, at)
        assert codes(report.report) == {"SIGNED_DATA_VALUE_WEAK_ALGORITHM"}


def test_rsa_pss_where_there_is_no_place_for_its_parameters(place: Place) -> None:
    """A seal names an algorithm and nothing more; the defaults would be SHA-1, and are not assumed."""
    assert verify(oids.RSA_PSS, place.agency.parsed.public_key_info, b"", b"") is Outcome.UNKNOWN_ALGORITHM
