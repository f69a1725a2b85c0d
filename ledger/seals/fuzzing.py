"""Spoilt copies of sound seals, signatures, certificates, lists: for experiments that count what comes of them."""

from collections.abc import Iterator
from typing import Protocol

from ledger.algorithms.der import Element, MalformedDer, decode, write
from ledger.algorithms.digests import sm3
from ledger.seals.development import DevelopmentAuthority, stamper_of
from ledger.seals.issuing import make_ocsp_response
from ledger.seals.making import SignatureDraft, make_signature, make_signed_data
from ledger.seals.seal import Form


class Chance(Protocol):
    """As much of ``random.Random`` as is needed; whoever runs an experiment seeds it."""

    def randrange(self, stop: int, /) -> int:
        """A number from 0 to below ``stop``."""

    def randbytes(self, n: int, /) -> bytes:
        """That many bytes."""


def subjects(authority: DevelopmentAuthority, moment: int, original: bytes = b"document") -> tuple[bytes, ...]:
    """One sound specimen of everything that is parsed: signatures of each form, seal, signed data, certificate, …"""
    maker, signer = authority.issue("Seal Maker"), authority.issue("Signer")
    stamp = stamper_of(authority.issue_stamper(), moment)
    found: list[bytes] = []
    for form in (Form.V1, Form.V4, Form.V5):
        seal = authority.seal(form, maker, signer, "开发用印章", moment, "DEV")
        draft = SignatureDraft(seal, sm3(original), "/Doc_0/Signs/Sign_0/Signature.xml", moment)
        found += [seal, make_signature(form, draft, signer, stamp)]
    answer = make_ocsp_response(authority.root, authority.root.parsed, signer.parsed, moment, None)
    return (
        *found, make_signed_data(original, signer, moment), make_signed_data(sm3(original), signer),
        signer.certificate, authority.revocation_list(moment), answer,
    )  # fmt: skip


def mutants(whole: bytes, chance: Chance, count: int) -> Iterator[bytes]:
    """``count`` spoilt copies: bits, bytes, cuts, insertions, and elements dropped, doubled, exchanged, retagged."""
    try:
        elements = tuple(_all(decode(whole)))
    except MalformedDer:
        elements = ()
    for _ in range(count):
        if elements and chance.randrange(2):
            yield _structural(elements, chance)
        else:
            yield _octets(whole, chance)


def _all(element: Element) -> Iterator[Element]:
    yield element
    for child in element.children:
        yield from _all(child)


def _octets(whole: bytes, chance: Chance) -> bytes:
    data = bytearray(whole or b"\x00")
    at = chance.randrange(len(data))
    kind = chance.randrange(6)
    if kind == 0:
        data[at] ^= 1 << chance.randrange(8)
    elif kind == 1:
        data[at] = chance.randrange(256)
    elif kind == 2:
        del data[at:]
    elif kind == 3:
        data[at:at] = chance.randbytes(1 + chance.randrange(8))
    elif kind == 4:
        del data[at : at + 1 + chance.randrange(8)]
    else:
        data[at : at + 4] = chance.randbytes(4)
    return bytes(data)


def _structural(elements: tuple[Element, ...], chance: Chance) -> bytes:
    """A well-formed tree that differs in one place, so that what lies behind the decoder is reached."""
    target = elements[chance.randrange(len(elements))]
    other = elements[chance.randrange(len(elements))]
    kind = chance.randrange(6)
    changed = {
        0: b"",
        1: target.raw + target.raw,
        2: other.raw,
        3: write(chance.randrange(255) + 1, target.content),
        4: write(target.tag, chance.randbytes(chance.randrange(40))),
        5: write(target.tag, target.content[:-1]),
    }[kind]
    return _rebuilt(elements[0], target, changed)


def _rebuilt(element: Element, target: Element, changed: bytes) -> bytes:
    if element is target:
        return changed
    if not element.start <= target.start < element.end or not element.children:
        return element.raw
    return write(element.tag, *(_rebuilt(child, target, changed) for child in element.children))
