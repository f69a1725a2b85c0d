"""What carries out SM2: a backend works only after it has reproduced GB/T 32918.5; the first that does is used."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from ledger.algorithms import sm2_curve
from ledger.algorithms.digests import sm3
from ledger.algorithms.sm2_keys import point_of, z_value
from ledger.algorithms.sm2_libcrypto import LibcryptoUnusableError, load
from ledger.errors import Unavailable


class Backend(Protocol):
    """SM2 over digests e = SM3(Z ‖ M), with keys and signatures already checked for form and range."""

    @property
    def name(self) -> str:
        """What it is, with its version."""

    @property
    def signs(self) -> bool:
        """Whether it may hold private keys, that is, works in constant time."""

    def verify(self, public_key: bytes, digest: bytes, signature: bytes) -> bool:
        """Whether r ‖ s (64 bytes) is a signature over a 32-byte digest."""

    def signer(self, private_key: bytes, public_key: bytes) -> Callable[[bytes], bytes]:
        """What signs a 32-byte digest, r ‖ s, with this key."""

    def public_key(self, private_key: bytes) -> bytes:
        """04 ‖ x ‖ y of a 32-byte private key."""


class PythonBackend:
    """Python's integers: verifies, and refuses to sign, for its time depends on the numbers."""

    name = "python"
    signs = False

    def verify(self, public_key: bytes, digest: bytes, signature: bytes) -> bool:
        """See ``sm2_curve.holds``."""
        point = point_of(public_key)
        if point is None:
            return False
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
        return sm2_curve.holds(point, int.from_bytes(digest), r, s)

    def signer(self, private_key: bytes, public_key: bytes) -> Callable[[bytes], bytes]:  # noqa: ARG002 - the port's
        """Unavailable ``SM2_CANNOT_SIGN``."""
        raise cannot_sign()

    def public_key(self, private_key: bytes) -> bytes:  # noqa: ARG002 - the port's
        """Unavailable ``SM2_CANNOT_SIGN``."""
        raise cannot_sign()


def cannot_sign() -> Unavailable:
    """There is no backend that works in constant time."""
    return Unavailable(
        "SM2_CANNOT_SIGN", "no libcrypto with SM2 (OpenSSL 3 or later) on this machine, and nothing else signs in "
        "constant time; install it, or sign on a device", "本机没有带 SM2 的 libcrypto(OpenSSL 3 及以上),"
        "其他实现不是常数时间,不用于签名;请安装,或使用密码设备",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tried:
    """A backend and whether it passed its known-answer tests; ``reason`` says why not."""

    name: str
    signs: bool
    passed: bool
    reason: str = ""


# GB/T 32918.5-2017, annex A.2
_PRIVATE = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
_PUBLIC = bytes.fromhex(
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
_SIGNATURE = bytes.fromhex(
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)


def known_answer_fault(backend: Backend) -> str:
    """Empty where the backend reproduces the standard's example and refuses a changed one, else what it got wrong."""
    digest = sm3(z_value(_PUBLIC) + b"message digest")
    if not backend.verify(_PUBLIC, digest, _SIGNATURE):
        return "the standard's signature is refused"
    if backend.verify(_PUBLIC, sm3(digest), _SIGNATURE) or backend.verify(_PUBLIC, digest, _SIGNATURE[::-1]):
        return "a changed message or signature is accepted"
    if not backend.signs:
        return ""
    if backend.public_key(_PRIVATE) != _PUBLIC:
        return "another public key than the standard's"
    sign = backend.signer(_PRIVATE, _PUBLIC)
    made = sign(digest)
    if not PythonBackend().verify(_PUBLIC, digest, made) or made == sign(digest):
        return "own signature does not hold or repeats its nonce"
    return ""


def _candidates() -> tuple[Callable[[], Backend], ...]:
    return (lambda: load(bundled=False), lambda: load(bundled=True), PythonBackend)


def _try(make: Callable[[], Backend]) -> tuple[Backend | None, Tried]:
    try:
        backend = make()
    except LibcryptoUnusableError as error:
        return None, Tried("libcrypto", signs=True, passed=False, reason=str(error))
    try:
        fault = known_answer_fault(backend)
    except Unavailable as error:  # a build that knows the curve, and does not compute with it
        fault = error.en
    return (None if fault else backend), Tried(backend.name, backend.signs, not fault, fault)


@cache
def _all() -> tuple[tuple[Backend | None, Tried], ...]:
    return tuple(_try(make) for make in _candidates())


def usable() -> tuple[Backend, ...]:
    """Every backend that passed, the preferred first."""
    return tuple(backend for backend, _ in _all() if backend is not None)


def tried() -> tuple[Tried, ...]:
    """What was found on this machine and how it did."""
    return tuple(outcome for _, outcome in _all())


@cache
def chosen() -> Backend:
    """The one in use, for as long as the process runs; Unavailable ``SM2_UNAVAILABLE`` where none passed."""
    for make in _candidates():
        backend, _ = _try(make)
        if backend is not None:
            return backend
    raise Unavailable("SM2_UNAVAILABLE", "no implementation of SM2 passed its tests", "没有通过自检的 SM2 实现")
