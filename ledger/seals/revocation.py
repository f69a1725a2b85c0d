"""Revocation given offline: certificate revocation lists (X.509 v2) and OCSP responses (RFC 6960), as DER.

A source says something about a certificate only if its issuer (or, for OCSP, a responder the issuer appointed)
signed it and its scope takes the certificate in. Where no source does, the answer is "not known", never "good".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ledger.algorithms.der import (
    BOOLEAN,
    ENUMERATED,
    GENERALIZED_TIME,
    INTEGER,
    SEQUENCE,
    UTC_TIME,
    Element,
    Fields,
    Limits,
    decode,
    read_bits,
    read_boolean,
    read_integer,
)
from ledger.seals.certificates import LIST_SIGN, Certificate, locations, read_extensions
from ledger.seals.names import Name, read_name
from ledger.seals.times import read_time
from ledger.seals.verifying import Outcome, is_signed_by, read_algorithm

_REASON, _INVALIDITY, _SCOPE, _EXPIRED_KEPT = "2.5.29.21", "2.5.29.24", "2.5.29.28", "2.5.29.60"
_DELTA = "2.5.29.27"
# key compromise, CA compromise, AA compromise: whoever has the key can also write an earlier signing time.
COMPROMISE = frozenset({1, 2, 10})
_LIMITS = Limits(size=64 << 20, elements=2_000_000, depth=16)


@dataclass(frozen=True, slots=True)
class Revoked:
    """When a certificate was revoked, why (RFC 5280 5.3.1, None where not said), and since when the key is suspect."""

    moment: int
    reason: int | None = None
    suspect_since: int | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What one source says of one certificate as of ``this_update``; ``revoked`` is empty for "not revoked"."""

    source: str
    this_update: int
    next_update: int | None
    revoked: tuple[Revoked, ...]
    expired_kept: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """Which certificates a list takes in (issuing distribution point, RFC 5280 5.2.5)."""

    only_users: bool = False
    only_authorities: bool = False
    points: tuple[bytes, ...] = ()
    understood: bool = True

    def takes_in(self, certificate: Certificate) -> bool:
        """Whether the absence of this certificate from the list means anything."""
        if not self.understood or (self.only_users and certificate.is_authority):
            return False
        if self.only_authorities and not certificate.is_authority:
            return False
        return not self.points or bool(set(self.points) & set(certificate.distribution_points))


@dataclass(frozen=True, slots=True)
class RevocationList:
    """A revocation list 证书撤销列表 as it stood; ``revoked`` by serial number, all entries of each."""

    signed: bytes = field(repr=False)
    issuer: Name
    this_update: int
    next_update: int | None
    revoked: Mapping[int, tuple[Revoked, ...]] = field(repr=False)
    scope: Scope
    expired_kept: bool
    algorithm: str
    parameters: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    def status_of(self, certificate: Certificate, issuer: Certificate) -> Status | None:
        """What it says, if it is the issuer's and its scope takes the certificate in."""
        if not self.issuer.same_as(issuer.subject) or not self.scope.takes_in(certificate):
            return None
        if issuer.key_usage is not None and LIST_SIGN not in issuer.key_usage:
            return None
        if is_signed_by(self, issuer.public_key_info) is not Outcome.HOLDS:
            return None
        found = self.revoked.get(certificate.serial, ())
        return Status("CRL", self.this_update, self.next_update, found, self.expired_kept)


def parse_revocation_list(data: bytes) -> RevocationList:
    """Read a revocation list; raises ``MalformedDer`` where it is none."""
    outer = decode(data, _LIMITS).fields()
    signed, identifier = outer.take(SEQUENCE), outer.take(SEQUENCE)
    signature = read_bits(outer.take())
    outer.done()
    fields = signed.fields()
    fields.optional(INTEGER)
    inner = fields.take(SEQUENCE)
    if inner.raw != identifier.raw:
        raise inner.fault("CRL_ALGORITHM", "inner and outer algorithm differ", "撤销列表内外签名算法不一致")
    issuer = read_name(fields.take(SEQUENCE))
    this_update, next_update = read_time(fields.take()), _optional_time(fields)
    entries = fields.optional(SEQUENCE)
    scope, expired_kept = _list_extensions(fields.optional(0xA0))
    fields.done()
    revoked, understood = _read_entries(entries.children if entries else ())
    if not understood:
        scope = Scope(understood=False)
    algorithm, parameters = read_algorithm(identifier)
    return RevocationList(
        signed=signed.raw, issuer=issuer, this_update=this_update, next_update=next_update,
        revoked=MappingProxyType(revoked), scope=scope, expired_kept=expired_kept,
        algorithm=algorithm, parameters=parameters, signature=signature,
    )  # fmt: skip


def _optional_time(fields: Fields) -> int | None:
    found = fields.optional(UTC_TIME) or fields.optional(GENERALIZED_TIME)
    return None if found is None else read_time(found)


def _read_entries(entries: Iterable[Element]) -> tuple[dict[int, tuple[Revoked, ...]], bool]:
    """By serial number, all entries of each: a later one must not hide an earlier; and whether all were understood."""
    found: dict[int, tuple[Revoked, ...]] = {}
    understood = True
    for entry in entries:
        serial, revoked, clear = _entry(entry.fields())
        found[serial] = (*found.get(serial, ()), revoked)
        understood = understood and clear
    return found, understood


def _entry(fields: Fields) -> tuple[int, Revoked, bool]:
    serial, moment = read_integer(fields.take()), read_time(fields.take())
    listed = fields.optional(SEQUENCE)
    fields.done()
    reason = suspect = None
    understood = True
    for extension in read_extensions(listed)[0] if listed else ():
        if extension.kind == _REASON:
            reason = read_integer(decode(extension.value), ENUMERATED)
        elif extension.kind == _INVALIDITY:
            suspect = read_time(decode(extension.value))
        elif extension.critical:  # an entry of another issuer's, say: the list may mean something else (RFC 5280 5.3)
            understood = False
    return serial, Revoked(moment, reason, suspect), understood


def _list_extensions(explicit: Element | None) -> tuple[Scope, bool]:
    scope, kept = Scope(), False
    for extension in read_extensions(explicit.only())[0] if explicit else ():
        if extension.kind == _SCOPE:
            scope = _read_scope(decode(extension.value))
        elif extension.kind == _EXPIRED_KEPT:
            kept = True
        elif extension.critical or extension.kind == _DELTA:  # a delta list says only what has changed
            return Scope(understood=False), kept
    return scope, kept


def _read_scope(element: Element) -> Scope:
    fields = element.fields()
    point = fields.optional(0xA0)
    users, authorities = fields.optional(0x81), fields.optional(0x82)
    # Anything else (indirect, some reasons only, attribute certificates) would need more than one list to judge.
    partial = [child for child in fields if child.tag == 0x83 or child.content != b"\x00"]
    points = locations(point)
    # A part that is named by a directory name instead of an address is a part all the same.
    named_otherwise = point is not None and not points
    return Scope(_flag(users), _flag(authorities), points, not partial and not named_otherwise)


def _flag(element: Element | None) -> bool:
    if element is None:
        return False
    return read_boolean(Element(BOOLEAN, element.source, element.start, element.content_start, element.end))
