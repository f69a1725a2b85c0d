"""Documents at rest: one data key per case, wrapped by a master key, both AES-256-GCM.

Associated data tie each box to its place: a sealed document to its case and its document id, a
wrapped key to its case and the master key. Moved to another case or document it does not open.
Throwing a wrapped key away destroys every document of its case, backups included.

- wrapped key: 0x01 ‖ master key id (8) ‖ nonce (12) ‖ ciphertext (32) ‖ tag (16) = 69 bytes
- sealed document: 0x01 ‖ nonce (12) ‖ ciphertext ‖ tag (16)

Nonces are random, 96 bits: NIST SP 800-38D (8.3) allows 2^32 uses of a key; a data key lives for the
documents of one case, and a master key wraps one key a case.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.crypto import keccak
from ledger.errors import HuxinError, InvalidInput

KEY_LENGTH = 32
OVERHEAD = 29
"""Bytes that a sealed document is longer than its content."""
_VERSION = b"\x01"
_WRAPPED_LENGTH = 69
_KEY_TAG = b"huxin:vault:data-key:1"
_DOCUMENT_TAG = b"huxin:vault:document:1"
_ID_TAG = b"huxin:vault:master-key-id:1"


class VaultError(HuxinError):
    """A box does not open: ``VAULT_TAMPERED``, ``VAULT_MASTER_KEY_UNKNOWN``."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """32 secret bytes; ``key_id`` (8 bytes) names them without telling anything about them."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse ``VAULT_MASTER_KEY_LENGTH`` other lengths than 32."""
        if len(self.secret) != KEY_LENGTH:
            raise InvalidInput(
                "VAULT_MASTER_KEY_LENGTH",
                "master_key",
                f"a master key has {KEY_LENGTH} bytes; make one with a random generator",
                f"主密钥须为 {KEY_LENGTH} 字节,请用随机数发生器生成",
            )

    @property
    def key_id(self) -> bytes:
        """The first 8 bytes of a hash of the key under a tag of its own."""
        return keccak(_ID_TAG + self.secret)[:8]

    def __str__(self) -> str:
        return f"MasterKey({self.key_id.hex()})"


class Vault:
    """Seals and opens with the keys it was given; keeps nothing else, does no I/O.

    New data keys are wrapped by ``current``; ``former`` masters still open what they wrapped until
    ``rewrap`` has moved it. ``random_bytes(n)`` must come from the operating system's generator.
    """

    __slots__ = ("_current", "_masters", "_random_bytes")

    def __init__(
        self,
        current: MasterKey,
        random_bytes: Callable[[int], bytes],
        former: tuple[MasterKey, ...] = (),
    ) -> None:
        self._current = current
        self._masters = {key.key_id: key for key in (current, *former)}
        self._random_bytes = random_bytes

    def __repr__(self) -> str:
        return f"Vault(current={self._current}, masters={len(self._masters)})"

    def new_case_key(self, case_key: bytes) -> bytes:
        """A fresh data key for a case, wrapped: 69 bytes to be stored beside it."""
        return self._wrap(case_key, self._random_bytes(KEY_LENGTH))

    def seal(self, case_key: bytes, document_id: bytes, wrapped: bytes, content: bytes) -> bytes:
        """Encrypt one document of a case under its wrapped key."""
        box = AESGCM(self._unwrap(case_key, wrapped))
        nonce = self._random_bytes(12)
        return _VERSION + nonce + box.encrypt(nonce, content, _place(case_key, document_id))

    def open(self, case_key: bytes, document_id: bytes, wrapped: bytes, sealed: bytes) -> bytes:
        """The content, or VaultError ``VAULT_TAMPERED`` if anything at all was changed or moved."""
        box = AESGCM(self._unwrap(case_key, wrapped))
        if len(sealed) < OVERHEAD or sealed[:1] != _VERSION:
            raise _tampered("document")
        try:
            return box.decrypt(sealed[1:13], sealed[13:], _place(case_key, document_id))
        except InvalidTag as error:
            raise _tampered("document") from error

    def is_current(self, wrapped: bytes) -> bool:
        """Whether the current master key wrapped it; if not, ``rewrap`` it."""
        return wrapped[1:9] == self._current.key_id

    def rewrap(self, case_key: bytes, wrapped: bytes) -> bytes:
        """The same data key under the current master key; no document has to be touched."""
        return self._wrap(case_key, self._unwrap(case_key, wrapped))

    def _wrap(self, case_key: bytes, data_key: bytes) -> bytes:
        key_id, nonce = self._current.key_id, self._random_bytes(12)
        box = AESGCM(self._current.secret)
        return _VERSION + key_id + nonce + box.encrypt(nonce, data_key, _owner(key_id, case_key))

    def _unwrap(self, case_key: bytes, wrapped: bytes) -> bytes:
        if len(wrapped) != _WRAPPED_LENGTH or wrapped[:1] != _VERSION:
            raise _tampered("data key")
        key_id = wrapped[1:9]
        master = self._masters.get(key_id)
        if master is None:
            raise VaultError(
                "VAULT_MASTER_KEY_UNKNOWN",
                f"the data key is wrapped by master key {key_id.hex()}, which is not loaded; load it as a former key",
                f"数据密钥由主密钥 {key_id.hex()} 加密,该主密钥未加载,请作为旧主密钥加载",
            )
        try:
            return AESGCM(master.secret).decrypt(wrapped[9:21], wrapped[21:], _owner(key_id, case_key))
        except InvalidTag as error:
            raise _tampered("data key") from error


def _framed(tag: bytes, *parts: bytes) -> bytes:
    """Parts with their lengths in front, so that no two lists of parts give the same bytes."""
    return tag + b"".join(len(part).to_bytes(4) + part for part in parts)


def _owner(key_id: bytes, case_key: bytes) -> bytes:
    return _framed(_KEY_TAG, key_id, case_key)


def _place(case_key: bytes, document_id: bytes) -> bytes:
    return _framed(_DOCUMENT_TAG, case_key, document_id)


def _tampered(what: str) -> VaultError:
    return VaultError(
        "VAULT_TAMPERED",
        f"the {what} does not open: it was changed, or belongs to another case or document; restore it from a backup",
        f"无法解密({what}):内容被改动,或属于其他办件、其他材料,请从备份恢复",
    )
