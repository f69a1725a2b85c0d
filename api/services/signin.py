"""Sign-in by key: a challenge that is answered once, a session whose token is kept as a hash alone.

A challenge is not kept: its nonce bears our own mark (HMAC-SHA-256, RFC 2104) over address and expiry, so that asking
for a million costs no more than reading. What is kept, until it expires, is which ones were answered.

A session is worth what its key is worth at that moment: standing is looked up on every request, so a
revoked key, window or agency ends it at once.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.services.ports import Now, RandomBytes
from api.services.words import reason_view
from api.store.models import Session
from api.store.sessions import SessionStore
from ledger.errors import Forbidden, InvalidInput, Unauthenticated
from ledger.ids import agency_of
from ledger.reasons import Reason
from ledger.records import Key
from ledger.rules.authority import key_standing
from ledger.signin import Expected, SignIn, parse_sign_in, verify_sign_in
from ledger.world import World

TOKEN_BYTES = 32
PURGE_SECONDS = 60
_SALT_BYTES, _TIME_BYTES, _MARK_BYTES = 8, 4, 16
_HEX = re.compile(f"[0-9a-f]{{{2 * (_SALT_BYTES + _TIME_BYTES + _MARK_BYTES)}}}")
STATEMENT = "Sign in to Huxin. This signature changes nothing on the ledger."


@dataclass(frozen=True, slots=True)
class Site:
    """Who asks for the signature: EIP-4361's domain, URI and chain id, and lifetimes in seconds."""

    domain: str
    uri: str
    chain_id: int
    challenge_seconds: int
    session_seconds: int


@dataclass(frozen=True, slots=True)
class User:
    """An officer who has signed in, with what the key is entrusted with now."""

    officer: int
    roles: int
    address: bytes
    expires: int

    @property
    def agency(self) -> int:
        """The officer's agency."""
        return agency_of(self.officer)


@dataclass(frozen=True, slots=True)
class Proof:
    """A challenge answered by the key of an officer; ``expires`` is when the nonce is worth nothing any more."""

    nonce: str
    expires: int
    address: bytes
    officer: int
    roles: int


class SignIns:
    """Challenges, sessions and who is behind a token; ``secret`` (32 bytes) marks the nonces."""

    def __init__(
        self, site: Site, store: SessionStore, new_world: Callable[[], World], now: Now, random_bytes: RandomBytes,
        secret: bytes,
    ) -> None:  # fmt: skip
        self._site, self._store, self._new_world = site, store, new_world
        self._now, self._random_bytes, self._secret = now, random_bytes, secret
        self._purged = 0

    def challenge(self, address: bytes) -> tuple[str, int]:
        """The text to sign and until when; given to any address, so that nobody learns who is registered."""
        now = self._now()
        expires = now + self._site.challenge_seconds
        nonce = self._marked(self._random_bytes(_SALT_BYTES) + expires.to_bytes(_TIME_BYTES), address)
        message = SignIn(
            domain=self._site.domain, address=address, uri=self._site.uri, chain_id=self._site.chain_id,
            nonce=nonce, issued_at=_time(now), expiration_time=_time(expires), statement=STATEMENT,
        )  # fmt: skip
        return message.text(), expires

    def prove(self, text: str, signature: bytes) -> Proof:
        """Who signed; SignInRefused, Unauthenticated ``SIGNIN_NONCE`` or a standing's code. Nothing is written."""
        nonce = _nonce_of(text)
        message = verify_sign_in(text, signature, self._expected(nonce))
        expires = self._expiry_of(nonce, message.address)
        if expires <= self._now():
            raise _nonce_refused()
        key = self._holding(message.address)
        return Proof(nonce, expires, message.address, key.officer, key.roles)

    def open(self, proof: Proof) -> tuple[str, User]:
        """A token, once for each challenge; Unauthenticated ``SIGNIN_NONCE``."""
        now = self._now()
        if now - self._purged > PURGE_SECONDS:
            self._store.purge(now)
            self._purged = now
        if not self._store.spend(proof.nonce, proof.address, proof.expires):
            raise _nonce_refused()
        token, expires = self._random_bytes(TOKEN_BYTES), now + self._site.session_seconds
        self._store.add(Session(_hashed(token), proof.address, proof.officer, now, expires))
        return _written(token), User(proof.officer, proof.roles, proof.address, expires)

    def user_of(self, token: str) -> User:
        """Who is signed in; Unauthenticated ``SESSION_UNKNOWN`` or the code of what no longer holds."""
        session = self._store.get(_hashed_text(token), self._now())
        if session is None:
            raise Unauthenticated("SESSION_UNKNOWN", "not signed in, or no longer", "未登录或已过期,请重新登录")
        key = self._holding(session.address)
        return User(key.officer, key.roles, session.address, session.expires)

    def close(self, token: str) -> None:
        """End a session."""
        self._store.remove(_hashed_text(token))

    def _marked(self, given: bytes, address: bytes) -> str:
        return (given + hmac.digest(self._secret, given + address, "sha256")[:_MARK_BYTES]).hex()

    def _expiry_of(self, nonce: str, address: bytes) -> int:
        """When a nonce that we gave out for this address expires; 0 where we did not."""
        given = nonce[: 2 * (_SALT_BYTES + _TIME_BYTES)]
        if not _HEX.fullmatch(nonce) or not hmac.compare_digest(self._marked(bytes.fromhex(given), address), nonce):
            return 0
        return int(given[2 * _SALT_BYTES :], 16)

    def _expected(self, nonce: str) -> Expected:
        lifetime = timedelta(seconds=self._site.challenge_seconds)
        site = self._site
        return Expected(site.domain, site.uri, site.chain_id, nonce, _time(self._now()), lifetime)

    def _holding(self, address: bytes) -> Key:
        world = self._new_world()
        key = world.keys.get(address)
        reason = Reason.SIGNER_UNKNOWN if key is None else key_standing(world, key, self._now())
        if key is None or reason is not Reason.OK:
            text = reason_view(reason)
            raise Unauthenticated(reason.name, text.en, text.zh)
        return key


def require_role(user: User, role: int) -> None:
    """Forbidden ``ROLE_MISSING`` without one of these roles."""
    if not user.roles & role:
        text = reason_view(Reason.ROLE_MISSING)
        raise Forbidden(Reason.ROLE_MISSING.name, text.en, text.zh)


def _nonce_refused() -> Unauthenticated:
    return Unauthenticated(
        "SIGNIN_NONCE", "the nonce is unknown, used or expired; ask for a new message and sign that",
        "随机数未知、已用或已过期,请重新获取登录消息并签名",
    )  # fmt: skip


def _nonce_of(text: str) -> str:
    """The message's nonce, empty where it is no message (verification then says why)."""
    try:
        return parse_sign_in(text).nonce
    except InvalidInput:
        return ""


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _written(token: bytes) -> str:
    return urlsafe_b64encode(token).decode().rstrip("=")


def _hashed(token: bytes) -> bytes:
    return _hashed_text(_written(token))


def _hashed_text(token: str) -> bytes:
    # 256 random bits need no slow hash
    return hashlib.sha256(token.encode(errors="replace")).digest()
