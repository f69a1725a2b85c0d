"""Who signs an OFD document: a seal with its signer's port, or a signer alone."""

from dataclasses import dataclass, field

from ledger.algorithms.digests import sm3
from ledger.seals.issuing import Identity
from ledger.seals.making import SignatureDraft, Stamper, make_signature, make_signed_data
from ledger.seals.seal import Form


@dataclass(frozen=True, slots=True)
class SealInHand:
    """A seal (DER) and who may use it, at a moment (Unix seconds); ``stamper`` proves the time to others (V4, V5)."""

    form: Form
    seal: bytes = field(repr=False)
    signer: Identity
    moment: int
    stamper: Stamper | None = None

    def sign(self, original: bytes, location: str) -> bytes:
        """SES_Signature over SM3 of the part at ``location``."""
        draft = SignatureDraft(self.seal, sm3(original), location, self.moment)
        return make_signature(self.form, draft, self.signer, self.stamper)


@dataclass(frozen=True, slots=True)
class SignerAlone:
    """A signature without a seal (Type Sign): GM/T 35275 signed data over the part's SM3 digest."""

    signer: Identity
    moment: int
    seal: bytes = b""

    def sign(self, original: bytes, location: str) -> bytes:  # noqa: ARG002 - the form has no place for it
        """SignedData whose content is the part's digest."""
        return make_signed_data(sm3(original), self.signer, self.moment)
