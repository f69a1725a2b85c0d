"""持证主体: who a license belongs to, as a document of salted fields of which ``License.holder`` is the root.

One of the fields is the address of a key that the holder alone has, so that who shows the license can be seen to hold
it without being told who that is. A phone makes a key for each license: then nothing joins two licenses of one holder.
A license whose ``holder`` is ``ledger.commitments.holder_commitment`` has no such key and cannot be presented.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from ledger.acts import HolderProof, License, UseAuthorization
from ledger.crypto import InvalidSignature, recover
from ledger.eip712 import digest, struct_hash
from ledger.errors import InvalidInput
from ledger.evidence import DisclosedField, Disclosure, Document, DocumentKind, commit
from ledger.evidence_rules import Entry
from ledger.merkle import leaf_of, verify

KEY = "key"
ADDRESS_SIZE = 20


@dataclass(frozen=True, slots=True)
class Holder:
    """What identifies a holder: the type of the code (GB/T 36903, C.4), the code, the name."""

    code_type: str
    code: str = field(repr=False)
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyOpening:
    """Shows a key's address (20 bytes) to be a field of the holder's document: its salt and the way to the root."""

    address: bytes
    salt: bytes = field(repr=False)
    path: tuple[bytes, ...] = field(repr=False)

    @property
    def disclosure(self) -> Disclosure:
        """The same as a disclosure, to be checked by ``ledger.evidence.check_disclosure``."""
        return Disclosure(DocumentKind.HOLDER, (DisclosedField(Entry(KEY, self.address), self.salt, self.path),))

    def leads_to(self, holder: bytes) -> bool:
        """Whether ``holder``, as a license has it, is the root of a document with this key."""
        return verify(holder, leaf_of(commit(DocumentKind.HOLDER, Entry(KEY, self.address), self.salt)), self.path)


def holder_document(holder: Holder, key: bytes, random_bytes: Callable[[int], bytes]) -> Document:
    """The document whose root is ``License.holder``; ``key`` is the address (20 bytes) of the holder's own key."""
    if len(key) != ADDRESS_SIZE:
        raise InvalidInput(
            "ADDRESS_LENGTH", "key", f"an address has 20 bytes, this one has {len(key)}",
            f"地址须为 20 字节,实为 {len(key)} 字节",
        )  # fmt: skip
    fields = (Entry("code_type", holder.code_type), Entry("code", holder.code), Entry("name", holder.name))
    return Document.make(DocumentKind.HOLDER, (*fields, Entry(KEY, key)), random_bytes)


def key_opening(document: Document) -> KeyOpening:
    """What the phone keeps of the document; InvalidInput where it has no key or the key was destroyed."""
    return opening_of(document.disclose([KEY]))


def opening_of(disclosure: Disclosure) -> KeyOpening:
    """The same out of a disclosure of the key alone; InvalidInput ``HOLDER_MALFORMED``."""
    shown = disclosure.fields[0] if len(disclosure.fields) == 1 else None
    address = shown.entry.value if shown is not None and shown.entry.name == KEY else None
    if disclosure.kind is not DocumentKind.HOLDER or not isinstance(address, bytes) or shown is None:
        raise InvalidInput("HOLDER_MALFORMED", KEY, "does not show a holder's key", "未出示持证人密钥字段")
    return KeyOpening(address, shown.salt, shown.proof)


def authorization_digest(domain: bytes, terms: UseAuthorization) -> bytes:
    """What the holder signs (32 bytes); ``domain`` is the EIP-712 domain of Licenses."""
    return digest(domain, struct_hash(terms))


def holder_proof(license_: License, opening: KeyOpening, signature: bytes) -> HolderProof:
    """What is carried with ``UseLicense``; ``signature`` has 64 bytes."""
    return HolderProof(license_, opening.salt, opening.path, signature[:32], signature[32:])


def holder_signed(proof: HolderProof, signed: bytes) -> bool:
    """Whether the key that ``proof.license`` is bound to has signed ``signed`` (32 bytes)."""
    try:
        signer = recover(signed, proof.r + proof.vs)
    except InvalidSignature:
        return False
    return KeyOpening(signer, proof.salt, proof.path).leads_to(proof.license.holder)
