"""Nothing that is handed in makes a check raise, and nothing that was changed becomes valid."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.algorithms.der import MalformedDer, decode
from ledger.seals.certificates import parse_certificate
from ledger.seals.checks import check_seal, check_signature
from ledger.seals.development import stamper_of
from ledger.seals.fuzzing import mutants, subjects
from ledger.seals.making import make_signed_data
from ledger.seals.ocsp import parse_ocsp
from ledger.seals.revocation import parse_revocation_list
from ledger.seals.seal import Form
from ledger.seals.signature import parse_signature
from ledger.seals.signed_data import is_signed_data, parse_signed_data, signer_certificate
from ledger.verdict import Verdict
from tests.unit.ledger.seals.place import DOCUMENT, NOON, Place

SEED = 20260528


def sound(place: Place) -> dict[str, bytes]:
    return {
        "V1": place.signature(Form.V1),
        "V4": place.signature(Form.V4),
        "V5 stamped": place.signature(Form.V5, stamper=stamper_of(place.stamper, NOON + 60)),
        "GM/T 35275": make_signed_data(DOCUMENT, place.agency, NOON),
    }


@pytest.mark.parametrize("name", ["V1", "V4", "V5 stamped", "GM/T 35275"])
def test_changed_signature_is_never_valid_and_never_raises(place: Place, name: str) -> None:
    whole = sound(place)[name]
    trust = place.trust()
    assert place.check(whole, trust).overall is Verdict.VALID
    for data in mutants(whole, random.Random(SEED), 400):
        if check_signature(data, DOCUMENT, trust, NOON + 3600).overall is Verdict.VALID:
            assert statement(data) == statement(whole), data.hex()


def statement(data: bytes) -> tuple[object, ...]:
    """What was said by whom: a copy may differ in nothing else (containers, a time stamp left out) and stay valid."""
    if not is_signed_data(decode(data)):
        signed = parse_signature(data)
        return signed.signed, signed.signer, signed.seal.signed, signed.seal.maker
    held = parse_signed_data(data)
    return tuple({(one.attributes, signer_certificate(held, one)) for one in held.signers})


@given(st.binary(max_size=400))
def test_any_bytes_give_a_report(place: Place, data: bytes) -> None:
    trust = place.trust()
    assert check_signature(data, data, trust, NOON).overall is Verdict.INVALID
    assert check_seal(data, trust, NOON).overall is Verdict.INVALID


@pytest.mark.parametrize("parse", [parse_certificate, parse_revocation_list, parse_ocsp])
def test_parsers_raise_only_their_error(place: Place, parse: object) -> None:
    assert callable(parse)
    generator = random.Random(SEED)
    for whole in subjects(place.authority, NOON):
        for data in mutants(whole, generator, 150):
            try:
                parse(data)
            except MalformedDer:
                continue
