"""Grants, agreements, and what becomes of them."""

from dataclasses import dataclass

from ledger.eip712 import Uint8, Uint32, Uint64


@dataclass(frozen=True, slots=True)
class GrantTerms:
    """What is granted: ``grant`` is in the grantor's namespace, ``parent`` is zero at the root.

    ``grantee`` is a window id, an agency number or a packed region, as ``grantee_kind`` says (1, 2,
    3); ``items`` are numbers in the root grantor's namespace, rising, empty for all; ``quota`` is
    a number of steps, 0 for no limit; ``depth`` is how often it may still be handed on (0..3).
    """

    grant: Uint64
    parent: Uint64
    grantee_kind: Uint8
    grantee: Uint64
    rights: Uint8
    valid_from: Uint32
    valid_until: Uint32
    quota: Uint32
    depth: Uint8
    items: tuple[Uint32, ...]


@dataclass(frozen=True, slots=True)
class OfferGrant:
    """Offer a grant; it holds once the grantee has accepted it."""

    terms: GrantTerms
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class AcceptGrant:
    """Accept a grant for the grantee."""

    grant: Uint64
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class DeclineGrant:
    """Decline an offered grant for the grantee."""

    grant: Uint64
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class OfferAgreement:
    """Offer mutual grants 互授: what is given and what is received become active together."""

    agreement: Uint64
    given: tuple[GrantTerms, ...]
    received: tuple[GrantTerms, ...]
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class AcceptAgreement:
    """Accept an agreement by signing the same terms; ``given`` is still what the offerer gives."""

    agreement: Uint64
    given: tuple[GrantTerms, ...]
    received: tuple[GrantTerms, ...]
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class WithdrawAgreement:
    """Take back an agreement that was offered and not accepted."""

    agreement: Uint64
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class SetGrantStatus:
    """Suspend, resume or revoke a grant, by its grantor or an ancestor's."""

    grant: Uint64
    status: Uint8
    reason: Uint8
    officer: Uint64
    nonce: Uint64
    deadline: Uint32
