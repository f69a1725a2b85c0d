"""Sign-in by key: messages of the reference library, and what a phisher or a replayer may send."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from hypothesis import given
from hypothesis import strategies as st

from ledger.crypto import CURVE_ORDER, address_of, compact, expand_65, sign
from ledger.errors import InvalidInput
from ledger.signin import Expected, SignIn, SignInRefused, parse_sign_in, personal_digest, verify_sign_in

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "vectors" / "signin.json").read_text("utf-8"))
KEY = b"\x4c" * 32
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MESSAGE = SignIn(
    domain="window.example",
    address=address_of(KEY),
    uri="https://window.example/login",
    chain_id=20261122,
    nonce="32891756abc",
    issued_at=NOW,
    expiration_time=NOW + timedelta(hours=8),
    statement="Sign in to Huxin",
)
EXPECTED = Expected("window.example", "https://window.example/login", 20261122, "32891756abc", NOW)


def _sign(text: str, key: bytes = KEY) -> bytes:
    return expand_65(sign(key, personal_digest(text.encode())))


def _faults(text: str, signature: bytes, expected: Expected = EXPECTED) -> list[tuple[str, str]]:
    with pytest.raises(SignInRefused) as caught:
        verify_sign_in(text, signature, expected)
    assert caught.value.http_status == 401
    assert all(fault.zh and fault.en for fault in caught.value.faults)
    return [(fault.code, fault.where) for fault in caught.value.faults]


def _codes(message: SignIn, expected: Expected = EXPECTED) -> list[str]:
    text = message.text()
    return [code for code, _ in _faults(text, _sign(text), expected)]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_messages_of_the_reference_library(vector: dict[str, Any]) -> None:
    """Read, written back byte for byte, digest and signature accepted."""
    message = parse_sign_in(vector["text"])
    fields = vector["fields"]
    assert message.text() == vector["text"]
    assert (message.domain, message.uri, message.chain_id) == (fields["domain"], fields["uri"], fields["chainId"])
    assert (message.statement, message.scheme) == (fields.get("statement"), fields.get("scheme"))
    assert message.resources == (tuple(fields["resources"]) if "resources" in fields else None)
    signature = bytes.fromhex(vector["signature"][2:])
    assert signature == _sign(vector["text"])
    expected = Expected(message.domain, message.uri, message.chain_id, message.nonce, NOW)
    if message.expiration_time:
        assert verify_sign_in(vector["text"], signature, expected) == message
    else:
        assert _faults(vector["text"], signature, expected) == [("SIGNIN_TOO_LONG", "expiration_time")]


def test_the_eip_s_own_example() -> None:
    """With a statement and resources; times are RFC 3339."""
    text = (
        "example.com wants you to sign in with your Ethereum account:\n"
        "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2\n\n"
        "I accept the ExampleOrg Terms of Service: https://example.com/tos\n\n"
        "URI: https://example.com/login\nVersion: 1\nChain ID: 1\nNonce: 32891756\n"
        "Issued At: 2021-09-30T16:25:24Z\nResources:\n"
        "- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/\n"
        "- https://example.com/my-web2-claim.json"
    )
    message = parse_sign_in(text)
    assert message.text() == text
    assert message.issued_at == datetime(2021, 9, 30, 16, 25, 24, tzinfo=UTC)
    assert len(message.resources or ()) == 2


def test_same_hash_as_eth_account_and_both_forms_of_signature() -> None:
    """personal_sign of EIP-191; 65 and 64 bytes."""
    text = MESSAGE.text()
    other = Account.sign_message(encode_defunct(text=text), KEY)
    assert bytes(other.signature) == _sign(text)
    for signature in (bytes(other.signature), compact(bytes(other.signature))):
        assert verify_sign_in(text, signature, EXPECTED).address == address_of(KEY)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"domain": "window.example.evil.test"}, ["SIGNIN_DOMAIN"]),
        ({"uri": "https://evil.test/login"}, ["SIGNIN_URI"]),
        ({"chain_id": 1}, ["SIGNIN_CHAIN"]),
        ({"nonce": "32891756abd"}, ["SIGNIN_NONCE"]),
        ({"issued_at": NOW + timedelta(seconds=61)}, ["SIGNIN_FROM_THE_FUTURE"]),
        ({"not_before": NOW + timedelta(seconds=61)}, ["SIGNIN_NOT_YET"]),
        ({"expiration_time": None}, ["SIGNIN_TOO_LONG"]),
        ({"expiration_time": NOW + timedelta(hours=24, seconds=1)}, ["SIGNIN_TOO_LONG"]),
        ({"issued_at": NOW - timedelta(hours=1), "expiration_time": NOW}, ["SIGNIN_EXPIRED"]),
        (
            {"domain": "evil.test", "chain_id": 5, "nonce": "00000000", "expiration_time": NOW},
            ["SIGNIN_DOMAIN", "SIGNIN_CHAIN", "SIGNIN_NONCE", "SIGNIN_EXPIRED"],
        ),
    ],
)
def test_attack_message_signed_for_another_time_or_place(change: dict[str, Any], codes: list[str]) -> None:
    """Phished, replayed, on another chain, expired: every reason is named."""
    assert _codes(replace(MESSAGE, **change)) == codes


def test_attack_signature_of_somebody_else() -> None:
    """Another key, a changed message, a malleable or cut signature."""
    text = MESSAGE.text()
    assert _faults(text, _sign(text, b"\x01" * 32)) == [("SIGNIN_WRONG_SIGNER", "signature")]
    assert _faults(text, _sign(text.replace("Huxin", "Other"))) == [("SIGNIN_WRONG_SIGNER", "signature")]
    good = _sign(text)
    twin = good[:32] + (CURVE_ORDER - int.from_bytes(good[32:64])).to_bytes(32) + bytes((55 - good[64],))
    assert _faults(text, twin) == [("SIGNATURE_HIGH_S", "signature")]
    assert _faults(text, good[:63]) == [("SIGNATURE_LENGTH", "signature")]
    assert _faults(text, b"") == [("SIGNATURE_LENGTH", "signature")]


@pytest.mark.parametrize(
    "change",
    [
        {"statement": "登录互信"},
        {"statement": "line\nURI: https://evil.test"},
        {"statement": 'quoted "text"'},
        {"domain": "window.example\nevil"},
        {"domain": "window.example@evil.test"},
        {"domain": ""},
        {"domain": "[::zz]"},
        {"uri": "no scheme"},
        {"uri": "https://window.example/login\nVersion: 2"},
        {"uri": "https://[1.2.3]/"},
        {"nonce": "short"},
        {"nonce": "with space"},
        {"chain_id": -1},
        {"request_id": "a b"},
        {"resources": ("not a uri",)},
        {"resources": ("https://a.test\n- https://b.test",)},
        {"scheme": "1http"},
        {"scheme": ""},
        {"issued_at": NOW.replace(tzinfo=None)},
    ],
)
def test_attack_lines_smuggled_into_a_message(change: dict[str, Any]) -> None:
    """Nothing is written that would read back as another message, or not at all."""
    with pytest.raises(InvalidInput) as caught:
        replace(MESSAGE, **change).text()
    assert {fault.code for fault in caught.value.faults} == {"SIGNIN_MALFORMED"}


def _line(number: int, new: str | None) -> Callable[[list[str]], list[str]]:
    return lambda lines: lines[:number] + ([] if new is None else [new]) + lines[number + 1 :]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (_line(0, "window.example wants you to sign in with your ethereum account:"), "message line 1"),
        (_line(2, "x"), "message line 3"),
        (_line(4, "x"), "message line 5"),
        (_line(5, "uri: https://window.example/login"), "message line 6"),
        (_line(6, None), "message line 7"),
        (_line(6, "Version: 2"), "version"),
        (_line(7, "Chain ID: 0x1"), "chain_id"),
        (_line(7, "Chain ID: ١"), "chain_id"),
        (_line(9, "Issued At: 2026-01-02 03:04:05Z"), "issued_at"),
        (_line(9, "Issued At: 2026-02-30T03:04:05Z"), "issued_at"),
        (_line(9, "Issued At: 2026-01-02T03:04:05"), "issued_at"),
        (_line(9, "Issued At: 0001-01-01T00:00:00+23:59"), "issued_at"),
        (_line(10, "Not Before: 2026-01-02T03:04:05Z\nExpiration Time: 2026-01-02T09:04:05Z"), "message line 12"),
        (_line(10, ""), "message line 11"),
        (_line(10, "Resources:\nhttps://a.test"), "message line 12"),
        (lambda lines: [*lines, ""], "message line 12"),
        (lambda lines: [line + "\r" for line in lines], "message line 1"),
        (lambda lines: lines[:6], "message line 1"),
        (lambda _: [""], "message line 1"),
    ],
)
def test_grammar_is_exact(change: Callable[[list[str]], list[str]], fault: str) -> None:
    """Order, tags, empty lines, line ends, number and time formats."""
    text = "\n".join(change(MESSAGE.text().split("\n")))
    assert _faults(text, _sign(text)) == [("SIGNIN_MALFORMED", fault)]


def test_all_malformed_parts_at_once() -> None:
    """One answer, so that one correction is enough."""
    lines = MESSAGE.text().split("\n")
    lines[1] = lines[1].lower()
    lines[5], lines[7], lines[8] = "URI: x", "Chain ID: one", "Nonce: 1"
    assert _faults("\n".join(lines), b"") == [
        ("ADDRESS_MALFORMED", "address"),
        ("SIGNIN_MALFORMED", "uri"),
        ("SIGNIN_MALFORMED", "chain_id"),
        ("SIGNIN_MALFORMED", "nonce"),
    ]
    assert _faults("x" * 4097, b"") == [("SIGNIN_OVERSIZED", "message")]


@pytest.mark.parametrize("statement", [None, "", "x", "URI: https://window.example/login"])
def test_statement_absent_empty_and_confusing(statement: str | None) -> None:
    """An empty statement is not an absent one; one that looks like a tag is still a statement."""
    assert parse_sign_in(replace(MESSAGE, statement=statement).text()).statement == statement


@pytest.mark.parametrize(
    "text", ["2026-01-02t03:04:05z", "2026-01-02T11:04:05+08:00", "2026-01-02T03:04:05.000000000Z"]
)
def test_other_spellings_of_a_time(text: str) -> None:
    """All that RFC 3339 allows; what is verified is the text as it was signed."""
    written = MESSAGE.text().replace("Issued At: 2026-01-02T03:04:05Z", f"Issued At: {text}")
    assert verify_sign_in(written, _sign(written), EXPECTED).issued_at == NOW


@given(st.text(max_size=300) | st.lists(st.sampled_from(MESSAGE.text().split("\n")), max_size=14).map("\n".join))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    """Nothing but SignInRefused, whatever the lines and their order."""
    if text != MESSAGE.text():
        assert _faults(text, bytes(65))
