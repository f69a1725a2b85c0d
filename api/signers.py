"""Who signs: a port with one method, and its implementation over keystore files (Web3 Secret Storage v3).

The server has no part in this: a key is opened by the program of the officer it belongs to.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from eth_account import Account

from ledger.crypto import address_of, checksum, keccak, sign
from ledger.errors import Conflict, InvalidInput, NotFound
from node.durable import PRIVATE, write_durably

SCRYPT_N = 2**18
"""Work factor of a keystore: 256 MiB and about half a second to open one."""
LIGHT_SCRYPT_N = 2**12
"""For development keys, whose password lies beside them: about 10 ms."""


class Signer(Protocol):
    """Signs digests; the key itself never leaves it (keystore, PKCS#11 token, UKey)."""

    @property
    def address(self) -> bytes:
        """The 20-byte address that ``ledger.crypto.recover`` gives for its signatures."""

    def sign(self, digest: bytes) -> bytes:
        """Sign 32 bytes; 64 bytes in the form of EIP-2098."""


@dataclass(frozen=True, slots=True)
class KeySigner:
    """A key held in memory for as long as the program runs."""

    _key: bytes = field(repr=False)

    def __repr__(self) -> str:
        """The address alone: a key must not appear in logs."""
        return f"KeySigner({checksum(self.address)})"

    @property
    def address(self) -> bytes:
        """20 bytes."""
        return address_of(self._key)

    def sign(self, digest: bytes) -> bytes:
        """Sign 32 bytes deterministically (RFC 6979)."""
        return sign(self._key, digest)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A keystore file, closed: its place and whose it says it is."""

    path: Path
    address: bytes

    @property
    def name(self) -> str:
        """The file's name without ``.json``."""
        return self.path.stem


def personal_digest(message: str) -> bytes:
    """What ``personal_sign`` signs (EIP-191, version 0x45)."""
    text = message.encode()
    return keccak(b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text)


def make_key(random_bytes: Callable[[int], bytes]) -> bytes:
    """A new private key, 32 bytes below the curve's order."""
    while True:
        key = random_bytes(32)
        try:
            address_of(key)
        except InvalidInput:  # one in 2^128
            continue
        return key


def write_keystore(path: Path, key: bytes, password: str, scrypt_n: int = SCRYPT_N) -> StoredKey:
    """Encrypt a key into a new file (mode 0600).

    Raises Conflict ``KEYSTORE_EXISTS``, InvalidInput ``PASSWORD_EMPTY``.
    """
    if path.exists():
        raise Conflict("KEYSTORE_EXISTS", f"{path} exists; keys are never overwritten", f"{path} 已存在,密钥不会被覆盖")
    if not password:
        raise InvalidInput("PASSWORD_EMPTY", "password", "a keystore needs a password", "密钥文件须设口令")
    path.parent.mkdir(parents=True, exist_ok=True)
    encrypted = Account.encrypt(key, password, kdf="scrypt", iterations=scrypt_n)
    write_durably(path, json.dumps(encrypted, indent=1) + "\n", PRIVATE)
    return StoredKey(path, address_of(key))


def read_keystore(path: Path) -> StoredKey:
    """Look at a keystore without opening it.

    Raises NotFound ``KEYSTORE_MISSING``, InvalidInput ``KEYSTORE_MALFORMED``.
    """
    return StoredKey(path, bytes.fromhex(_document(path)["address"].removeprefix("0x")))


def list_keystores(folder: Path) -> Iterator[StoredKey]:
    """All keystore files of a folder, by name; other files are passed over."""
    for path in sorted(folder.glob("*.json")):
        try:
            yield read_keystore(path)
        except InvalidInput:
            continue


def open_keystore(path: Path, password: str) -> KeySigner:
    """Open a keystore; InvalidInput ``PASSWORD_WRONG`` also where its contents were changed."""
    document = _document(path)
    try:
        key = bytes(Account.decrypt(document, password))
    except ValueError as error:  # eth-account: the MAC does not match
        raise InvalidInput(
            "PASSWORD_WRONG", "password", f"{path.name} does not open with this password",
            f"口令不能打开 {path.name}",
        ) from error  # fmt: skip
    if address_of(key).hex() != document["address"].removeprefix("0x").lower():
        raise _malformed(path)
    return KeySigner(key)


def _document(path: Path) -> dict[str, str]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["version"] != 3 or len(bytes.fromhex(document["address"].removeprefix("0x"))) != 20:
            raise _malformed(path)
    except FileNotFoundError as error:
        raise NotFound("KEYSTORE_MISSING", f"no keystore {path}", f"没有密钥文件 {path}") from error
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise _malformed(path) from error
    return dict(document)


def _malformed(path: Path) -> InvalidInput:
    return InvalidInput(
        "KEYSTORE_MALFORMED", "keystore", f"{path.name} is no version 3 keystore", f"{path.name} 不是 v3 密钥文件"
    )
