"""Salted commitments to identifiers that must not be readable, or guessable, on chain."""

from ledger.crypto import keccak
from ledger.errors import InvalidInput

SALT_SIZE = 32


def identifier_commitment(salt: bytes, identifier: str) -> bytes:
    """Commitment to an e-license's identifier 证照标识 (32 bytes)."""
    return _commit(b"huxin.identifier.v1", salt, identifier)


def holder_commitment(salt: bytes, holder: str) -> bytes:
    """Commitment to the holder's code 持证主体代码 (32 bytes)."""
    return _commit(b"huxin.holder.v1", salt, holder)


def case_commitment(salt: bytes, number: str) -> bytes:
    """Commitment to a case number 办件编号 (32 bytes)."""
    return _commit(b"huxin.case.v1", salt, number)


def _commit(domain: bytes, salt: bytes, text: str) -> bytes:
    """``keccak(domain ‖ salt ‖ utf8)``; the salt has 32 bytes, so nothing can shift across."""
    if len(salt) != SALT_SIZE:
        raise InvalidInput(
            "SALT_LENGTH",
            "salt",
            f"a salt has {SALT_SIZE} bytes, not {len(salt)}",
            f"盐值须为 {SALT_SIZE} 字节,实为 {len(salt)} 字节",
        )
    return keccak(domain + salt + text.encode())
