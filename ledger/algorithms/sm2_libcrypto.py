"""SM2 on OpenSSL's libcrypto through ctypes: the system's, or the one that comes with psycopg's wheel.

Builds without SM2 exist (some distributions leave it out); they show in ``load``. Calls release the interpreter
lock, and OpenSSL's queue of errors is emptied after each failure, for the ``ssl`` module shares it.
"""

import ctypes
import importlib.util
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ledger.algorithms import sm2_keys
from ledger.errors import Unavailable

_SONAMES = ("libcrypto.so.3", "libcrypto.so.4", "libcrypto.3.dylib")
_VERSION_TEXT = 0  # OPENSSL_VERSION
_P, _SIZE = ctypes.c_void_p, ctypes.c_size_t

_PROTOTYPES: dict[str, tuple[Any, Sequence[Any]]] = {
    "OpenSSL_version": (ctypes.c_char_p, (ctypes.c_int,)),
    "OpenSSL_version_num": (ctypes.c_ulong, ()),
    "ERR_clear_error": (None, ()),
    "OBJ_txt2nid": (ctypes.c_int, (ctypes.c_char_p,)),
    "d2i_PUBKEY": (_P, (_P, _P, ctypes.c_long)),
    "d2i_AutoPrivateKey": (_P, (_P, _P, ctypes.c_long)),
    "EVP_PKEY_free": (None, (_P,)),
    "EVP_PKEY_CTX_new": (_P, (_P, _P)),
    "EVP_PKEY_CTX_free": (None, (_P,)),
    "EVP_PKEY_verify_init": (ctypes.c_int, (_P,)),
    "EVP_PKEY_verify": (ctypes.c_int, (_P, ctypes.c_char_p, _SIZE, ctypes.c_char_p, _SIZE)),
    "EVP_PKEY_sign_init": (ctypes.c_int, (_P,)),
    "EVP_PKEY_sign": (ctypes.c_int, (_P, _P, _P, ctypes.c_char_p, _SIZE)),
    "EC_GROUP_new_by_curve_name": (_P, (ctypes.c_int,)),
    "EC_POINT_new": (_P, (_P,)),
    "EC_POINT_free": (None, (_P,)),
    "EC_POINT_mul": (ctypes.c_int, (_P, _P, _P, _P, _P, _P)),
    "EC_POINT_point2oct": (_SIZE, (_P, _P, ctypes.c_int, _P, _SIZE, _P)),
    "BN_bin2bn": (_P, (ctypes.c_char_p, ctypes.c_int, _P)),
    "BN_clear_free": (None, (_P,)),
}
_UNCOMPRESSED = 4


class LibcryptoUnusableError(Exception):
    """There is no such library, or it has no SM2."""


class _Handle:
    """An object of OpenSSL's that is freed with the last reference to it."""

    __slots__ = ("_free", "pointer")

    def __init__(self, pointer: int, free: Callable[[int], None]) -> None:
        self.pointer = pointer
        self._free = free

    def __del__(self) -> None:
        self._free(self.pointer)


class _PublicKey(_Handle):
    """A decoded key, and contexts that are ready to verify with it: making one costs more than all that we add."""

    __slots__ = ("ready",)

    def __init__(self, pointer: int, free: Callable[[int], None]) -> None:
        super().__init__(pointer, free)
        self.ready: list[_Handle] = []  # at most as many as threads ever verified at once


def load(*, bundled: bool) -> "Libcrypto":
    """The system's library, or the ``bundled`` one; LibcryptoUnusableError."""
    reasons = []
    for name in _bundled_names() if bundled else _SONAMES:
        try:
            return Libcrypto(ctypes.CDLL(name), "bundled " if bundled else "")
        except (OSError, AttributeError, LibcryptoUnusableError) as error:
            reasons.append(str(error))
    raise LibcryptoUnusableError("; ".join(reasons) or "none found")


def _bundled_names() -> tuple[str, ...]:
    found = importlib.util.find_spec("psycopg_binary")
    if found is None or found.origin is None:
        return ()
    return tuple(str(path) for path in Path(found.origin).parents[1].glob("psycopg_binary.libs/libcrypto*"))


class Libcrypto:
    """SM2 by OpenSSL, in constant time; public keys are kept decoded, 1,024 of them."""

    signs = True

    def __init__(self, library: ctypes.CDLL, prefix: str = "") -> None:
        for name, (result, arguments) in _PROTOTYPES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        if library.OpenSSL_version_num() < 0x30000000:
            raise LibcryptoUnusableError("older than OpenSSL 3")
        self._library = library
        version = library.OpenSSL_version(_VERSION_TEXT).decode("ascii", "replace")
        self.name = f"{prefix}libcrypto ({version})"
        group = library.EC_GROUP_new_by_curve_name(library.OBJ_txt2nid(b"SM2"))
        if not group:
            library.ERR_clear_error()
            raise LibcryptoUnusableError(f"{version} has no SM2")
        self._group = group  # for the life of the process
        self._decoded = lru_cache(maxsize=1024)(self._decode)

    def _read(self, function: Callable[..., int | None], encoded: bytes) -> int:
        place = ctypes.create_string_buffer(encoded, len(encoded))
        start = ctypes.c_void_p(ctypes.addressof(place))
        pointer = function(None, ctypes.byref(start), len(encoded))
        ctypes.memset(place, 0, len(encoded))
        if not pointer:
            raise self._failed("decoding a key")
        return pointer

    def _decode(self, public_key: bytes) -> _PublicKey:
        pointer = self._read(self._library.d2i_PUBKEY, sm2_keys.public_key_info(public_key))
        return _PublicKey(pointer, self._library.EVP_PKEY_free)

    def _failed(self, doing: str) -> Unavailable:
        self._library.ERR_clear_error()
        return Unavailable("SM2_FAILED", f"libcrypto failed at {doing}", "libcrypto 的 SM2 运算失败")

    def _context(self, key: _Handle) -> _Handle:
        context = self._library.EVP_PKEY_CTX_new(key.pointer, None)
        if not context:
            raise self._failed("making a context")
        return _Handle(context, self._library.EVP_PKEY_CTX_free)

    def verify(self, public_key: bytes, digest: bytes, signature: bytes) -> bool:
        """Whether r ‖ s holds over the digest; Unavailable ``SM2_FAILED`` where that cannot be computed."""
        key = self._decoded(public_key)
        try:
            context = key.ready.pop()  # nobody else has it until it is put back
        except IndexError:
            context = self._ready_to_verify(key)
        encoded = sm2_keys.encode_signature(signature)
        outcome = self._library.EVP_PKEY_verify(context.pointer, encoded, len(encoded), digest, len(digest))
        if outcome < 0:
            raise self._failed("verifying")
        key.ready.append(context)
        if outcome == 0:
            self._library.ERR_clear_error()
        return bool(outcome)

    def _ready_to_verify(self, key: _Handle) -> _Handle:
        context = self._context(key)
        if self._library.EVP_PKEY_verify_init(context.pointer) != 1:
            raise self._failed("preparing to verify")
        return context

    def signer(self, private_key: bytes, public_key: bytes) -> Callable[[bytes], bytes]:
        """Signs digests, r ‖ s, with nonces from OpenSSL's own generator; OpenSSL holds the key until it is freed."""
        # decoded once: that takes as long as signing
        pointer = self._read(self._library.d2i_AutoPrivateKey, sm2_keys.private_key_info(private_key, public_key))
        key = _Handle(pointer, self._library.EVP_PKEY_free)
        return lambda digest: self._sign(key, digest)

    def _sign(self, key: _Handle, digest: bytes) -> bytes:
        context = self._context(key)
        if self._library.EVP_PKEY_sign_init(context.pointer) != 1:
            raise self._failed("preparing to sign")
        made, size = ctypes.create_string_buffer(80), ctypes.c_size_t(80)
        if self._library.EVP_PKEY_sign(context.pointer, made, ctypes.byref(size), digest, len(digest)) != 1:
            raise self._failed("signing")
        return sm2_keys.readings(made.raw[: size.value])[0]

    def public_key(self, private_key: bytes) -> bytes:
        """d·G by OpenSSL's constant-time ladder."""
        library = self._library
        point = _Handle(library.EC_POINT_new(self._group), library.EC_POINT_free)
        scalar = _Handle(library.BN_bin2bn(private_key, len(private_key), None), library.BN_clear_free)
        encoded = ctypes.create_string_buffer(65)
        if (
            library.EC_POINT_mul(self._group, point.pointer, scalar.pointer, None, None, None) != 1
            or library.EC_POINT_point2oct(self._group, point.pointer, _UNCOMPRESSED, encoded, 65, None) != 65
        ):
            raise self._failed("computing a public key")
        return encoded.raw
