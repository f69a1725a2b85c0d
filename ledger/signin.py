"""Sign-in with a key: EIP-4361 messages, built, parsed by the exact grammar, and verified.

Checks of ``verify_sign_in``, all made and all reported at once:

1. the text is a message of the grammar (ABNF of EIP-4361; RFC 3986 for URIs, RFC 3339 for times)
2. domain, URI and chain id are ours: a message signed for another site or chain is worth nothing here
3. the nonce is the one given out (that it is used once is for whoever gave it out)
4. it is in force: not issued in the future, not before ``not_before``, not expired, not too long
5. the signature over the EIP-191 hash of the very bytes was made by the address in the message

The statement is ASCII without line breaks: the grammar knows no Chinese.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.crypto import checksum, compact, keccak, recover
from ledger.errors import Fault, InvalidInput
from ledger.signin_grammar import MAX_MESSAGE, SignIn, parse_sign_in

MAX_SKEW = timedelta(seconds=60)
MAX_LIFETIME = timedelta(hours=24)

__all__ = ["MAX_MESSAGE", "Expected", "SignIn", "SignInRefused", "parse_sign_in", "personal_digest", "verify_sign_in"]


class SignInRefused(InvalidInput):
    """The message or its signature does not prove who is asking; ``faults`` names every reason."""

    http_status = 401
    exit_code = 77


@dataclass(frozen=True, slots=True)
class Expected:
    """What the service that asked for the sign-in expects; ``now`` is aware (UTC)."""

    domain: str
    uri: str
    chain_id: int
    nonce: str
    now: datetime
    max_lifetime: timedelta = MAX_LIFETIME


def personal_digest(message: bytes) -> bytes:
    """The hash that ``personal_sign`` signs (EIP-191, version 0x45): 32 bytes."""
    return keccak(b"\x19Ethereum Signed Message:\n" + str(len(message)).encode() + message)


def verify_sign_in(text: str, signature: bytes, expected: Expected) -> SignIn:
    """The message, whose ``address`` has now signed in; SignInRefused with every fault otherwise.

    ``signature`` is r ‖ s ‖ v (65 bytes, as wallets give it) or the 64 bytes of EIP-2098.
    """
    try:
        message = parse_sign_in(text)  # 1
    except InvalidInput as error:
        raise SignInRefused.of(error.faults) from error
    faults = [*_scope_faults(message, expected), *_time_faults(message, expected)]  # 2, 3, 4
    faults += _signature_faults(text, signature, message.address)  # 5
    if faults:
        raise SignInRefused.of(faults)
    return message


def _scope_faults(message: SignIn, expected: Expected) -> list[Fault]:
    pairs = (
        ("SIGNIN_DOMAIN", "domain", message.domain, expected.domain),
        ("SIGNIN_URI", "uri", message.uri, expected.uri),
        ("SIGNIN_CHAIN", "chain_id", str(message.chain_id), str(expected.chain_id)),
        ("SIGNIN_NONCE", "nonce", message.nonce, expected.nonce),
    )
    return [
        Fault(
            code,
            where,
            f"{where} 与本服务给出的不符,请重新获取登录消息并签名",
            f"{where} is not the one this service gave out; ask for a new message and sign that",
        )
        for code, where, found, wanted in pairs
        if found != wanted
    ]


def _time_faults(message: SignIn, expected: Expected) -> list[Fault]:
    now, ends = expected.now, message.expiration_time
    faults = []
    if message.issued_at > now + MAX_SKEW:
        faults.append(
            _time(
                "SIGNIN_FROM_THE_FUTURE", "issued_at", "签发时间在将来,请校准时钟", "lies in the future; set the clock"
            )
        )
    if message.not_before and message.not_before > now + MAX_SKEW:
        faults.append(_time("SIGNIN_NOT_YET", "not_before", "尚未生效", "the message is not in force yet"))
    if ends is None or ends > message.issued_at + expected.max_lifetime:
        faults.append(
            _time("SIGNIN_TOO_LONG", "expiration_time", "缺少到期时间或有效期过长", "is missing or too far away")
        )
    if ends is not None and ends <= now:
        faults.append(_time("SIGNIN_EXPIRED", "expiration_time", "已过期,请重新登录", "has passed; sign in again"))
    return faults


def _time(code: str, where: str, zh: str, en: str) -> Fault:
    return Fault(code, where, f"{where} {zh}", f"{where} {en}")


def _signature_faults(text: str, signature: bytes, address: bytes) -> list[Fault]:
    try:
        short = compact(signature) if len(signature) == 65 else signature
        signer = recover(personal_digest(text.encode()), short)
    except InvalidInput as error:
        return list(error.faults)
    if signer == address:
        return []
    return [
        Fault(
            "SIGNIN_WRONG_SIGNER",
            "signature",
            f"签名不是由消息中的地址 {checksum(address)} 作出,或消息已被改动",
            f"not made by the address in the message, {checksum(address)}, or the message was changed",
        )
    ]
