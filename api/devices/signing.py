"""Signers whose key is on a device: an officer's for acts, an agency's for seals and documents."""

import hashlib

from pkcs11 import Mechanism

from api.devices.token import DeviceKey, DeviceKeyKind
from ledger.algorithms import der, keys, oids
from ledger.crypto import CURVE_ORDER, HALF_ORDER, InvalidSignature, checksum, keccak, recover
from ledger.errors import InvalidInput, Unavailable

_SEALS = {DeviceKeyKind.P256: oids.ECDSA_WITH_SHA256, DeviceKeyKind.RSA: oids.RSA_WITH_SHA256}


def _wrong_kind(key: DeviceKey, wanted: str) -> InvalidInput:
    return InvalidInput(
        "DEVICE_KEY_KIND", "label", f"{key.label!r} is a {key.kind.name} key; {wanted} is needed",
        f"{key.label!r} 是 {key.kind.name} 密钥,需要 {wanted}",
    )  # fmt: skip


def _wrong_signature() -> Unavailable:
    return Unavailable(
        "DEVICE_WRONG_SIGNATURE", "the device's signature is not of its own key", "设备给出的签名与其公钥不符"
    )


class DeviceSigner:
    """An officer's secp256k1 key on a device: ``api.signers.Signer``. ``DEVICE_KEY_KIND`` for another kind."""

    def __init__(self, key: DeviceKey) -> None:
        if key.kind is not DeviceKeyKind.SECP256K1:
            raise _wrong_kind(key, "secp256k1")
        self._key = key
        self._address = keccak(key.point[1:])[12:]

    def __repr__(self) -> str:
        """The address alone."""
        return f"DeviceSigner({checksum(self._address)})"

    @property
    def address(self) -> bytes:
        """20 bytes."""
        return self._address

    def sign(self, digest: bytes) -> bytes:
        """Sign 32 bytes; 64 bytes in the form of EIP-2098. Unavailable ``DEVICE_WRONG_SIGNATURE``.

        Devices know neither low s nor the nonce point's parity: s is brought into the lower half, and of both
        parities that one is taken which leads back to this key. So what is handed out has always been verified.
        """
        if len(digest) != 32:
            raise InvalidInput("DIGEST_LENGTH", "digest", "a digest has 32 bytes", "待签名的摘要须为 32 字节")
        raw = self._key.sign(digest, Mechanism.ECDSA)
        r, s = raw[:32], int.from_bytes(raw[32:])
        low = CURVE_ORDER - s if s > HALF_ORDER else s
        for parity in (0, 1):
            signature = r + (low | parity << 255).to_bytes(32)
            if self._leads_back(digest, signature):
                return signature
        raise _wrong_signature()

    def _leads_back(self, digest: bytes, signature: bytes) -> bool:
        try:
            return recover(digest, signature) == self._address
        except InvalidSignature:
            return False


class DeviceSealKey:
    """A P-256 or RSA key on a device, for certificates, seals and documents; ``sign`` fits ``seals.issuing.Identity``.

    SM2 needs a module that has it: PKCS #11 knows no mechanism for it, so that is each maker's own.
    """

    def __init__(self, key: DeviceKey) -> None:
        if key.kind not in _SEALS:
            raise _wrong_kind(key, "P-256, RSA")
        self._key = key
        self._public = keys.public_key(key.public_key_info)
        self.algorithm = _SEALS[key.kind]
        self.public_key_info = key.public_key_info

    def __repr__(self) -> str:
        """The label and the kind."""
        return f"DeviceSealKey({self._key.label!r}, {self._key.kind.name})"

    def sign(self, message: bytes) -> bytes:
        """A signature over the message as certificates have it: PKCS #1 v1.5, or DER of ECDSA, with SHA-256.

        What is handed out has been verified: Unavailable ``DEVICE_WRONG_SIGNATURE``. A seal under which nothing holds
        would only be noticed where somebody needs it.
        """
        signature = self._signed(message)
        if not self._public.verify(self.algorithm, message, signature):
            raise _wrong_signature()
        return signature

    def _signed(self, message: bytes) -> bytes:
        if self._key.kind is DeviceKeyKind.RSA:
            return self._key.sign(message, Mechanism.SHA256_RSA_PKCS)
        raw = self._key.sign(hashlib.sha256(message).digest(), Mechanism.ECDSA)
        r, s = int.from_bytes(raw[: len(raw) // 2]), int.from_bytes(raw[len(raw) // 2 :])
        return der.write(der.SEQUENCE, der.write_integer(r), der.write_integer(s))
