"""SM4 (GB/T 32907-2016) through ``cryptography``: authenticated for what is ours, CBC for what files contain."""

from typing import TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from ledger.errors import InvalidInput

Mode = TypeVar("Mode", bound=modes.Mode)
_TAG = 16


def _refused(code: str, en: str, zh: str) -> InvalidInput:
    return InvalidInput(code, "sm4", en, zh)


def _cipher(key: bytes, mode: Mode) -> Cipher[Mode]:
    if len(key) != 16:
        raise _refused("SM4_KEY_LENGTH", "an SM4 key has 16 bytes", "SM4 密钥须为 16 字节")
    return Cipher(algorithms.SM4(key), mode)


def _run(context: CipherContext, data: bytes) -> bytes:
    return context.update(data) + context.finalize()


def encrypt_block(key: bytes, block: bytes) -> bytes:
    """One block of 16 bytes, as the standard's examples have it; no mode for messages."""
    if len(block) != 16:
        raise _refused("SM4_BLOCK_LENGTH", "a block has 16 bytes", "SM4 分组须为 16 字节")
    return _run(_cipher(key, modes.ECB()).encryptor(), block)  # noqa: S305 - a single block has no mode


def decrypt_block(key: bytes, block: bytes) -> bytes:
    """The inverse of ``encrypt_block``."""
    if len(block) != 16:
        raise _refused("SM4_BLOCK_LENGTH", "a block has 16 bytes", "SM4 分组须为 16 字节")
    return _run(_cipher(key, modes.ECB()).decryptor(), block)  # noqa: S305 - likewise


def encrypt_cbc(key: bytes, iv: bytes, data: bytes) -> bytes:
    """CBC with PKCS #7 padding; ``iv`` is 16 random bytes, and nothing is authenticated."""
    padder = PKCS7(128).padder()
    return _run(_cipher(key, modes.CBC(_iv(iv))).encryptor(), padder.update(data) + padder.finalize())


def decrypt_cbc(key: bytes, iv: bytes, data: bytes) -> bytes:
    """The inverse of ``encrypt_cbc``; InvalidInput ``SM4_PADDING``, which must not be told to whoever sent the data."""
    unpadder = PKCS7(128).unpadder()
    try:
        return unpadder.update(_run(_cipher(key, modes.CBC(_iv(iv))).decryptor(), data)) + unpadder.finalize()
    except ValueError as error:
        raise _refused("SM4_PADDING", "wrong key or damaged data", "密钥错误或数据损坏") from error


def _iv(iv: bytes) -> bytes:
    if len(iv) != 16:
        raise _refused("SM4_IV_LENGTH", "an IV has 16 bytes", "SM4 初始向量须为 16 字节")
    return iv


def encrypt_gcm(key: bytes, nonce: bytes, data: bytes, associated: bytes = b"") -> bytes:
    """GCM (RFC 8998): ciphertext ‖ 16-byte tag; ``nonce`` is 12 bytes, never twice under one key."""
    encryptor = _cipher(key, modes.GCM(_nonce(nonce))).encryptor()
    encryptor.authenticate_additional_data(associated)
    return _run(encryptor, data) + encryptor.tag


def decrypt_gcm(key: bytes, nonce: bytes, sealed: bytes, associated: bytes = b"") -> bytes:
    """The inverse of ``encrypt_gcm``; InvalidInput ``SM4_TAG`` where key, data or associated data are others."""
    if len(sealed) < _TAG:
        raise _refused("SM4_TAG", "wrong key or changed data", "密钥错误或数据被改动")
    decryptor = _cipher(key, modes.GCM(_nonce(nonce), sealed[-_TAG:])).decryptor()
    decryptor.authenticate_additional_data(associated)
    try:
        return _run(decryptor, sealed[:-_TAG])
    except InvalidTag as error:
        raise _refused("SM4_TAG", "wrong key or changed data", "密钥错误或数据被改动") from error


def _nonce(nonce: bytes) -> bytes:
    if len(nonce) != 12:
        raise _refused("SM4_NONCE_LENGTH", "a nonce has 12 bytes", "SM4-GCM 的 nonce 须为 12 字节")
    return nonce
