"""Attacks on seals and signatures by those who have something genuine in hand, each with its own finding."""

import hashlib
from dataclasses import replace
from functools import partial

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.algorithms import digests, oids
from ledger.algorithms.der import Element, MalformedDer, decode, read_flags, write, write_bits, write_integer, write_oid
from ledger.algorithms.keys import PublicKey
from ledger.algorithms.sm2 import SigningKey
from ledger.algorithms.sm2_libcrypto import Libcrypto
from ledger.errors import InvalidInput, Unavailable
from ledger.seals import certificates, verifying
from ledger.seals.certificates import OCSP_SIGNING, TIME_STAMPING, Extension, parse_certificate
from ledger.seals.checks import Expected, check_seal, check_signature
from ledger.seals.development import DAY, SIGNING_USAGE, development_name, stamper_of
from ledger.seals.issuing import Identity, Profile, make_certificate, write_name
from ledger.seals.making import make_signed_data, make_time_stamp
from ledger.seals.names import read_name
from ledger.seals.seal import Form
from ledger.seals.times import read_time, write_utc
from ledger.seals.trust import TrustStores
from ledger.verdict import Verdict
from tests.unit.ledger.seals.place import DOCUMENT, NOON, Place, codes, rewritten, with_in_place

V4 = Form.V4
OURS = Expected(owners=("某市行政审批服务局",))


def _issued(place: Place, issuer: Identity | None = None, **changes: object) -> Identity:
    usual = Profile(development_name("Seal", "某局"), NOON - 50 * DAY, NOON + 500 * DAY, 0, SIGNING_USAGE)
    return place.authority.issue_profile(replace(usual, **changes), issuer)  # type: ignore[arg-type]


def _used_by(place: Place, signer: Identity, expected: Expected = Expected()) -> set[str]:  # noqa: B008 - frozen
    seal = place.seal(V4, signers=(signer.certificate,))
    return codes(place.check(place.signature(V4, seal, signer), expected=expected).report)


# Something else in the place of the seal that is asked for


@pytest.mark.parametrize("detached", [True, False])
def test_signed_data_in_the_place_of_the_registered_seal(place: Place, *, detached: bool) -> None:
    """Anybody trusted for documents could sign; the seal that was asked for is not there at all."""
    made = make_signed_data(DOCUMENT, place.other_agency, NOON, detached=detached)
    assert place.check(made).overall is Verdict.VALID
    asked = Expected(seals=(digests.sm3(place.seal(V4)),))
    assert codes(place.check(made, expected=asked).report) == {"SEAL_MISSING"}


def test_signed_data_by_another_agency(place: Place) -> None:
    assert place.check(make_signed_data(DOCUMENT, place.agency, NOON), expected=OURS).overall is Verdict.VALID
    other = place.check(make_signed_data(DOCUMENT, place.other_agency, NOON), expected=OURS)
    assert codes(other.report) == {"SIGNED_BY_ANOTHER"}


def test_office_that_only_lies_in_the_city_of_that_name(place: Place) -> None:
    subject = (("2.5.4.7", "某市行政审批服务局"), ("2.5.4.10", "某公司"))
    assert _used_by(place, _issued(place, subject=subject), OURS) == {"SEAL_OF_ANOTHER_OWNER"}


def test_seal_that_also_lists_what_cannot_be_read(place: Place) -> None:
    seal = place.seal(V4, signers=(place.agency.certificate, b"\x30\x00"))
    report = check_seal(seal, place.trust(), NOON, expected=OURS)
    assert (codes(report.report), report.overall) == ({"SEAL_OWNER_UNKNOWN"}, Verdict.INDETERMINATE)


@pytest.mark.parametrize("usage", [certificates.SERVER, certificates.PROGRAM, TIME_STAMPING, OCSP_SIGNING])
def test_certificate_of_a_server_or_a_time_stamper_seals_nothing(place: Place, usage: str) -> None:
    """All come from the same root, but for another purpose."""
    assert _used_by(place, _issued(place, extended_usage=(usage,))) == {"SIGNER_KEY_USAGE"}
    assert _used_by(place, _issued(place, extended_usage=(usage, "1.3.6.1.5.5.7.3.36"))) == set()


def test_list_that_names_its_signer_by_a_weak_digest(place: Place) -> None:
    strong = write(0x30, write(0x13, oids.SM3.encode()), write(0x04, digests.sm3(place.agency.certificate)))
    for name, code in ((oids.SHA1, "LIST_DIGEST_WEAK"), ("1.2.3", "LIST_UNKNOWN_DIGEST")):
        value = hashlib.sha1(place.agency.certificate).digest()  # noqa: S324 - the attack
        info = decode(place.seal(V4, by_digest=True)).children[0]
        weak = with_in_place(info, strong, write(0x30, write(0x13, name.encode()), write(0x04, value)))
        maker = place.maker
        seal = write(0x30, weak, write(0x04, maker.certificate), write_oid(maker.algorithm), _bits(maker, weak))
        assert codes(place.check(place.signature(V4, seal)).report) == {code}


def _bits(signer: Identity, signed: bytes) -> bytes:
    return write_bits(signer.sign(signed))


# Time stamps


def _stamped(place: Place, token: bytes) -> set[str]:
    return codes(place.check(place.signature(V4, stamper=lambda _: token)).report)


def _token_over(place: Place, algorithm: str, digest: bytes) -> bytes:
    imprint = write(0x30, write(0x30, write_oid(algorithm)), write(0x04, digest))
    rest = write_integer(7), b"\x18\x0f20260528202700Z"
    info = write(0x30, write_integer(1), write_oid("1.2.3"), imprint, *rest)
    return make_signed_data(info, place.stamper, NOON + 60, kind="1.2.840.113549.1.9.16.1.4")


def _token_of(place: Place, name: str, value: bytes) -> bytes:
    algorithm = digests.named(name)
    assert algorithm is not None
    return _token_over(place, name, digests.digest(algorithm, value))


def test_time_stamp_of_a_weak_digest(place: Place) -> None:
    """Two signature values with one SHA-1 can be made; the stamp of one must not vouch for the other."""
    for name, code in ((oids.SHA1, "STAMP_DIGEST_WEAK"), (oids.MD5, "STAMP_DIGEST_WEAK"), (oids.SHA256, None)):
        made = place.signature(V4, stamper=partial(_token_of, place, name))
        assert codes(place.check(made).report) == ({code} if code else set())


def test_time_stamp_of_an_unknown_digest_is_not_known_to_be_of_something_else(place: Place) -> None:
    report = place.check(place.signature(V4, stamper=lambda _: _token_over(place, "1.2.3", bytes(32))))
    assert (codes(report.report), report.overall) == ({"STAMP_DIGEST_UNKNOWN"}, Verdict.INDETERMINATE)


def test_time_stamp_with_a_second_signer(place: Place) -> None:
    token = decode(make_time_stamp(b"x", NOON, 1, place.stamper))
    signers = token.children[1].children[0].children[-1]
    assert _stamped(place, with_in_place(token, signers.raw, write(0x31, signers.content * 2))) == {
        "TIME_STAMP_SIGNERS"
    }


def test_time_stamp_signed_without_saying_that_it_is_one(place: Place) -> None:
    """Signed as plain octets, it could have been signed as anything (RFC 5652 5.3)."""

    def stamp(value: bytes) -> bytes:
        token = decode(make_time_stamp(value, NOON + 60, 1, place.stamper))
        info = token.children[1].children[0].children[2].children[1].children[0].content
        signer = token.children[1].children[0].children[-1].children[0]
        bare = [child.raw for child in signer.children if child.tag != 0xA0]
        bare[-1] = write(0x04, place.stamper.sign(info))
        return with_in_place(token, signer.raw, write(0x30, *bare))

    assert codes(place.check(place.signature(V4, stamper=stamp)).report) == {"TIME_STAMP_VALUE_WRONG"}
    honest = place.signature(V4, stamper=stamper_of(place.stamper, NOON + 60))
    assert place.check(honest).overall is Verdict.VALID


# Strange encodings and names


def test_flags_beyond_those_that_count() -> None:
    """Seven bits are said not to count, and yet are set: one reader takes them, another does not."""
    with pytest.raises(MalformedDer, match="DER_BIT_STRING"):
        read_flags(decode(b"\x03\x02\x07\xff"))
    assert read_flags(decode(b"\x03\x02\x00\x80")) == {0}  # zeros too many are met, and mean the same


@pytest.mark.parametrize("zone", [b"+9900", b"+0860", b"-2400", b"+1500"])
def test_zone_that_lies_nowhere(zone: bytes) -> None:
    with pytest.raises(MalformedDer, match="DER_TIME"):
        read_time(decode(write(0x18, b"20260528202640" + zone)))


def test_year_that_a_short_time_cannot_say() -> None:
    for moment in (-631_152_001, 2_524_608_000):
        with pytest.raises(InvalidInput, match="TIME_OUT_OF_RANGE"):
            write_utc(moment)
    assert read_time(decode(write_utc(2_524_607_999))) == 2_524_607_999


def test_alternative_names_that_are_not_der_harm_nothing(place: Place) -> None:
    for kind in ("2.5.29.17", "2.5.29.32"):
        strange = Extension(kind, critical=False, value=b"mailto:someone")
        assert _used_by(place, _issued(place, others=(strange,))) == set()
    twice = Extension("1.2.3", critical=False, value=b"")
    with pytest.raises(MalformedDer, match="CERTIFICATE_EXTENSION"):
        parse_certificate(_issued(place, others=(twice, twice)).certificate)


def test_names_that_cannot_be_read_are_equal_to_nothing() -> None:
    odd = [write(0x30, write(0x31, write(0x30, write_oid("2.5.4.3"), write(0x0C, v)))) for v in (b"a\xff", b"a\xfe")]
    cut = [write(0x30, write(0x31, write(0x30, write(0x0C, b"x" * 40 + v)))) for v in (b"1", b"2")]
    for one, other in (odd, cut):
        assert not read_name(decode(one)).same_as(read_name(decode(other)))
        assert read_name(decode(one)).same_as(read_name(decode(one)))
    plain = (read_name(decode(write_name((("2.5.4.3", text),)))) for text in ("Some  One", "some one"))
    assert next(plain).same_as(next(plain))


def test_control_sequences_in_a_seal_reach_no_report(place: Place) -> None:
    kind = "\x1b[2JX"
    seal = place.seal(V4, picture_type=kind)
    report = place.check(place.signature(V4, seal))
    assert report.overall is Verdict.VALID
    assert all(kind not in value for check in report.report.checks for _, value in check.facts)
    listed = rewritten(place, write(0x16, b"37010020260001"), write(0x16, b"\x1b[2J"))
    assert all("\x1b" not in repr(check) for check in place.check(place.signature(V4, listed)).report.checks)


def test_key_written_in_another_way_is_not_read_as_the_same(place: Place) -> None:
    info = place.agency.parsed.public_key_info
    unused_bits = info.replace(b"\x03\x42\x00\x04", b"\x03\x42\x01\x04")
    assert unused_bits != info
    assert verifying.verify(oids.SM2_WITH_SM3, info, b"m", place.agency.sign(b"m")) is verifying.Outcome.HOLDS
    for changed in (unused_bits, info + b"\0", info[:-1], b"\x31" + info[1:]):
        outcome = verifying.verify(oids.SM2_WITH_SM3, changed, b"m", place.agency.sign(b"m"))
        assert outcome is not verifying.Outcome.HOLDS


# Outages


def _out_of_order(*_: object, **__: object) -> bool:
    raise Unavailable("SM2_FAILED", "libcrypto failed", "libcrypto 的 SM2 运算失败")


def test_outage_of_sm2_is_not_a_forgery(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is over when SM2 is back: nothing of it is kept."""
    signature, seal, trust = place.signature(V4), place.seal(V4), place.trust(NOON + DAY + 1)
    with monkeypatch.context() as broken:
        broken.setattr(PublicKey, "verify", _out_of_order)
        reports = [
            check_signature(signature, DOCUMENT, trust, NOON + DAY).report, check_seal(seal, trust, NOON).report
        ]  # fmt: skip
        for report in reports:
            assert (codes(report), report.overall) == ({"SM2_FAILED"}, Verdict.INDETERMINATE)
    assert place.check(signature, trust).overall is Verdict.VALID
    assert check_seal(seal, trust, NOON).overall is Verdict.VALID
    assert place.check(signature, TrustStores()).overall is Verdict.INDETERMINATE


def test_more_than_is_read_here_is_not_known_to_be_wrong(place: Place) -> None:
    """A picture of 17 MB, a certificate of 40 KB: odd, and not forged."""
    large = place.signature(V4, place.seal(V4, picture=bytes(17 << 20)))
    heavy = Extension("1.2.3", critical=False, value=bytes(40_000))
    wide = _issued(place, others=(heavy,))
    odd = place.signature(V4, signer=Identity(wide.certificate, wide.sign), seal=place.seal(V4, signers=(b"x",)))
    assert place.check(large).overall is Verdict.INDETERMINATE
    assert codes(place.check(large).report) == {"DER_TOO_LARGE"}
    said = {check.name: check.verdict for check in place.check(odd).report.failures}
    assert said["signature.signer.certificate"] is Verdict.INDETERMINATE


def test_library_that_fails_is_not_a_wrong_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    from ledger.algorithms import sm2_backends  # noqa: PLC0415

    libraries = [one for one in sm2_backends.usable() if isinstance(one, Libcrypto)]
    key = SigningKey(bytes(31) + b"\7")
    for one in libraries:
        monkeypatch.setattr(one, "_library", _Failing(one._library))
        with pytest.raises(Unavailable, match="SM2_FAILED"):
            one.verify(key.public_key, bytes(32), bytes(31) + b"\1" + bytes(31) + b"\1")
    assert libraries


class _Failing:
    """OpenSSL with no memory left, just when it verifies."""

    def __init__(self, real: object) -> None:
        self._real = real

    def __getattr__(self, name: str) -> object:
        return (lambda *_: -1) if name == "EVP_PKEY_verify" else getattr(self._real, name)


def test_signed_data_of_a_key_other_than_sm2_say_so(place: Place) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    info = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    profile = Profile(development_name("Seal", "某局"), NOON - DAY, NOON + 90 * DAY, 77, SIGNING_USAGE)
    root = place.authority.root
    certificate = make_certificate(profile, info, root, root.sign)
    signer = Identity(
        certificate, lambda message: private.sign(message, ec.ECDSA(hashes.SHA256())), oids.ECDSA_WITH_SHA256
    )
    assert place.check(make_signed_data(DOCUMENT, signer, NOON)).overall is Verdict.VALID
    assert place.check(place.signature(V4, place.seal(V4, signers=(certificate,)), signer)).overall is Verdict.VALID


def test_rubbish_of_twenty_thousand_elements_is_decoded_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """An OFD may carry 256 such values: what is no signature is not decoded anew to see whether it is a seal."""
    rubbish = write(0x30, b"\x05\x00" * 19_000)
    decoded: list[bytes] = []

    def counted(data: bytes) -> Element:
        decoded.append(data)
        return decode(data)

    monkeypatch.setattr("ledger.seals.checks.decode", counted)
    monkeypatch.setattr("ledger.seals.seal.decode", counted)
    assert place.check(rubbish).overall is Verdict.INVALID
    assert decoded == [rubbish]
