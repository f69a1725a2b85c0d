"""SM2: the standard's example, made-up attacks on every backend, and the openssl command both ways."""

import json
import secrets
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.algorithms import der, sm2, sm2_backends, sm2_curve, sm2_libcrypto
from ledger.algorithms.digests import sm3
from ledger.algorithms.sm2_backends import Backend, PythonBackend, known_answer_fault
from ledger.algorithms.sm2_keys import encode_signature, private_key_of, readings
from ledger.algorithms.sm2_libcrypto import LibcryptoUnusableError
from ledger.errors import InvalidInput, Unavailable
from scripts.make_sm2_vectors import PLACE, document, encoded, times

VECTORS = Path(__file__).parents[3] / "vectors"
STANDARD = json.loads((VECTORS / "gm.json").read_text("utf-8"))["sm2"]
ATTACKS: dict[str, Any] = json.loads(PLACE.read_text("utf-8"))
PRIVATE, PUBLIC = bytes.fromhex(STANDARD["private_key"]), bytes.fromhex(STANDARD["public_key"])
MESSAGE = bytes.fromhex(STANDARD["message"])
BACKENDS = sm2_backends.usable()


def _bytes(vector: dict[str, str], field: str) -> bytes:
    return bytes.fromhex(vector[field])


@pytest.fixture(params=BACKENDS, ids=lambda one: one.name)
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Backend:
    """Each implementation of this machine in its turn, as the one in use."""
    one: Backend = request.param
    monkeypatch.setattr(sm2_backends, "chosen", lambda: one)
    return one


def test_standards_example(backend: Backend) -> None:
    raw = bytes.fromhex(STANDARD["r"] + STANDARD["s"])
    assert sm2.z_value(PUBLIC).hex() == STANDARD["z"]
    assert sm2.verify(PUBLIC, MESSAGE, raw)
    assert sm2.verify(PUBLIC, MESSAGE, encode_signature(raw))
    assert sm2.verify_digest(PUBLIC, bytes.fromhex(STANDARD["digest"]), raw, backend)
    if backend.signs:
        assert sm2.SigningKey(PRIVATE).public_key == PUBLIC


@pytest.mark.usefixtures("backend")
def test_attacks_with_messages() -> None:
    wrong = [
        one["name"]
        for one in ATTACKS["messages"]
        if sm2.verify(*(_bytes(one, field) for field in ("key", "message", "signature", "ident")))
        is not (one["result"] == "valid")
    ]
    assert wrong == []


def test_attacks_with_digests(backend: Backend) -> None:
    wrong = [
        one["name"]
        for one in ATTACKS["digests"]
        if sm2.verify_digest(_bytes(one, "key"), _bytes(one, "digest"), _bytes(one, "signature"), backend)
        is not (one["result"] == "valid")
    ]
    assert wrong == []


def test_attacks_are_what_the_seed_gives() -> None:
    assert PLACE.read_text("utf-8") == document(ATTACKS["seed"])
    results = [one["result"] for one in ATTACKS["messages"] + ATTACKS["digests"]]
    assert results.count("invalid") > 400
    assert results.count("valid") > 20


@settings(max_examples=30)
@given(st.integers(1, sm2_curve.N - 2), st.binary(max_size=200), st.binary(max_size=40), st.integers(0, 71 * 8 - 1))
def test_backends_agree(private: int, message: bytes, ident: bytes, bit: int) -> None:
    key = sm2.SigningKey(private.to_bytes(32))
    assert key.public_key == encoded(times(private))
    signature = key.sign(message, ident)
    changed = bytearray(signature.ljust(71, b"\0"))
    changed[bit // 8] ^= 1 << bit % 8
    digest = sm3(sm2.z_value(key.public_key, ident) + message)
    for one in BACKENDS:
        assert sm2.verify_digest(key.public_key, digest, signature, one)
        assert not sm2.verify_digest(key.public_key, digest, bytes(changed), one)


def test_threads_do_not_mix_up_their_verifications(backend: Backend) -> None:
    """Contexts are kept for the next verification: two at once must never have the same one."""
    sign = BACKENDS[0].signer(PRIVATE, PUBLIC)
    made = [(number, sign(sm2.message_digest(PUBLIC, bytes((number,))))) for number in range(8)]

    def verified(place: int) -> bool:
        number, signature = made[place % 8]
        wrong = place // 8 % 2
        return sm2.verify(PUBLIC, bytes((number + wrong,)), signature) is not bool(wrong)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(verified, range(400)))
    assert backend.name


def test_signatures_never_repeat_a_nonce() -> None:
    key = sm2.SigningKey(PRIVATE)
    made = {readings(key.sign(MESSAGE))[0][:32] for _ in range(50)}
    assert len(made) == 50


def test_python_never_touches_a_private_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sm2_backends, "chosen", PythonBackend)
    uses: tuple[Callable[[], object], ...] = (
        lambda: PythonBackend().signer(PRIVATE, PUBLIC),
        lambda: sm2.SigningKey(PRIVATE),
        lambda: sm2.sign(PRIVATE, b""),
    )
    for use in uses:
        with pytest.raises(Unavailable) as caught:
            use()
        assert caught.value.code == "SM2_CANNOT_SIGN"


class _Broken(PythonBackend):
    """Says yes to everything."""

    def verify(self, public_key: bytes, digest: bytes, signature: bytes) -> bool:  # noqa: ARG002 - the port's
        return True


class _Repeats(PythonBackend):
    """Signs, always the same."""

    signs = True

    def signer(self, private_key: bytes, public_key: bytes) -> Callable[[bytes], bytes]:  # noqa: ARG002 - the port's
        return lambda _: bytes.fromhex(STANDARD["r"] + STANDARD["s"])

    def public_key(self, private_key: bytes) -> bytes:  # noqa: ARG002 - the port's
        return PUBLIC


class _Fails(PythonBackend):
    """A library that knows the curve's name and fails at every use of it."""

    def verify(self, public_key: bytes, digest: bytes, signature: bytes) -> bool:  # noqa: ARG002 - the port's
        raise Unavailable("SM2_FAILED", "libcrypto failed at decoding a key", "libcrypto 的 SM2 运算失败")


def test_library_that_fails_at_its_known_answers_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sm2_backends, "_candidates", lambda: (_Fails, PythonBackend))
    assert type(sm2_backends.chosen.__wrapped__()) is PythonBackend
    tried = [outcome for _, outcome in sm2_backends._all.__wrapped__()]
    assert [(one.passed, one.reason) for one in tried] == [(False, "libcrypto failed at decoding a key"), (True, "")]


@pytest.mark.parametrize("broken", [_Broken(), _Repeats()])
def test_backend_that_fails_its_known_answers_is_not_used(
    broken: PythonBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert known_answer_fault(broken)
    monkeypatch.setattr(sm2_backends, "_candidates", lambda: (lambda: broken, PythonBackend))
    chosen = sm2_backends.chosen.__wrapped__()
    assert type(chosen) is PythonBackend


def test_nothing_usable_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sm2_backends, "_candidates", lambda: (_Broken,))
    with pytest.raises(Unavailable, match="SM2_UNAVAILABLE"):
        sm2_backends.chosen.__wrapped__()


def test_library_without_sm2_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sm2_libcrypto, "_SONAMES", ("libc.so.6", "libnothing.so.0"))
    with pytest.raises(LibcryptoUnusableError):
        sm2_libcrypto.load(bundled=False)


def test_self_test_names_every_backend() -> None:
    tried = sm2.self_test()
    assert [one.name for one in tried if one.passed] == [one.name for one in BACKENDS]
    assert tried[-1].name == "python"
    assert tried[-1].passed


def test_private_keys_out_of_range() -> None:
    for scalar in (0, sm2_curve.N - 1, sm2_curve.N, 2**256 - 1):
        with pytest.raises(InvalidInput, match="SM2_PRIVATE_KEY_INVALID"):
            sm2.SigningKey(scalar.to_bytes(32))
    with pytest.raises(InvalidInput, match="SM2_PRIVATE_KEY_INVALID"):
        sm2.SigningKey(bytes(31))


def test_private_key_never_shows() -> None:
    key = sm2.SigningKey(PRIVATE)
    assert STANDARD["private_key"] not in repr(key)
    assert repr(PRIVATE)[2:-1] not in repr(key)


def test_keys_survive_their_encodings() -> None:
    key = sm2.SigningKey.generate(secrets.token_bytes)
    assert sm2.SigningKey.decode(key.encode()) == key
    for broken in (b"", key.encode()[:-1], key.encode() + b"\0", key.public_key_info):
        with pytest.raises(InvalidInput, match="SM2_PRIVATE_KEY_INVALID"):
            private_key_of(broken)


def test_private_key_wrapped_in_itself_a_thousand_times() -> None:
    wrapped = sm2.SigningKey.generate(secrets.token_bytes).encode()
    version, algorithm, _ = (one.raw for one in der.decode(wrapped).children)
    for _ in range(1_000):
        wrapped = der.write(der.SEQUENCE, version, algorithm, der.write(der.OCTET_STRING, wrapped))
    with pytest.raises(InvalidInput, match="SM2_PRIVATE_KEY_INVALID"):
        private_key_of(wrapped)


def _openssl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=False, timeout=60)


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("ident", ["1234567812345678", "ALICE123@YAHOO.COM"])
def test_openssl_command_takes_ours_and_we_take_its(tmp_path: Path, ident: str) -> None:
    key = sm2.SigningKey.generate(secrets.token_bytes)
    (tmp_path / "key.der").write_bytes(key.encode())
    (tmp_path / "public.der").write_bytes(key.public_key_info)
    (tmp_path / "message").write_bytes(MESSAGE)
    (tmp_path / "ours").write_bytes(key.sign(MESSAGE, ident.encode()))
    how = ("-rawin", "-in", "message", "-digest", "sm3", "-keyform", "DER", "-pkeyopt", f"distid:{ident}")
    verify = ("pkeyutl", "-verify", "-pubin", "-inkey", "public.der", "-sigfile", "ours", *how)
    assert b"Successfully" in _openssl(tmp_path, *verify).stdout
    assert _openssl(tmp_path, "pkeyutl", "-sign", "-inkey", "key.der", "-out", "its", *how).returncode == 0
    its = (tmp_path / "its").read_bytes()
    assert all(sm2.verify_digest(key.public_key, _e(key, ident), its, one) for one in BACKENDS)
    (tmp_path / "message").write_bytes(MESSAGE + b".")
    assert b"Successfully" not in _openssl(tmp_path, *verify).stdout
    assert not sm2.verify(key.public_key, MESSAGE + b".", its, ident.encode())


def _e(key: sm2.SigningKey, ident: str) -> bytes:
    return sm3(sm2.z_value(key.public_key, ident.encode()) + MESSAGE)


@pytest.mark.needs("openssl")
def test_we_take_keys_that_openssl_made(tmp_path: Path) -> None:
    made = _openssl(tmp_path, "genpkey", "-algorithm", "SM2", "-outform", "DER", "-out", "key.der")
    if made.returncode:  # before OpenSSL 3
        made = _openssl(tmp_path, "ecparam", "-name", "SM2", "-genkey", "-noout", "-outform", "DER", "-out", "key.der")
    assert made.returncode == 0, made.stderr
    key = sm2.SigningKey.decode((tmp_path / "key.der").read_bytes())
    public = _openssl(tmp_path, "pkey", "-in", "key.der", "-inform", "DER", "-pubout", "-outform", "DER").stdout
    assert key.public_key_info == public
