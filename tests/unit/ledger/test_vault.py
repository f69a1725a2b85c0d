"""Sealing and opening, rotation, and boxes that somebody changed or moved."""

import itertools
import os
from collections.abc import Callable

import pytest

from ledger.errors import InvalidInput
from ledger.vault import OVERHEAD, MasterKey, Vault, VaultError

CASE, OTHER_CASE = b"\x01" * 32, b"\x02" * 32
DOCUMENT = b"\x0a" * 16
OLD, NEW = MasterKey(b"o" * 32), MasterKey(b"n" * 32)


def _vault() -> Vault:
    return Vault(OLD, os.urandom)


def _code(broken: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(VaultError) as caught:
        broken(*arguments)
    assert caught.value.zh
    return caught.value.code


@pytest.mark.parametrize("content", [b"", b"x", "材料".encode(), bytes(100_000)])
def test_what_is_sealed_opens(content: bytes) -> None:
    """With the stated overhead, and unreadable in between."""
    vault = _vault()
    wrapped = vault.new_case_key(CASE)
    sealed = vault.seal(CASE, DOCUMENT, wrapped, content)
    assert vault.open(CASE, DOCUMENT, wrapped, sealed) == content
    assert len(sealed) == len(content) + OVERHEAD
    assert len(content) < 6 or content not in sealed


def test_sealing_twice_gives_different_bytes() -> None:
    """Equal documents cannot be told from outside; each case has its own key."""
    vault = _vault()
    wrapped = vault.new_case_key(CASE)
    one, other = (vault.seal(CASE, DOCUMENT, wrapped, b"same") for _ in range(2))
    assert one[1:13] != other[1:13]
    assert one[13:] != other[13:]
    assert vault.new_case_key(CASE) != wrapped


def test_attack_every_changed_byte() -> None:
    """Version, key id, nonce, ciphertext, tag, of document and of wrapped key."""
    vault = _vault()
    wrapped = vault.new_case_key(CASE)
    sealed = vault.seal(CASE, DOCUMENT, wrapped, b"decision")
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes((sealed[place] ^ 1,)) + sealed[place + 1 :]
        assert _code(vault.open, CASE, DOCUMENT, wrapped, changed) == "VAULT_TAMPERED"
    for place in range(len(wrapped)):
        changed = wrapped[:place] + bytes((wrapped[place] ^ 1,)) + wrapped[place + 1 :]
        expected = "VAULT_MASTER_KEY_UNKNOWN" if 1 <= place < 9 else "VAULT_TAMPERED"
        assert _code(vault.open, CASE, DOCUMENT, changed, sealed) == expected


@pytest.mark.parametrize("cut", [0, 1, 12, 28, -1])
def test_attack_cut_short(cut: int) -> None:
    """A truncated box is an error, never an empty document."""
    vault = _vault()
    wrapped = vault.new_case_key(CASE)
    sealed = vault.seal(CASE, DOCUMENT, wrapped, b"")
    assert _code(vault.open, CASE, DOCUMENT, wrapped, sealed[:cut]) == "VAULT_TAMPERED"
    assert _code(vault.open, CASE, DOCUMENT, wrapped[:cut], sealed) == "VAULT_TAMPERED"


def test_attack_document_moved() -> None:
    """To another case, another document id, or across the border between the two."""
    vault = _vault()
    wrapped, other = vault.new_case_key(CASE), vault.new_case_key(OTHER_CASE)
    sealed = vault.seal(CASE, DOCUMENT, wrapped, b"decision")
    for case, document, key in [
        (CASE, b"\x0b" * 16, wrapped),
        (OTHER_CASE, DOCUMENT, wrapped),
        (OTHER_CASE, DOCUMENT, other),
        (CASE, DOCUMENT, vault.new_case_key(CASE)),
        (CASE + DOCUMENT[:1], DOCUMENT[1:], wrapped),
    ]:
        assert _code(vault.open, case, document, key, sealed) == "VAULT_TAMPERED"


def test_rotation_of_the_master_key() -> None:
    """The new vault opens with the former key, rewraps, and then needs it no more."""
    old = _vault()
    wrapped = old.new_case_key(CASE)
    sealed = old.seal(CASE, DOCUMENT, wrapped, b"decision")
    both = Vault(NEW, os.urandom, former=(OLD,))
    assert both.open(CASE, DOCUMENT, wrapped, sealed) == b"decision"
    assert not both.is_current(wrapped)
    moved = both.rewrap(CASE, wrapped)
    assert both.is_current(moved)
    new = Vault(NEW, os.urandom)
    assert new.open(CASE, DOCUMENT, moved, sealed) == b"decision"
    assert _code(new.open, CASE, DOCUMENT, wrapped, sealed) == "VAULT_MASTER_KEY_UNKNOWN"
    assert _code(both.rewrap, OTHER_CASE, wrapped) == "VAULT_TAMPERED"


def test_nonces_and_keys_come_from_the_given_source() -> None:
    """32 for the key, 12 for each nonce, none used twice."""
    counter, asked = itertools.count(1), []

    def random_bytes(length: int) -> bytes:
        asked.append(length)
        return next(counter).to_bytes(length)

    vault = Vault(OLD, random_bytes)
    wrapped = vault.new_case_key(CASE)
    vault.seal(CASE, DOCUMENT, wrapped, b"")
    assert asked == [32, 12, 12]


def test_secrets_are_not_shown() -> None:
    """Neither the master's nor a data key appears in a repr."""
    vault = Vault(MasterKey(b"top secret bytes, thirty-two long"[:32]), os.urandom, former=(OLD,))
    for shown in (repr(OLD), str(OLD), repr(vault), str(vault), f"{MasterKey(b'k' * 32)!r}"):
        assert "secret" not in shown
        assert b"o".hex() * 4 not in shown
        assert "ooo" not in shown
        assert "kkk" not in shown


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_master_key_has_32_bytes(length: int) -> None:
    """AES-128 keys and passwords are refused."""
    with pytest.raises(InvalidInput) as caught:
        MasterKey(bytes(length))
    assert caught.value.code == "VAULT_MASTER_KEY_LENGTH"
