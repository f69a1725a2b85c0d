"""An authority, a seal maker and seals FOR DEVELOPMENT ONLY, so that the project has fixtures and demos of its own.

Every certificate says so in its names and carries ``DEVELOPMENT_MARK``; whoever verifies reports the mark, and
no installation that trusts real makers has this authority among its anchors.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ledger.algorithms.der import UTF8_STRING, write
from ledger.algorithms.digests import sm3
from ledger.algorithms.sm2 import SigningKey
from ledger.seals.certificates import (
    CERTIFICATE_SIGN,
    DEVELOPMENT_MARK,
    DIGITAL_SIGNATURE,
    LIST_SIGN,
    NON_REPUDIATION,
    TIME_STAMPING,
    Extension,
)
from ledger.seals.issuing import Attributes, Identity, Profile, make_certificate, make_revocation_list
from ledger.seals.making import SealDraft, make_seal, make_time_stamp
from ledger.seals.revocation import Revoked
from ledger.seals.seal import Form
from ledger.seals.trust import TrustStore, TrustStores

_UNIT = "DEVELOPMENT ONLY 仅供开发"
MARK = Extension(DEVELOPMENT_MARK, critical=False, value=write(UTF8_STRING, _UNIT.encode()))
AUTHORITY_USAGE = frozenset({CERTIFICATE_SIGN, LIST_SIGN})
SIGNING_USAGE = frozenset({DIGITAL_SIGNATURE, NON_REPUDIATION})
DAY = 86_400
# The smallest picture that viewers show: a GIF of one red pixel.
RED_DOT = bytes.fromhex(
    "47494638396101000100800000ff000000000021f90400000000002c00000000010001000002024401003b"
)  # fmt: skip


def development_name(common_name: str, organization: str) -> Attributes:
    """A subject that says it is for development."""
    return (("2.5.4.6", "CN"), ("2.5.4.10", organization), ("2.5.4.11", _UNIT), ("2.5.4.3", common_name))


@dataclass(frozen=True, slots=True)
class DevelopmentAuthority:
    """A root with its key in memory; ``random_bytes`` makes the keys, the period bounds every certificate."""

    random_bytes: Callable[[int], bytes] = field(repr=False)
    valid_from: int
    valid_until: int
    root: Identity

    @classmethod
    def found(cls, random_bytes: Callable[[int], bytes], valid_from: int, valid_until: int) -> "DevelopmentAuthority":
        """A new authority with a new key."""
        key = SigningKey.generate(random_bytes)
        subject = development_name("HUXIN Development Root", "HUXIN")
        profile = Profile(
            subject, valid_from, valid_until, serial_of(key), AUTHORITY_USAGE, authority=True, others=(MARK,)
        )
        root = Identity(make_certificate(profile, key.public_key_info, None, key.sign), key.sign)
        return cls(random_bytes, valid_from, valid_until, root)

    def issue(self, common_name: str, organization: str = "HUXIN", *, extended_usage: tuple[str, ...] = ()) -> Identity:
        """A certificate with a new key for somebody who signs: a seal maker, an agency, a time stamper."""
        subject = development_name(common_name, organization)
        profile = Profile(
            subject, self.valid_from, self.valid_until, 0, SIGNING_USAGE, extended_usage=extended_usage, others=(MARK,)
        )
        return self.issue_profile(profile)

    def issue_profile(self, profile: Profile, issuer: Identity | None = None) -> Identity:
        """A certificate as the profile says, with a new key; a serial of 0 is taken from the key."""
        key = SigningKey.generate(self.random_bytes)
        by = issuer or self.root
        complete = Profile(
            profile.subject, profile.valid_from, profile.valid_until, profile.serial or serial_of(key),
            profile.key_usage, profile.authority, profile.path_length, profile.extended_usage, profile.others,
        )  # fmt: skip
        return Identity(make_certificate(complete, key.public_key_info, by, by.sign), key.sign)

    def issue_stamper(self) -> Identity:
        """A time stamper's certificate."""
        return self.issue("HUXIN Development Time Stamper", extended_usage=(TIME_STAMPING,))

    def revocation_list(
        self, this_update: int, next_update: int | None = None, revoked: Iterable[tuple[int, Revoked]] = ()
    ) -> bytes:
        """The root's revocation list; good for 30 days where not said otherwise."""
        following = this_update + 30 * DAY if next_update is None else next_update
        return make_revocation_list(self.root, this_update, following, revoked)

    def trust(self, *lists: bytes) -> TrustStores:
        """Stores that trust the root for every purpose, with these revocation lists."""
        store = TrustStore.of([self.root.certificate], lists=lists)
        return TrustStores(store, store, store, store)

    def seal(self, form: Form, maker: Identity, signer: Identity, name: str, created: int, es_id: str) -> bytes:
        """A seal for the signer, good for as long as the authority's certificates are."""
        draft = SealDraft(
            es_id=es_id, name=name, signers=(signer.certificate,), created=created, valid_from=created,
            valid_until=self.valid_until, picture_type="GIF", picture=RED_DOT, vendor="HUXIN-DEV",
        )  # fmt: skip
        return make_seal(form, draft, maker)


def serial_of(key: SigningKey) -> int:
    """A positive serial number of 8 octets, the same for the same key."""
    return int.from_bytes(sm3(key.public_key)[:8], "big") >> 1 | 1


def stamper_of(identity: Identity, moment: int) -> Callable[[bytes], bytes]:
    """A port that stamps whatever it is given with this moment."""
    return lambda value: make_time_stamp(value, moment, int.from_bytes(sm3(value)[:7], "big"), identity)
