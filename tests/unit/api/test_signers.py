"""Keystores: nothing opens without the password, nothing shows a key."""

import json
import secrets
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from api.signers import (
    LIGHT_SCRYPT_N,
    KeySigner,
    list_keystores,
    make_key,
    open_keystore,
    personal_digest,
    read_keystore,
    write_keystore,
)
from ledger.crypto import expand_65, keccak, recover
from ledger.errors import Conflict, InvalidInput, NotFound

KEY = keccak(b"a key")


@pytest.fixture
def keystore(tmp_path: Path) -> Path:
    return write_keystore(tmp_path / "officer.json", KEY, "口令 1", LIGHT_SCRYPT_N).path


def test_keystore_gives_the_key_back(keystore: Path) -> None:
    signer = open_keystore(keystore, "口令 1")
    assert recover(keccak(b"x"), signer.sign(keccak(b"x"))) == KeySigner(KEY).address
    assert read_keystore(keystore).address == signer.address


def test_keystore_is_readable_by_its_owner_alone(keystore: Path) -> None:
    assert keystore.stat().st_mode & 0o777 == 0o600


def test_wrong_password_opens_nothing(keystore: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        open_keystore(keystore, "口令 2")
    assert caught.value.code == "PASSWORD_WRONG"
    assert "口令 2" not in str(caught.value)


def test_swapped_address_is_found(keystore: Path) -> None:
    document = json.loads(keystore.read_text())
    keystore.write_text(json.dumps(document | {"address": "00" * 20}))
    with pytest.raises(InvalidInput) as caught:
        open_keystore(keystore, "口令 1")
    assert caught.value.code == "KEYSTORE_MALFORMED"


def test_flipped_ciphertext_opens_nothing(keystore: Path) -> None:
    document = json.loads(keystore.read_text())
    text = document["crypto"]["ciphertext"]
    document["crypto"]["ciphertext"] = ("0" if text[0] != "0" else "1") + text[1:]
    keystore.write_text(json.dumps(document))
    with pytest.raises(InvalidInput):
        open_keystore(keystore, "口令 1")


def test_keys_are_never_overwritten(keystore: Path) -> None:
    with pytest.raises(Conflict):
        write_keystore(keystore, make_key(secrets.token_bytes), "x", LIGHT_SCRYPT_N)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 3, "address": "zz"}', '{"version": 3, "address": 7}'])
def test_file_that_is_no_keystore_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(InvalidInput) as caught:
        read_keystore(path)
    assert caught.value.code == "KEYSTORE_MALFORMED"
    assert list(list_keystores(tmp_path)) == []


def test_missing_keystore_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        open_keystore(tmp_path / "none.json", "x")


def test_no_key_in_any_representation() -> None:
    signer = KeySigner(KEY)
    for shown in (repr(signer), str(signer), f"{signer}"):
        assert KEY.hex() not in shown
        assert repr(KEY) not in shown


def test_personal_signature_is_that_of_wallets() -> None:
    message = "example.org wants you to sign in:\n证"
    ours = expand_65(KeySigner(KEY).sign(personal_digest(message)))
    assert ours == Account.sign_message(encode_defunct(text=message), KEY).signature


def test_zero_key_is_never_made() -> None:
    draws = iter([bytes(32), b"\xff" * 32, KEY])
    assert make_key(lambda _: next(draws)) == KEY
