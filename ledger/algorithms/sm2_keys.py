"""SM2 keys and signatures as bytes: what is a key, what is a signature, and nothing else is (GM/T 0009, GB/T 35276)."""

from functools import lru_cache

from ledger.algorithms import der, oids, sm2_curve
from ledger.algorithms.digests import sm3
from ledger.errors import InvalidInput

DEFAULT_IDENT = b"1234567812345678"
"""The signer's identifier where nothing else is agreed (GM/T 0009-2012, clause 10)."""

_ALGORITHM = der.write(der.SEQUENCE, der.write_oid(oids.EC_PUBLIC_KEY), der.write_oid(oids.SM2_CURVE))
INFO_HEADER = der.write(der.SEQUENCE, _ALGORITHM, der.write(der.BIT_STRING, bytes(66)))[:-65]
"""What stands before the 65 bytes of a key in its SubjectPublicKeyInfo: there is one way to write it."""
_ZERO, _ORDER = bytes(32), sm2_curve.N.to_bytes(32)
_CURVE = b"".join(
    one.to_bytes(32) for one in (sm2_curve.A, sm2_curve.B, sm2_curve.G[0], sm2_curve.G[1])
)  # what the standard puts between the identifier and the key when it computes Z


@lru_cache(maxsize=1024)
def point_of(public_key: bytes) -> sm2_curve.Point | None:
    """The point of a public key 04 ‖ x ‖ y (65 bytes), or None where it is none of the curve's."""
    if len(public_key) != 65 or public_key[0] != 4:
        return None
    x, y = int.from_bytes(public_key[1:33]), int.from_bytes(public_key[33:])
    return (x, y) if sm2_curve.on_curve(x, y) else None


def check_public_key(public_key: bytes) -> None:
    """InvalidInput ``SM2_KEY_INVALID`` unless the bytes are 04 ‖ x ‖ y with a point of the curve."""
    if point_of(public_key) is None:
        raise InvalidInput(
            "SM2_KEY_INVALID", "public_key", "an SM2 public key is 65 bytes, 04, x, y, a point of the curve",
            "SM2 公钥须为 65 字节 04‖x‖y,且为曲线上的点",
        )  # fmt: skip


def check_private_key(private_key: bytes) -> None:
    """InvalidInput ``SM2_PRIVATE_KEY_INVALID`` unless 32 bytes in [1, n − 2] (GB/T 32918.1, 6.1)."""
    if len(private_key) != 32 or not 0 < int.from_bytes(private_key) < sm2_curve.N - 1:
        raise InvalidInput(
            "SM2_PRIVATE_KEY_INVALID", "private_key", "an SM2 private key is 32 bytes between 1 and n - 2",
            "SM2 私钥须为 32 字节,且在 1 与 n-2 之间",
        )  # fmt: skip


@lru_cache(maxsize=1024)
def z_value(public_key: bytes, ident: bytes = DEFAULT_IDENT) -> bytes:
    """Z = SM3(ENTL ‖ ID ‖ a ‖ b ‖ G ‖ key), GB/T 32918.2-2016, 5.5; identifiers of up to 8,191 bytes."""
    if len(ident) > 8191:
        raise InvalidInput("SM2_IDENT_TOO_LONG", "ident", "an identifier has at most 8,191 bytes", "标识至多 8191 字节")
    return sm3((8 * len(ident)).to_bytes(2) + ident + _CURVE + public_key[1:])


def readings(signature: bytes) -> tuple[bytes, ...]:
    """Each way in which the bytes can be a signature, as r ‖ s with 0 < r, s < n and r + s ≠ n.

    Strict DER and raw r ‖ s both occur in files. Two readings are seldom, but possible: DER may have 64 bytes too.
    """
    ways = [_der_signature(signature)]
    if len(signature) == 64:
        ways.append(signature)
    return tuple(way for way in ways if way is not None and _in_range(way))


def _in_range(raw: bytes) -> bool:
    r, s = raw[:32], raw[32:]  # of equally long big-endian numbers, the bytes compare as the numbers do
    return _ZERO < r < _ORDER and _ZERO < s < _ORDER and int.from_bytes(r) + int.from_bytes(s) != sm2_curve.N


def _der_signature(signature: bytes) -> bytes | None:
    # by hand, for ``der`` takes four times as long: 8 of the 400 us that a verification takes
    if not 8 <= len(signature) <= 72 or signature[0] != der.SEQUENCE or signature[1] != len(signature) - 2:
        return None
    r, end = _scalar_at(signature, 2)
    s, last = _scalar_at(signature, end)
    return r + s if r and s and last == len(signature) else None


def _scalar_at(signature: bytes, start: int) -> tuple[bytes, int]:
    """A strict INTEGER from 0 to 2^256 − 1 as 32 bytes, and where it ends; empty where there is none."""
    header = signature[start : start + 2]
    if len(header) != 2 or header[0] != der.INTEGER or not 1 <= header[1] <= 33:
        return b"", start
    end = start + 2 + header[1]
    content = signature[start + 2 : end]
    shortest = len(content) == header[1] and not content[0] & 0x80
    if len(content) > 1 and content[0] == 0:
        shortest = shortest and content[1] >= 0x80
        content = content[1:]
    return (content.rjust(32, b"\0"), end) if shortest and len(content) <= 32 else (b"", start)


def encode_signature(raw: bytes) -> bytes:
    """DER SEQUENCE{r, s} of r ‖ s."""
    # by hand, as it is read: every verification goes through here
    content = _scalar(raw[:32]) + _scalar(raw[32:])
    return bytes((der.SEQUENCE, len(content))) + content


def _scalar(octets: bytes) -> bytes:
    shortest = octets.lstrip(b"\0")
    if not shortest or shortest[0] & 0x80:
        shortest = b"\0" + shortest
    return bytes((der.INTEGER, len(shortest))) + shortest


def public_key_info(public_key: bytes) -> bytes:
    """SubjectPublicKeyInfo (DER) of a 65-byte public key; ``SM2_KEY_INVALID``."""
    check_public_key(public_key)
    return INFO_HEADER + public_key


def private_key_info(private_key: bytes, public_key: bytes) -> bytes:
    """PKCS #8 PrivateKeyInfo (DER) around an ECPrivateKey (RFC 5915) with its public key."""
    check_private_key(private_key)
    check_public_key(public_key)
    public = der.write(0xA1, der.write(der.BIT_STRING, b"\0", public_key))
    ec_key = der.write(der.SEQUENCE, der.write_integer(1), der.write(der.OCTET_STRING, private_key), public)
    return der.write(der.SEQUENCE, der.write_integer(0), _ALGORITHM, der.write(der.OCTET_STRING, ec_key))


def private_key_of(encoded: bytes) -> bytes:
    """The 32 bytes of a private key in PKCS #8 or SEC 1 form (DER); ``SM2_PRIVATE_KEY_INVALID``."""
    try:
        key = _private_key_in(der.decode(encoded).fields())
    except der.MalformedDer:
        key = b""  # refused below, without a trace of what was handed in
    check_private_key(key)
    return key


def _private_key_in(fields: der.Fields) -> bytes:
    fields.take(der.INTEGER)
    second = fields.take()
    if second.tag == der.SEQUENCE:  # PKCS #8, around one key of SEC 1 and no further
        if second.raw != _ALGORITHM:
            raise second.fault("SM2_PRIVATE_KEY_INVALID", "a key of another algorithm", "其他算法的密钥")
        inner = der.decode(der.read_octets(fields.take())).fields()
        inner.take(der.INTEGER)
        second = inner.take()
    return der.read_octets(second)
