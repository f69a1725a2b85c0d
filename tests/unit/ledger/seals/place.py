"""An authority, a seal maker, an agency and its seal, and how each of them is spoilt: made by our own code."""

import random
from dataclasses import dataclass, replace

from ledger.algorithms.der import Element, decode, write, write_bits, write_oid
from ledger.algorithms.digests import sm3
from ledger.seals.certificates import Extension
from ledger.seals.checks import ANY, Expected, SignatureReport, check_signature
from ledger.seals.development import DAY, RED_DOT, DevelopmentAuthority
from ledger.seals.issuing import Identity
from ledger.seals.making import SealDraft, SignatureDraft, Stamper, make_seal, make_signature
from ledger.seals.seal import Form
from ledger.seals.trust import TrustStore, TrustStores
from ledger.verdict import Report

NOON = 1_780_000_000
DOCUMENT = "<ofd:Signature>许可决定书</ofd:Signature>".encode()
PATH = "/Doc_0/Signs/Sign_0/Signature.xml"
ALL_FORMS = (Form.V1, Form.V4, Form.V5)


@dataclass(frozen=True)
class Place:
    """Whoever takes part; certificates run from 100 days before noon to 1,000 after."""

    authority: DevelopmentAuthority
    maker: Identity
    agency: Identity
    other_agency: Identity
    stamper: Identity

    def trust(self, listed_at: int = NOON + DAY) -> TrustStores:
        return self.authority.trust(self.authority.revocation_list(listed_at))

    def draft(self) -> SealDraft:
        return SealDraft(
            es_id="37010020260001", name="某市行政审批服务局电子印章", signers=(self.agency.certificate,),
            created=NOON - 10 * DAY, valid_from=NOON - 10 * DAY, valid_until=NOON + 365 * DAY, picture_type="GIF",
            picture=RED_DOT,
        )  # fmt: skip

    def seal(self, form: Form, **changes: object) -> bytes:
        return make_seal(form, replace(self.draft(), **changes), self.maker)  # type: ignore[arg-type]

    def signature(
        self, form: Form, seal: bytes | None = None, signer: Identity | None = None, stamper: Stamper | None = None,
        **changes: object,
    ) -> bytes:  # fmt: skip
        draft = SignatureDraft(seal or self.seal(form), sm3(DOCUMENT), PATH, NOON)
        return make_signature(form, replace(draft, **changes), signer or self.agency, stamper)  # type: ignore[arg-type]

    def check(
        self, signature: bytes, trust: TrustStores | None = None, at: int = NOON + DAY, *,
        document: bytes = DOCUMENT, proven_at: int | None = None, expected: Expected = ANY,
    ) -> SignatureReport:  # fmt: skip
        return check_signature(signature, document, trust or self.trust(), at, proven_at=proven_at, expected=expected)


def found_place() -> Place:
    authority = DevelopmentAuthority.found(random.Random(20260522).randbytes, NOON - 100 * DAY, NOON + 1000 * DAY)
    return Place(
        authority, authority.issue("Seal Maker", "省印章制作中心"), authority.issue("Seal", "某市行政审批服务局"),
        authority.issue("Seal", "另一市行政审批服务局"), authority.issue_stamper(),
    )  # fmt: skip


def trust_in(
    place: Place, *, lists: tuple[bytes, ...] = (), responses: tuple[bytes, ...] = (), between: tuple[bytes, ...] = ()
) -> TrustStores:
    """Signers judged with what is given, everybody else with a good list."""
    good = place.trust()
    signers = TrustStore.of([place.authority.root.certificate], between, lists, responses)
    return TrustStores(good.makers, signers, good.time_stamps)


def checked_with(place: Place, *lists: bytes, proven_at: int | None = None) -> SignatureReport:
    return place.check(place.signature(Form.V4), trust_in(place, lists=lists), proven_at=proven_at)


def codes(report: Report) -> set[str]:
    """The codes of everything that keeps the report from being valid."""
    return {check.reason_code for check in report.failures}


def remarks(report: Report) -> set[str]:
    """The codes of the tolerated deviations, but that of being for development."""
    found = {check.reason_code for check in report.checks if check.name.startswith("finding.")}
    return found - {"DEVELOPMENT_CERTIFICATE"}


def with_in_place(element: Element, old: bytes, new: bytes) -> bytes:
    """The same element with another one in the place of one inside, every length around it right again."""
    if element.raw == old:
        return new
    if not element.children:
        return element.raw
    return write(element.tag, *(with_in_place(child, old, new) for child in element.children))


def rewritten(place: Place, old: bytes, new: bytes) -> bytes:
    """A V4 seal that was signed with ``new`` in the place of ``old``."""
    custom = (Extension("1.2.3.4", critical=False, value=b"note"),)
    info = decode(place.seal(Form.V4, extensions=custom)).children[0]
    signed = with_in_place(info, old, new)
    assert signed != info.raw
    maker = place.maker
    return write(
        0x30, signed, write(0x04, maker.certificate), write_oid(maker.algorithm), write_bits(maker.sign(signed))
    )
