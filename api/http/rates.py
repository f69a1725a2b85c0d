"""How often somebody may ask: token buckets, counted for the officer where one is known, else for the address."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from ledger.errors import TooMany

MOST_CLIENTS = 50_000
SIGN_IN = "sign-in"
"""What stands for a path where sessions are counted that an officer opens."""
LOOK_AGAIN = 10.0
"""Seconds for which it is believed that a session holds: then it is looked up before the next request is counted."""
_MOST_PATHS = 1_000
_IPV6_SITE_BITS = 64
"""Whoever has one IPv6 address usually has its whole /64."""

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Rate:
    """``per_second`` requests on average, ``burst`` at once."""

    per_second: float
    burst: float


Rates = tuple[tuple[str, Rate], ...]
"""Rates by the beginning of the path; the first that fits counts."""


class Buckets:
    """Token buckets by client and kind of path; the least recently used are forgotten first."""

    def __init__(self, rates: Rates, monotonic: Callable[[], float]) -> None:
        self._rates, self.monotonic = rates, monotonic
        self._levels: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._kinds: dict[str, tuple[str, Rate] | None] = {}

    def take(self, client: str, path: str) -> None:
        """Take one token; TooMany ``RATE_LIMITED`` with the seconds to wait."""
        self._spend(client, path, 1)

    def check(self, client: str, path: str) -> None:
        """As :meth:`take`, but nothing is taken."""
        self._spend(client, path, 0)

    def charge(self, client: str, path: str, tokens: int) -> None:
        """Take tokens for what was done already, down to none."""
        with suppress(TooMany):
            self._spend(client, path, tokens)

    def _spend(self, client: str, path: str, tokens: int) -> None:
        kind = self._kinds[path] if path in self._kinds else self._kind_of(path)
        if kind is None:
            return
        prefix, rate = kind
        now, key, levels = self.monotonic(), (client, prefix), self._levels
        before = levels.get(key)
        if before is None:
            level = rate.burst
        else:
            level = min(rate.burst, before[0] + (now - before[1]) * rate.per_second)
            levels.move_to_end(key)
        levels[key] = (max(level - tokens, 0.0) if level >= 1 else level, now)
        if len(levels) > MOST_CLIENTS:
            levels.popitem(last=False)
        if level < 1:
            wait = int((1 - level) / rate.per_second) + 1
            raise TooMany("RATE_LIMITED", f"too many requests; wait {wait} s", f"请求过于频繁,请 {wait} 秒后再试", wait)

    def _kind_of(self, path: str) -> tuple[str, Rate] | None:
        found = next((row for row in self._rates if path.startswith(row[0])), None)
        if len(self._kinds) < _MOST_PATHS:
            self._kinds[path] = found
        return found


class Callers:
    """For whom a request is counted, and whether that one may ask once more.

    An officer is known by a session that was looked up before, or by a signature that was checked; until then it
    is the address that counts. Behind a proxy the address is what a proxy in ``trusted`` says of it, nobody else.
    """

    def __init__(
        self, addresses: Buckets, officers: Buckets, trusted: Sequence[Network] = (), most: int = MOST_CLIENTS
    ) -> None:
        self._addresses, self._officers, self._trusted, self._most = addresses, officers, tuple(trusted), most
        self._sessions: OrderedDict[int, tuple[str, float]] = OrderedDict()
        self._peers: dict[str, bool] = {}

    def take(self, address: str, headers: Mapping[bytes, bytes], path: str) -> str:
        """Count a request before anything of it is read; for whom. TooMany ``RATE_LIMITED``."""
        authorization = headers.get(b"authorization")
        known = None if authorization is None else self._sessions.get(hash(authorization))
        if known is None:
            self._addresses.take(address, path)
            return address
        self._officers.take(known[0], path)
        return known[0]

    def know(self, authorization: bytes, officer: int) -> None:
        """This header belongs to a session of that officer: from now on it is the officer who is counted."""
        # a keyed hash of the process: the token itself is not kept
        self._sessions[hash(authorization)] = (f"officer {officer}", self._officers.monotonic())
        if len(self._sessions) > self._most:
            self._sessions.popitem(last=False)

    def forget(self, authorization: bytes) -> None:
        """This header opens nothing any more: whoever still sends it is counted for his address."""
        self._sessions.pop(hash(authorization), None)

    def is_due(self, authorization: bytes) -> bool:
        """Whether to look up, once, what is known of a header: not every route does, and a session may have ended."""
        known, now = self._sessions.get(hash(authorization)), self._officers.monotonic()
        if known is None or now - known[1] < LOOK_AGAIN:
            return False
        self._sessions[hash(authorization)] = (known[0], now)
        return True

    def welcome(self, officer: int, path: str = "/v1/acts") -> None:
        """Before an act is taken: TooMany ``RATE_LIMITED`` where the officer it names has handed in too many.

        Nothing is counted yet, so that nobody uses up a rate by writing another's name on what he did not sign.
        """
        self._officers.check(f"officer {officer}", path)

    def charge(self, officer: int, acts: int = 1, path: str = "/v1/acts") -> None:
        """Count acts that were taken for the officer whose signature they bear."""
        self._officers.charge(f"officer {officer}", path, acts)

    def address_of(self, peer: str, headers: Mapping[bytes, bytes]) -> str:
        """The address a request comes from, an IPv6 one as its /64."""
        if self._trusted and self._is_trusted(peer):
            peer = self._forwarded(headers.get(b"x-forwarded-for", b"").decode("latin-1"), peer)
        return site_of(peer) if ":" in peer else peer

    def connected_from(self, peer: str) -> str | None:
        """Whose connection it is; None for a trusted proxy, who carries many people's."""
        return None if self._trusted and self._is_trusted(peer) else self.address_of(peer, {})

    def _is_trusted(self, peer: str) -> bool:
        known = self._peers.get(peer)
        if known is None:
            known = any(_contains(network, peer) for network in self._trusted)
            if len(self._peers) < _MOST_PATHS:
                self._peers[peer] = known
        return known

    def _forwarded(self, header: str, peer: str) -> str:
        """The last address that no trusted proxy has; what stands before it the client may have made up."""
        for text in reversed(header.split(",")):
            address = text.strip()
            if not _is_address(address):
                return peer
            if not self._is_trusted(address):
                return address
            peer = address
        return peer


def site_of(address: str) -> str:
    """An IPv6 address as its /64, one that maps IPv4 as that; all others as they are."""
    if not _is_address(address):
        return address
    parsed = ip_address(address)
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{IPv6Address(int(parsed) >> _IPV6_SITE_BITS << _IPV6_SITE_BITS)}/{_IPV6_SITE_BITS}"


def _contains(network: Network, address: str) -> bool:
    return _is_address(address) and ip_address(address) in network


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
