"""What a holder's phone and a window do with a license: the card, the code shown, the authorization, its use.

A card is all that a phone keeps beside its key: the license, its proof where it is of a batch, and the opening of the
field ``key``. An authorization is what the phone hands to the window: terms, signature, card, and the purpose opened.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from api.client.forms import read_act, write_act
from api.client.transport import Transport
from api.wire.acts import Submitted
from api.wire.base import Page
from api.wire.uses import SealUseView, UseRequest, UsesView
from ledger import acts
from ledger.errors import InvalidInput
from ledger.evidence import Document, DocumentKind
from ledger.evidence_json import read_disclosure, write_disclosure
from ledger.evidence_rules import Entry
from ledger.holding import KeyOpening, authorization_digest, holder_proof, opening_of
from ledger.ids import format_id
from ledger.presentation import (
    NONCE_SIZE,
    Presentation,
    presentation,
    presentation_digest,
    presentation_of_the_holder,
    write_code,
)
from ledger.rules.licenses import leaf_of
from ledger.strict_json import loads

_SIGNATURE = 64


class Signer(Protocol):
    """The holder's key."""

    def sign(self, digest: bytes) -> bytes:
        """Sign 32 bytes; 64 bytes in the form of EIP-2098."""


@dataclass(frozen=True, slots=True)
class Card:
    """A license as its holder keeps it."""

    license: acts.License
    opening: KeyOpening = field(repr=False)
    batch: bytes | None = None
    proof: tuple[bytes, ...] = ()

    @property
    def leaf(self) -> bytes:
        """By which the ledger knows the license."""
        return leaf_of(self.license)

    @classmethod
    def read(cls, body: Any) -> Self:
        """From its JSON object; InvalidInput ``CARD_MALFORMED``."""
        try:
            opening = opening_of(read_disclosure(body["holder"]))
            batch = bytes.fromhex(body["batch"][2:]) if body.get("batch") else None
            proof = tuple(bytes.fromhex(word[2:]) for word in body.get("proof", ()))
            return cls(read_act(acts.License, body["license"]), opening, batch, proof)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidInput("CARD_MALFORMED", "card", "this is no license card", "不是证照卡文件") from error

    def written(self) -> dict[str, Any]:
        """Its JSON object."""
        return {
            "license": write_act(self.license), "holder": loads(write_disclosure(self.opening.disclosure)),
            "batch": _hex(self.batch) if self.batch else None, "proof": [_hex(word) for word in self.proof],
        }  # fmt: skip


def show(card: Card, key: Signer, domain: bytes, now: int, seconds: int, nonce: bytes, audience: str) -> str:
    """A presentation code for a window's challenge; ``domain`` is that of Licenses."""
    return _code(card, key, domain, presentation(card.leaf, now, seconds, nonce[:NONCE_SIZE], audience))


def show_to_holder(card: Card, key: Signer, domain: bytes, now: int, seconds: int, nonce: bytes) -> str:
    """A code with which the holder reads the uses of his license."""
    return _code(card, key, domain, presentation_of_the_holder(card.leaf, now, seconds, nonce[:NONCE_SIZE]))


def _code(card: Card, key: Signer, domain: bytes, made: Presentation) -> str:
    return write_code(made, card.opening, key.sign(presentation_digest(domain, made)))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a holder authorises: one window, one item, from when until when, and who is entrusted (or nobody)."""

    window: int
    item: int
    not_before: int
    not_after: int
    agent_code: str = field(default="", repr=False)
    agent_name: str = field(default="", repr=False)


def authorize(
    card: Card, key: Signer, domain: bytes, wanted: Wanted, random_bytes: Callable[[int], bytes]
) -> dict[str, Any]:
    """授权用证, 委托用证: the JSON object that the phone hands to the window."""
    entries = [Entry("item", format_id(wanted.item))]
    if wanted.agent_code or wanted.agent_name:
        entries += [Entry("agent_code", wanted.agent_code), Entry("agent_name", wanted.agent_name)]
    purpose = Document.make(DocumentKind.AUTHORIZATION, entries, random_bytes)
    terms = acts.UseAuthorization(card.leaf, wanted.window, purpose.root, wanted.not_before, wanted.not_after)
    signature = key.sign(authorization_digest(domain, terms))
    disclosed = purpose.disclose([one.name for one in entries])
    return {
        "terms": write_act(terms), "signature": _hex(signature), "card": card.written(),
        "purpose": loads(write_disclosure(disclosed)),
    }  # fmt: skip


class LicenseUses:
    """``/v1/licenses/{leaf}/uses`` and ``/v1/seals/{id}/uses``."""

    def __init__(self, transport: Transport) -> None:
        """Over a client's connections."""
        self._transport = transport

    def hand_in(self, act: acts.UseLicense, signature: bytes, given: Any) -> Submitted:
        """Use a license; ``given`` is what :func:`authorize` made. Only the item of its purpose is passed on.

        InvalidInput ``AUTHORIZATION_MALFORMED``, ``CARD_MALFORMED``.
        """
        card, signed, purpose = _opened(given)
        request = UseRequest(
            act=write_act(act), signature=_hex(signature), purpose=purpose,
            holder=write_act(holder_proof(card.license, card.opening, signed)),
            batch=_hex(card.batch) if card.batch else None, proof=tuple(_hex(word) for word in card.proof),
        )  # fmt: skip
        return self._transport.ask("POST", f"/v1/licenses/{_hex(card.leaf)}/uses", Submitted, request)

    def of_license(self, leaf: bytes, code: str | None = None) -> UsesView:
        """The trace of a license; ``code`` is from :func:`show_to_holder`, else who is signed in asks."""
        asking = self._transport
        if code is not None:  # for this question alone: the session stays what it was
            asking = asking.sibling()
            asking.authorise(code, "Presentation")
        return asking.ask("GET", f"/v1/licenses/{_hex(leaf)}/uses", UsesView)

    def of_seal(self, seal: int) -> tuple[SealUseView, ...]:
        """Each decision under a seal."""
        return self._transport.everything(f"/v1/seals/{format_id(seal)}/uses", Page[SealUseView])


def terms_of(given: Any) -> acts.UseAuthorization:
    """What the holder signed, out of what the phone handed over; InvalidInput ``AUTHORIZATION_MALFORMED``."""
    try:
        _opened(given)
        terms: acts.UseAuthorization = read_act(acts.UseAuthorization, given["terms"])
    except (KeyError, TypeError) as error:
        raise _malformed() from error
    return terms


def _opened(given: Any) -> tuple[Card, bytes, dict[str, Any]]:
    """Card, signature (64 bytes), and the purpose with its item alone."""
    try:
        card, signed = Card.read(given["card"]), bytes.fromhex(given["signature"][2:])
        item = [one for one in given["purpose"]["fields"] if one["name"] == "item"]
        purpose: dict[str, Any] = given["purpose"] | {"fields": item}
    except (KeyError, TypeError, ValueError) as error:
        raise _malformed() from error
    if len(signed) != _SIGNATURE:
        raise _malformed()
    return card, signed, purpose


def _malformed() -> InvalidInput:
    return InvalidInput("AUTHORIZATION_MALFORMED", "authorization", "no authorization", "不是用证授权文件")


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
