"""亮证: a license shown from a phone, as a short-lived code that whoever has read the license can check by himself.

The holder signs ``Presentation`` under the domain of Licenses with the key that the license is bound to
(``ledger.holding``). The code is one line, base64url without padding (RFC 4648, section 5), some 350 characters, of::

    version 1 byte (1) | license 32 | from 4 | until 4 | nonce 16 | signature 64 (EIP-2098) | salt 32
    | siblings 1 byte, then 32 each | audience, UTF-8, the rest (at most 64 bytes)

A window that wants a code nobody can show again gives the phone a challenge and has it put into ``audience``; without
one a copy is as good as the original until the code expires, and the report says so. Audiences that begin with
``huxin:`` are no window's: with a code made for ``huxin:uses`` a holder reads the uses of his own license.
"""

import base64
import binascii
from dataclasses import dataclass, field

from ledger.crypto import InvalidSignature, recover
from ledger.eip712 import Bytes32, String, Uint32, digest, struct_hash
from ledger.errors import InvalidInput
from ledger.holding import KeyOpening
from ledger.verdict import Check, Report, indeterminate, invalid, report, valid

VERSION = 1
LONGEST = 300
"""Seconds that a code may be valid."""
SKEW = 30
"""Seconds by which a phone's clock may be ahead."""
NONCE_SIZE, MOST_AUDIENCE, MOST_SIBLINGS = 16, 64, 8
MOST_TEXT = 1024
RESERVED = "huxin:"
OF_THE_HOLDER = RESERVED + "uses"
"""The audience of a code with which a holder reads the uses of his own license."""
_HEAD = 1 + 32 + 4 + 4 + NONCE_SIZE + 64 + 32 + 1


@dataclass(frozen=True, slots=True)
class Presentation:
    """What is signed: this license, shown at ``valid_from <= t < valid_until`` to ``audience`` (empty: anybody)."""

    license: Bytes32
    valid_from: Uint32
    valid_until: Uint32
    nonce: Bytes32
    audience: String


@dataclass(frozen=True, slots=True)
class PresentationCode:
    """A presentation with its signature (64 bytes) and the way from the signer's key to the license's holder."""

    shown: Presentation
    signature: bytes = field(repr=False)
    salt: bytes = field(repr=False)
    path: tuple[bytes, ...] = field(repr=False)


def presentation(license_: bytes, now: int, seconds: int, nonce: bytes, audience: str = "") -> Presentation:
    """What the phone signs; InvalidInput for more than 300 seconds, an audience of more than 64 bytes or reserved.

    A window that could choose a reserved one would have the holder sign away the trace of his license's uses.
    """
    if audience.startswith(RESERVED):
        en = f"{RESERVED!r} is for the holder's own questions: a window that gives such a challenge is after them"
        zh = f"“{RESERVED}”开头的随机码仅供持证人本人查询使用,窗口无权给出"
        raise InvalidInput("AUDIENCE_RESERVED", "audience", en, zh)
    return _presentation(license_, now, seconds, nonce, audience)


def presentation_of_the_holder(license_: bytes, now: int, seconds: int, nonce: bytes) -> Presentation:
    """What the phone signs for its holder's own eyes, to read the uses of the license; as :func:`presentation`."""
    return _presentation(license_, now, seconds, nonce, OF_THE_HOLDER)


def _presentation(license_: bytes, now: int, seconds: int, nonce: bytes, audience: str) -> Presentation:
    if not 0 < seconds <= LONGEST:
        raise InvalidInput(
            "PRESENTATION_TOO_LONG", "seconds", f"1 to {LONGEST} seconds", f"有效时间须为 1 至 {LONGEST} 秒"
        )
    if len(audience.encode()) > MOST_AUDIENCE:
        raise InvalidInput(
            "AUDIENCE_TOO_LONG", "audience", f"at most {MOST_AUDIENCE} bytes", f"至多 {MOST_AUDIENCE} 字节"
        )
    if len(nonce) != NONCE_SIZE:
        raise InvalidInput("NONCE_LENGTH", "nonce", f"{NONCE_SIZE} random bytes", f"须为 {NONCE_SIZE} 字节随机数")
    return Presentation(license_, now, now + seconds, nonce.ljust(32, b"\0"), audience)


def presentation_digest(domain: bytes, shown: Presentation) -> bytes:
    """What the holder signs (32 bytes); ``domain`` is the EIP-712 domain of Licenses."""
    return digest(domain, struct_hash(shown))


def write_code(shown: Presentation, opening: KeyOpening, signature: bytes) -> str:
    """The line that goes into a QR code."""
    if len(opening.path) > MOST_SIBLINGS:
        raise InvalidInput("PATH_TOO_LONG", "path", f"at most {MOST_SIBLINGS}", f"至多 {MOST_SIBLINGS} 项")
    body = b"".join((
        bytes((VERSION,)), shown.license, shown.valid_from.to_bytes(4), shown.valid_until.to_bytes(4),
        shown.nonce[:NONCE_SIZE], signature, opening.salt, bytes((len(opening.path),)), *opening.path,
        shown.audience.encode(),
    ))  # fmt: skip
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode()


def read_code(text: str) -> PresentationCode:
    """Inverse of :func:`write_code`; InvalidInput ``PRESENTATION_MALFORMED``."""
    try:
        raw = text.encode("ascii")
        body = base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
        code = _read(body)
    except (ValueError, binascii.Error) as error:
        raise _malformed() from error
    if len(text) > MOST_TEXT or write_code(code.shown, _opening(code), code.signature) != text:
        raise _malformed()
    return code


def _read(body: bytes) -> PresentationCode:
    if len(body) < _HEAD or body[0] != VERSION or body[_HEAD - 1] > MOST_SIBLINGS:
        raise ValueError
    rest = _HEAD + 32 * body[_HEAD - 1]
    audience = body[rest:].decode()
    if len(body) < rest or len(body) - rest > MOST_AUDIENCE:
        raise ValueError
    shown = Presentation(
        body[1:33], int.from_bytes(body[33:37]), int.from_bytes(body[37:41]), body[41:57].ljust(32, b"\0"), audience
    )
    path = tuple(body[at : at + 32] for at in range(_HEAD, rest, 32))
    return PresentationCode(shown, body[57:121], body[121:153], path)


def _opening(code: PresentationCode, address: bytes = b"") -> KeyOpening:
    return KeyOpening(address, code.salt, code.path)


def check_presentation(
    code: PresentationCode, domain: bytes, holder: bytes | None, now: int, challenge: str | None = None
) -> Report:
    """In its time, for us, signed by the key the license is bound to; whether the license stands is another matter.

    ``holder`` is ``License.holder`` (None where the license is not known), ``challenge`` what we gave the phone.
    Checks: ``presentation.time``, ``presentation.audience``, ``presentation.holder``.
    """
    return report((_time(code.shown, now), _audience(code.shown, challenge), _holder(code, domain, holder)))


def _time(shown: Presentation, now: int) -> Check:
    name, facts = "presentation.time", {"from": shown.valid_from, "until": shown.valid_until, "now": now}
    if not shown.valid_from < shown.valid_until <= shown.valid_from + LONGEST:
        en = f"the code is valid for more than {LONGEST} s, or for none"
        return invalid(name, "PRESENTATION_TOO_LONG", en, f"亮证码的有效时间不在 1 至 {LONGEST} 秒之内", facts)
    if now >= shown.valid_until:
        en = "the code has expired: have it shown again"
        return invalid(name, "PRESENTATION_EXPIRED", en, "亮证码已过期,请重新出示", facts)
    if now < shown.valid_from - SKEW:
        en = "the code is from the future: set the clocks right"
        return invalid(name, "PRESENTATION_NOT_YET_VALID", en, "亮证码尚未生效,请校准时钟", facts)
    return valid(name, "shown just now", "亮证码在有效时间内", facts)


def _audience(shown: Presentation, challenge: str | None) -> Check:
    name = "presentation.audience"
    if challenge is None and not shown.audience:
        en = f"for anybody: a copy of it is as good until {shown.valid_until}; give a challenge to rule that out"
        zh = f"未指定查验方:截屏在 {shown.valid_until} 前同样有效;如需排除,请向持证人出示随机码"
        return valid(name, en, zh, {"replayableUntil": shown.valid_until})
    if shown.audience != (challenge or ""):
        en = "the code was made for somebody else, or for another challenge"
        return invalid(name, "PRESENTATION_FOR_ANOTHER", en, "亮证码是为其他查验方或其他随机码生成的")
    return valid(name, "made for us, for the challenge given", "亮证码是针对本次查验生成的")


def _holder(code: PresentationCode, domain: bytes, holder: bytes | None) -> Check:
    name = "presentation.holder"
    if holder is None:
        en = "the license's holder is not known here: have the license itself shown"
        return indeterminate(name, "LICENSE_NOT_AT_HAND", en, "此处没有该证照的持证主体信息,请同时出示证照")
    try:
        signer = recover(presentation_digest(domain, code.shown), code.signature)
    except InvalidSignature as error:
        return invalid(name, error.code, error.en, error.zh)
    if _opening(code, signer).leads_to(holder):
        return valid(name, "signed with the key that the license is bound to", "由证照绑定的持证人密钥签名")
    en = "not signed with the key that the license is bound to: another holder, or a changed code"
    return invalid(name, "HOLDER_NOT_PROVEN", en, "不是由该证照绑定的持证人密钥签名:他人证照,或亮证码被改动")


def _malformed() -> InvalidInput:
    return InvalidInput(
        "PRESENTATION_MALFORMED", "code", "this is no presentation code", "不是亮证码,请重新扫描"
    )  # fmt: skip
