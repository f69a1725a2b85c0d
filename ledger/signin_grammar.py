"""The grammar of EIP-4361 messages: what stands on which line, and nothing else."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import AddressValueError, IPv6Address

from ledger.crypto import checksum, parse_address
from ledger.errors import Fault, InvalidInput

MAX_MESSAGE = 4096
_ESCAPED = r"%[0-9A-Fa-f]{2}"
_UNRESERVED = r"A-Za-z0-9\-._~"
_SUB_DELIMS = r"!$&'()*+,;="
_PCHAR = rf"(?:[{_UNRESERVED}{_SUB_DELIMS}:@]|{_ESCAPED})"
_HOST = rf"(?:\[[0-9A-Fa-f:.]+\]|(?:[{_UNRESERVED}{_SUB_DELIMS}]|{_ESCAPED})+)"
# without userinfo: "good.example@evil.example" must not read like good.example
_DOMAIN = re.compile(rf"{_HOST}(?::[0-9]*)?", re.ASCII)
_URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.\-]*:"
    rf"(?://(?:(?:[{_UNRESERVED}{_SUB_DELIMS}:]|{_ESCAPED})*@)?{_HOST}?(?::[0-9]*)?(?:/{_PCHAR}*)*"
    rf"|/(?:{_PCHAR}+(?:/{_PCHAR}*)*)?|{_PCHAR}+(?:/{_PCHAR}*)*|)"
    rf"(?:\?(?:{_PCHAR}|[/?])*)?(?:\#(?:{_PCHAR}|[/?])*)?",
    re.ASCII,
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*", re.ASCII)
_STATEMENT = re.compile(rf"[{_UNRESERVED}:/?#\[\]@{_SUB_DELIMS} ]*", re.ASCII)
_NONCE = re.compile(r"[A-Za-z0-9]{8,}", re.ASCII)
_CHAIN_ID = re.compile(r"[0-9]{1,78}", re.ASCII)
_REQUEST_ID = re.compile(rf"{_PCHAR}*", re.ASCII)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_OPENING = " wants you to sign in with your Ethereum account:"
_REQUIRED = ("URI: ", "Version: ", "Chain ID: ", "Nonce: ", "Issued At: ")
_OPTIONAL = ("Expiration Time: ", "Not Before: ", "Request ID: ")


@dataclass(frozen=True, slots=True)
class SignIn:
    """One message; ``address`` 20 bytes, times aware. ``text`` writes what is to be signed."""

    domain: str
    address: bytes
    uri: str
    chain_id: int
    nonce: str
    issued_at: datetime
    expiration_time: datetime | None = None
    not_before: datetime | None = None
    statement: str | None = None
    request_id: str | None = None
    resources: tuple[str, ...] | None = None
    scheme: str | None = None

    def text(self) -> str:
        """The message; InvalidInput if a part breaks the grammar, so no other line can be smuggled in."""
        text = "\n".join(self._lines())
        if parse_sign_in(text) != self:
            raise InvalidInput.of([_fault("SIGNIN_MALFORMED", "message", "须能按原样读回", "must read back as it was")])
        return text

    def _lines(self) -> Iterator[str]:
        origin = f"{self.scheme}://{self.domain}" if self.scheme else self.domain
        yield origin + _OPENING
        yield checksum(self.address)
        yield ""
        if self.statement is not None:
            yield self.statement
        yield ""
        yield f"URI: {self.uri}"
        yield "Version: 1"
        yield f"Chain ID: {self.chain_id}"
        yield f"Nonce: {self.nonce}"
        yield f"Issued At: {_write_time(self.issued_at)}"
        if self.expiration_time is not None:
            yield f"Expiration Time: {_write_time(self.expiration_time)}"
        if self.not_before is not None:
            yield f"Not Before: {_write_time(self.not_before)}"
        if self.request_id is not None:
            yield f"Request ID: {self.request_id}"
        if self.resources is not None:
            yield "Resources:"
            yield from (f"- {resource}" for resource in self.resources)


def parse_sign_in(text: str) -> SignIn:
    """Read a message; InvalidInput with every faulty part at once.

    Codes: ``SIGNIN_MALFORMED``, ``SIGNIN_OVERSIZED``, ``ADDRESS_MALFORMED``.

    A message whose lines do not stand as the grammar has them gets one fault for the first such line.
    """
    if len(text) > MAX_MESSAGE:
        raise InvalidInput.of(
            [
                _fault(
                    "SIGNIN_OVERSIZED",
                    "message",
                    f"超过 {MAX_MESSAGE} 个字符",
                    f"has more than {MAX_MESSAGE} characters",
                )
            ]
        )
    parts = _split(text)
    reader = _Reader()
    resources = parts.resources
    message = SignIn(
        domain=reader.domain(parts.domain),
        address=reader.address(parts.address),
        uri=reader.matching(_URI, "uri", parts.tagged["URI: "]),
        chain_id=int(reader.matching(_CHAIN_ID, "chain_id", parts.tagged["Chain ID: "]) or 0),
        nonce=reader.matching(_NONCE, "nonce", parts.tagged["Nonce: "]),
        issued_at=reader.time("issued_at", parts.tagged["Issued At: "]),
        expiration_time=reader.optional_time("expiration_time", parts.tagged.get("Expiration Time: ")),
        not_before=reader.optional_time("not_before", parts.tagged.get("Not Before: ")),
        statement=None if parts.statement is None else reader.matching(_STATEMENT, "statement", parts.statement),
        request_id=reader.request_id(parts.tagged.get("Request ID: ")),
        resources=None if resources is None else tuple(reader.matching(_URI, "resources", each) for each in resources),
        scheme=None if parts.scheme is None else reader.matching(_SCHEME, "scheme", parts.scheme),
    )
    reader.version(parts.tagged["Version: "])
    if reader.faults:
        raise InvalidInput.of(reader.faults)
    return message


@dataclass(frozen=True, slots=True)
class _Parts:
    scheme: str | None
    domain: str
    address: str
    statement: str | None
    tagged: dict[str, str]
    resources: tuple[str, ...] | None


def _split(text: str) -> _Parts:
    """Put the lines where they belong, without looking into them."""
    lines = text.split("\n")
    if len(lines) < 9 or not lines[0].endswith(_OPENING):
        raise _malformed(1, f"domain{_OPENING}")
    origin = lines[0].removesuffix(_OPENING)
    scheme, mark, domain = origin.partition("://")
    if lines[2]:
        raise _malformed(3, "an empty line")
    # one empty line before the URI: no statement; two: an empty one
    has_statement = bool(lines[3]) or not lines[4]
    rest = 5 if has_statement else 4
    if lines[rest - 1]:
        raise _malformed(rest, "an empty line")
    tagged, resources = _tagged(lines, rest)
    statement = lines[3] if has_statement else None
    return _Parts(scheme if mark else None, domain if mark else origin, lines[1], statement, tagged, resources)


def _tagged(lines: list[str], start: int) -> tuple[dict[str, str], tuple[str, ...] | None]:
    tagged: dict[str, str] = {}
    place = start
    for tag in (*_REQUIRED, *_OPTIONAL):
        if place < len(lines) and lines[place].startswith(tag):
            tagged[tag] = lines[place].removeprefix(tag)
            place += 1
        elif tag in _REQUIRED:
            raise _malformed(place + 1, tag)
    if place == len(lines):
        return tagged, None
    if lines[place] != "Resources:":
        raise _malformed(place + 1, "Expiration Time, Not Before, Request ID, Resources, in this order, or the end")
    for number, line in enumerate(lines[place + 1 :], place + 2):
        if not line.startswith("- "):
            raise _malformed(number, "- resource")
    return tagged, tuple(line.removeprefix("- ") for line in lines[place + 1 :])


class _Reader:
    """Looks into the parts; a faulty one is noted and replaced, so that all are looked at."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def _add(self, where: str, zh: str, en: str) -> None:
        self.faults.append(_fault("SIGNIN_MALFORMED", where, zh, en))

    def matching(self, pattern: re.Pattern[str], where: str, text: str) -> str:
        if pattern.fullmatch(text) and (where not in {"uri", "resources"} or _ip_literal_holds(text)):
            return text
        self._add(where, "不符合 EIP-4361 的写法", "does not follow the grammar of EIP-4361")
        return ""

    def domain(self, text: str) -> str:
        if _DOMAIN.fullmatch(text) and _ip_literal_holds(text):
            return text
        self._add("domain", "须为 主机名[:端口],不含用户名", "must be host[:port] without a user name")
        return ""

    def address(self, text: str) -> bytes:
        try:
            return parse_address(text)
        except InvalidInput as error:
            self.faults.extend(error.faults)
            return bytes(20)

    def version(self, text: str) -> None:
        if text != "1":
            self._add("version", "须为 1", "must be 1")

    def request_id(self, text: str | None) -> str | None:
        return None if text is None else self.matching(_REQUEST_ID, "request_id", text)

    def optional_time(self, where: str, text: str | None) -> datetime | None:
        return None if text is None else self.time(where, text)

    def time(self, where: str, text: str) -> datetime:
        found = _TIME.fullmatch(text)
        if found:
            day, clock, fraction, offset = found.groups()
            try:
                # digits beyond microseconds are cut off; a leap second is refused with the rest
                return datetime.fromisoformat(f"{day}T{clock}{(fraction or '')[:7]}{offset.upper()}").astimezone(UTC)
            except (ValueError, OverflowError):
                pass
        self._add(
            where,
            "须为 RFC 3339 时间,例如 2026-01-02T03:04:05Z",
            "must be an RFC 3339 time such as 2026-01-02T03:04:05Z",
        )
        return datetime.min.replace(tzinfo=UTC)


def _ip_literal_holds(text: str) -> bool:
    """Whether what stands in brackets, if anything, is an IPv6 address (RFC 3986, 3.2.2)."""
    literal = re.search(r"\[(.*?)\]", text)
    if literal is None:
        return True
    try:
        IPv6Address(literal[1])
    except AddressValueError:
        return False
    return True


def _write_time(moment: datetime) -> str:
    whole_milliseconds = moment.microsecond and moment.microsecond % 1000 == 0
    written = moment.astimezone(UTC).isoformat(timespec="milliseconds" if whole_milliseconds else "auto")
    return written.replace("+00:00", "Z")


def _malformed(line: int, wanted: str) -> InvalidInput:
    return InvalidInput.of(
        [_fault("SIGNIN_MALFORMED", f"message line {line}", f"应为 {wanted!r}", f"should read {wanted!r}")]
    )


def _fault(code: str, where: str, zh: str, en: str) -> Fault:
    return Fault(code, where, f"{where} {zh}", f"{where} {en}")
