"""Signing on a device, tried on SoftHSM: acts by officers' keys, seals by agencies', and what a device refuses."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pkcs11
import pytest

from api.devices.signing import DeviceSealKey, DeviceSigner
from api.devices.token import DeviceKey, DeviceKeyKind, Token, open_token
from api.signers import Signer
from ledger.algorithms import keys
from ledger.algorithms.schemes import KeyFamily
from ledger.crypto import CURVE_ORDER, HALF_ORDER, keccak, recover
from ledger.errors import Conflict, HuxinError, InvalidInput, NotFound, Unavailable

pytestmark = pytest.mark.needs("softhsm")
MODULE = next((str(one) for one in Path("/usr/lib").glob("**/libsofthsm2.so")), "/usr/lib/softhsm/libsofthsm2.so")
PIN, OFFICER_PIN = "648219", "735502"
TOKEN = "officer's key"


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """SoftHSM with one token, in a folder of its own."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n", "utf-8")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    command = ["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--pin", OFFICER_PIN, "--so-pin", PIN]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    yield MODULE
    pkcs11.unload(MODULE)
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


@pytest.fixture
def token(module: str) -> Iterator[Token]:
    """The token, logged in."""
    with open_token(module, TOKEN, lambda: OFFICER_PIN) as opened:
        yield opened


def _label() -> str:
    return f"key {secrets.token_hex(4)}"


def _code(error: pytest.ExceptionInfo[HuxinError]) -> str:
    return error.value.code


def test_officer_signs_acts_on_the_device(token: Token) -> None:
    signer: Signer = DeviceSigner(token.create(_label(), DeviceKeyKind.SECP256K1))
    for i in range(60):  # half of what a device gives has a high s, half an odd parity
        digest = keccak(i.to_bytes(4))
        signature = signer.sign(digest)
        assert recover(digest, signature) == signer.address
        assert int.from_bytes(signature[32:]) & (1 << 255) - 1 <= HALF_ORDER


def test_key_is_found_again_by_its_label(module: str, token: Token) -> None:
    label = _label()
    made = DeviceSigner(token.create(label, DeviceKeyKind.SECP256K1))
    token.close()
    with open_token(module, TOKEN, lambda: OFFICER_PIN) as again:
        assert DeviceSigner(again.key(label)).address == made.address


@pytest.mark.parametrize(
    ("kind", "family"), [(DeviceKeyKind.P256, KeyFamily.ECDSA), (DeviceKeyKind.RSA, KeyFamily.RSA)]
)
def test_seal_key_signs_as_certificates_have_it(token: Token, kind: DeviceKeyKind, family: KeyFamily) -> None:
    seal = DeviceSealKey(token.create(_label(), kind))
    public = keys.public_key(seal.public_key_info)
    assert public.family is family
    signature = seal.sign(b"document")
    assert public.verify(seal.algorithm, b"document", signature)
    assert not public.verify(seal.algorithm, b"another", signature)


def test_private_key_cannot_be_taken_out(token: Token) -> None:
    label = _label()
    token.create(label, DeviceKeyKind.SECP256K1)
    private = token._session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=label)
    with pytest.raises(pkcs11.AttributeSensitive):
        private[pkcs11.Attribute.VALUE]


def test_wrong_pin(module: str) -> None:
    with pytest.raises(InvalidInput) as caught, open_token(module, TOKEN, lambda: "111111"):
        pass
    assert _code(caught) == "DEVICE_PIN_WRONG"
    assert "111111" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_pin_is_kept_nowhere(token: Token) -> None:
    key = token.create(_label(), DeviceKeyKind.SECP256K1)
    seen = f"{token!r} {vars(token)!r} {key!r} {DeviceSigner(key)!r}"
    assert OFFICER_PIN not in seen


def test_no_such_token_module_or_key(module: str, token: Token, tmp_path: Path) -> None:
    with pytest.raises(NotFound) as missing, open_token(module, "another", lambda: OFFICER_PIN):
        pass
    assert _code(missing) == "DEVICE_MISSING"
    (tmp_path / "module.so").write_bytes(b"not a library")
    for path in (str(tmp_path / "module.so"), str(tmp_path / "none.so")):
        with pytest.raises(Unavailable) as unusable, open_token(path, TOKEN, lambda: OFFICER_PIN):
            pass
        assert _code(unusable) == "DEVICE_MODULE"
    with pytest.raises(NotFound) as unknown:
        token.key("nobody's")
    assert _code(unknown) == "DEVICE_KEY_MISSING"


def test_label_is_never_used_twice(token: Token) -> None:
    label = _label()
    token.create(label, DeviceKeyKind.P256)
    with pytest.raises(Conflict) as caught:
        token.create(label, DeviceKeyKind.SECP256K1)
    assert _code(caught) == "DEVICE_KEY_EXISTS"


def test_key_of_the_wrong_kind(token: Token) -> None:
    for use, kind in ((DeviceSigner, DeviceKeyKind.P256), (DeviceSealKey, DeviceKeyKind.SECP256K1)):
        with pytest.raises(InvalidInput) as caught:
            use(token.create(_label(), kind))
        assert _code(caught) == "DEVICE_KEY_KIND"


def test_device_pulled_out_between_two_signatures(token: Token) -> None:
    signer = DeviceSigner(token.create(_label(), DeviceKeyKind.SECP256K1))
    signer.sign(bytes(32))
    token.close()
    with pytest.raises(Unavailable) as caught:
        signer.sign(bytes(32))
    assert _code(caught) == "DEVICE_FAILED"


def test_digest_of_another_length(token: Token) -> None:
    signer = DeviceSigner(token.create(_label(), DeviceKeyKind.SECP256K1))
    with pytest.raises(InvalidInput) as caught:
        signer.sign(bytes(31))
    assert _code(caught) == "DIGEST_LENGTH"


class _Always:
    """A device that gives one answer to everything."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def __call__(self, data: bytes, mechanism: pkcs11.Mechanism) -> bytes:  # noqa: ARG002 - the port's
        return self._answer


def test_signature_that_is_not_of_the_devices_key_is_never_handed_out(token: Token) -> None:
    key = token.create(_label(), DeviceKeyKind.SECP256K1)
    for raw in (bytes(64), bytes(31) + b"\1" + bytes(31) + b"\1", CURVE_ORDER.to_bytes(32) * 2):
        liar = DeviceKey(key.label, key.kind, key.public_key_info, _Always(raw))
        with pytest.raises(Unavailable) as caught:
            DeviceSigner(liar).sign(bytes(32))
        assert _code(caught) == "DEVICE_WRONG_SIGNATURE"


@pytest.mark.parametrize("kind", [DeviceKeyKind.P256, DeviceKeyKind.RSA])
def test_seal_under_another_key_of_the_same_label_is_never_made(token: Token, kind: DeviceKeyKind) -> None:
    """Public and private key of a label need not be a pair: whoever fills the device decides that."""
    key, other = token.create(_label(), kind), token.create(_label(), kind)
    mixed = DeviceKey(key.label, kind, key.public_key_info, other.sign)
    for liar in (mixed, replace(key, sign=_Always(bytes(64))), replace(key, sign=_Always(b""))):
        with pytest.raises(Unavailable) as caught:
            DeviceSealKey(liar).sign(b"document")
        assert _code(caught) == "DEVICE_WRONG_SIGNATURE"
    assert key.label in repr(DeviceSealKey(key))


def test_module_that_cannot_start(tmp_path: Path) -> None:
    """What the module says when it is loaded is translated as well: in a process of its own, for it is loaded once."""
    program = f"""
from api.devices.token import open_token
from ledger.errors import HuxinError
try:
    with open_token({MODULE!r}, "any", lambda: "0"):
        pass
except HuxinError as error:
    print(error.code)
"""
    broken = {**os.environ, "SOFTHSM2_CONF": str(tmp_path / "none.conf")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=broken, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.strip() in {"DEVICE_FAILED", "DEVICE_MODULE", "DEVICE_MISSING"}, done.stderr
