"""A PKCS #11 token, opened: finds keys, makes keys, signs. The PIN is asked for once and kept nowhere.

A device that answers with an error of its own is reported by code and never by its text, which may hold anything.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from threading import Lock
from typing import Any

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.util.rsa import encode_rsa_public_key

from ledger.algorithms import der, oids
from ledger.errors import Conflict, HuxinError, InvalidInput, NotFound, Unavailable

_PIN = (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange)
_ABSENT = (pkcs11.NoSuchToken, pkcs11.TokenNotPresent, pkcs11.TokenNotRecognised, pkcs11.SlotIDInvalid)
_MEANINGS: tuple[tuple[Any, Callable[[str, str, str], HuxinError], str, str, str], ...] = (
    ((pkcs11.PinLocked, pkcs11.PinExpired), Unavailable, "DEVICE_PIN_LOCKED", "the device's PIN is locked or expired",
     "设备口令已锁定或过期"),
    (_ABSENT, NotFound, "DEVICE_MISSING", "no such device is plugged in", "没有插入该设备"),
    (pkcs11.NoSuchKey, NotFound, "DEVICE_KEY_MISSING", "the device has no such key", "设备上没有该密钥"),
    (pkcs11.MultipleObjectsReturned, Conflict, "DEVICE_KEY_AMBIGUOUS", "several keys have this label",
     "多个密钥使用同一标签"),
    (pkcs11.MechanismInvalid, Unavailable, "DEVICE_CANNOT", "the device cannot do this", "设备不支持该运算"),
)  # fmt: skip


class DeviceKeyKind(Enum):
    """Kinds of keys that tokens make, and the curve's object identifier where there is one."""

    SECP256K1 = "1.3.132.0.10"
    P256 = oids.P256
    RSA = ""


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """A key pair on a token: its label, its SubjectPublicKeyInfo (DER), and who signs with it.

    ``sign`` takes bytes and a mechanism, one use of the session at a time.
    """

    label: str
    kind: DeviceKeyKind
    public_key_info: bytes = field(repr=False)
    sign: Callable[[bytes, Mechanism], bytes] = field(repr=False)

    @property
    def point(self) -> bytes:
        """04 ‖ x ‖ y of a key on a curve."""
        return der.read_bits(der.decode(self.public_key_info).children[1])


class Token:
    """An open session with a token; see ``open_token``."""

    def __init__(self, session: Any, label: str) -> None:
        self._session = session
        self._label = label
        self._lock = Lock()

    def __repr__(self) -> str:
        """The label alone."""
        return f"Token({self._label!r})"

    def key(self, label: str) -> DeviceKey:
        """The key pair of this label; NotFound ``DEVICE_KEY_MISSING``, InvalidInput ``DEVICE_KEY_UNSUPPORTED``."""
        with self._lock, _translated():
            public = self._session.get_key(object_class=ObjectClass.PUBLIC_KEY, label=label)
            private = self._session.get_key(object_class=ObjectClass.PRIVATE_KEY, label=label)
            kind, info = _public_key(public)
        return DeviceKey(label, kind, info, lambda data, mechanism: self._sign(private, data, mechanism))

    def create(self, label: str, kind: DeviceKeyKind) -> DeviceKey:
        """Make a key pair on the token that cannot be taken out of it; Conflict ``DEVICE_KEY_EXISTS``."""
        if self._has(label):
            raise Conflict("DEVICE_KEY_EXISTS", f"the device has a key {label!r}", f"设备上已有密钥 {label!r}")
        locked_in = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
        with self._lock, _translated():
            if kind is DeviceKeyKind.RSA:
                self._session.generate_keypair(KeyType.RSA, 2048, store=True, label=label, private_template=locked_in)
            else:
                curve = {Attribute.EC_PARAMS: der.write_oid(kind.value)}
                parameters = self._session.create_domain_parameters(KeyType.EC, curve, local=True)
                parameters.generate_keypair(store=True, label=label, private_template=locked_in)
        return self.key(label)

    def _has(self, label: str) -> bool:
        with self._lock, _translated():
            return next(iter(self._session.get_objects({Attribute.LABEL: label})), None) is not None

    def _sign(self, private: Any, data: bytes, mechanism: Mechanism) -> bytes:
        with self._lock, _translated():
            return bytes(private.sign(data, mechanism=mechanism))

    def close(self) -> None:
        """End the session; keys that came from it sign no more. A device that is gone has ended it already."""
        with suppress(pkcs11.PKCS11Error):
            self._session.close()


def _public_key(public: Any) -> tuple[DeviceKeyKind, bytes]:
    if public.key_type is KeyType.RSA:
        key = der.write(der.BIT_STRING, b"\0", encode_rsa_public_key(public))
        algorithm = der.write(der.SEQUENCE, der.write_oid(oids.RSA), der.write(der.NULL))
        return DeviceKeyKind.RSA, der.write(der.SEQUENCE, algorithm, key)
    curve = public[Attribute.EC_PARAMS] if public.key_type is KeyType.EC else b""
    kinds = {der.write_oid(kind.value): kind for kind in (DeviceKeyKind.SECP256K1, DeviceKeyKind.P256)}
    if curve not in kinds:
        # a module that has SM2 has it under a mechanism of its maker's own: there is no standard one to ask for
        raise InvalidInput(
            "DEVICE_KEY_UNSUPPORTED", "label", "the key on the device is none of secp256k1, P-256, RSA",
            "设备上的密钥不是 secp256k1、P-256 或 RSA 密钥",
        )  # fmt: skip
    point = der.read_octets(der.decode(public[Attribute.EC_POINT]))
    algorithm = der.write(der.SEQUENCE, der.write_oid(oids.EC_PUBLIC_KEY), curve)
    return kinds[curve], der.write(der.SEQUENCE, algorithm, der.write(der.BIT_STRING, b"\0", point))


@contextmanager
def open_token(module: str, label: str, pin: Callable[[], str]) -> Iterator[Token]:
    """Log in to the token of this label through a PKCS #11 module (a shared library's path).

    ``pin`` asks for the PIN when it is needed, once: PINs belong neither on command lines nor into settings.
    Unavailable ``DEVICE_MODULE``, ``DEVICE_PIN_LOCKED``, ``DEVICE_FAILED``; NotFound ``DEVICE_MISSING``;
    InvalidInput ``DEVICE_PIN_WRONG``.
    """
    try:
        library = pkcs11.lib(module)
    except (OSError, RuntimeError) as error:
        raise Unavailable(
            "DEVICE_MODULE", f"no PKCS #11 module at {module}", f"{module} 不是可用的 PKCS #11 模块"
        ) from error
    with _translated():
        token = Token(library.get_token(token_label=label).open(rw=True, user_pin=pin()), label)
    try:
        yield token
    finally:
        token.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except pkcs11.PKCS11Error as error:
        raise _as_ours(error) from error


def _as_ours(error: pkcs11.PKCS11Error) -> HuxinError:
    if isinstance(error, _PIN):
        return InvalidInput("DEVICE_PIN_WRONG", "pin", "the device refuses this PIN", "设备口令(PIN)错误")
    for raised, kind, code, en, zh in _MEANINGS:
        if isinstance(error, raised):
            return kind(code, en, zh)
    name = type(error).__name__
    return Unavailable("DEVICE_FAILED", f"the device failed or was pulled out ({name})", f"设备出错或已拔出({name})")
