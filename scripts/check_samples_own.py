"""Specimens of our own for `check_samples`: sound and spoilt, each with the verdict it must get."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ledger.algorithms.der import decode
from ledger.algorithms.digests import sm3
from ledger.algorithms.sm2_keys import readings
from ledger.documents.ofd_making import Sheet, make, sign, unpack
from ledger.documents.ofd_making import pack as pack_ofd
from ledger.documents.ofd_sealing import SealInHand
from ledger.seals.development import DAY, DevelopmentAuthority, stamper_of
from ledger.seals.issuing import Identity
from ledger.seals.making import SignatureDraft, make_signature, make_signed_data
from ledger.seals.revocation import Revoked
from ledger.seals.seal import Form
from ledger.seals.trust import TrustStores
from ledger.verdict import Verdict

NOON = 1_735_779_600
"""2025-01-02 09:00 in Beijing: what the sheets of ``ledger.documents.ofd_making`` say of themselves."""
DOCUMENT = b"<Signature/>"
GOOD, BAD, OPEN = Verdict.VALID, Verdict.INVALID, Verdict.INDETERMINATE


@dataclass(frozen=True, slots=True)
class Specimen:
    """A file by name, the document a bare signature is over, the trust it is judged with, the verdict it must get."""

    name: str
    data: bytes = field(repr=False)
    wanted: Verdict
    trust: TrustStores = field(repr=False)
    original: bytes = field(default=DOCUMENT, repr=False)


class _Scene:
    def __init__(self, seed: int) -> None:
        randomness = random.Random(seed).randbytes  # noqa: S311 - keys of fixtures, the same every time
        self.authority = DevelopmentAuthority.found(randomness, NOON - 100 * DAY, NOON + 1000 * DAY)
        self.foreign = DevelopmentAuthority.found(randomness, NOON - 100 * DAY, NOON + 1000 * DAY)
        self.maker, self.agency = self.authority.issue("Seal Maker"), self.authority.issue("Agency")
        self.other, self.stamper = self.authority.issue("Other Agency"), self.authority.issue_stamper()
        self.trust = self.authority.trust(self.authority.revocation_list(NOON + DAY))

    def revoked(self, moment: int) -> TrustStores:
        """Trust with a list on which the agency is revoked at the moment, as superseded."""
        entry = (self.agency.parsed.serial, Revoked(moment, 4))
        return self.authority.trust(self.authority.revocation_list(NOON + DAY, revoked=[entry]))

    def seal(self, form: Form, maker: Identity | None = None) -> bytes:
        return self.authority.seal(form, maker or self.maker, self.agency, "开发用印章", NOON - DAY, "DEV-1")

    def sign(self, form: Form, signer: Identity | None = None, seal: bytes | None = None) -> bytes:
        draft = SignatureDraft(seal or self.seal(form), sm3(DOCUMENT), "/Doc_0/Signs/Sign_0/Signature.xml", NOON)
        return make_signature(form, draft, signer or self.agency)


def specimens(seed: int) -> Iterator[Specimen]:
    """Seals and signatures of every form, documents, and one of each defect."""
    scene = _Scene(seed)
    for form in (Form.V1, Form.V4, Form.V5):
        name = form.value.replace(" ", "-")
        yield Specimen(f"{name}-seal", scene.seal(form), GOOD, scene.trust)
        yield from _signatures(scene, form, name)
    yield Specimen("35275-whole", make_signed_data(DOCUMENT, scene.agency, NOON), GOOD, scene.trust)
    yield Specimen("35275-digest", make_signed_data(sm3(DOCUMENT), scene.agency), GOOD, scene.trust)
    yield Specimen("35275-another-document", make_signed_data(b"x", scene.agency), BAD, scene.trust)
    yield from _documents(scene)


def _signatures(scene: _Scene, form: Form, name: str) -> Iterator[Specimen]:
    sound, trust = scene.sign(form), scene.trust
    raw = replace(scene.agency, sign=lambda message: readings(scene.agency.sign(message))[0])
    yield Specimen(f"{name}-signature", sound, GOOD, trust)
    yield Specimen(f"{name}-raw-r-s", scene.sign(form, raw), GOOD, trust)
    yield Specimen(f"{name}-revoked-after-signing", sound, GOOD, scene.revoked(NOON + 1))
    yield Specimen(f"{name}-revoked-before-signing", sound, BAD, scene.revoked(NOON - 1))
    yield Specimen(f"{name}-revocation-not-known", sound, OPEN, scene.authority.trust())
    yield Specimen(f"{name}-no-trust-configured", sound, OPEN, TrustStores())
    yield Specimen(f"{name}-unknown-algorithm", scene.sign(form, replace(scene.agency, algorithm="1.2.3")), OPEN, trust)
    yield Specimen(f"{name}-signer-not-listed", scene.sign(form, scene.other), BAD, trust)
    yield Specimen(f"{name}-maker-not-trusted", _by(scene, form, scene.foreign.issue("Maker")), BAD, trust)
    yield Specimen(f"{name}-self-made", _by(scene, form, scene.foreign.root), BAD, trust)
    yield Specimen(f"{name}-tampered-picture", sound.replace(b"GIF89a", b"GIF89b", 1), BAD, trust)
    yield Specimen(f"{name}-another-document", sound, BAD, trust, b"changed")
    yield Specimen(f"{name}-trailing-byte", sound + b"\0", BAD, trust)
    yield Specimen(f"{name}-truncated", sound[:-1], BAD, trust)
    yield Specimen(f"{name}-indefinite-length", b"\x30\x80" + decode(sound).content + b"\0\0", BAD, trust)


def _by(scene: _Scene, form: Form, maker: Identity) -> bytes:
    return scene.sign(form, seal=scene.seal(form, maker))


def _documents(scene: _Scene) -> Iterator[Specimen]:
    sheet = make(Sheet("营业执照", ("名称：某某有限公司",)))
    stamper = stamper_of(scene.stamper, NOON + 60)
    sealer = SealInHand(Form.V4, scene.seal(Form.V4), scene.agency, NOON, stamper)
    sealed = sign(sheet, sealer)
    yield Specimen("sealed.ofd", sealed, GOOD, scene.trust)
    parts = unpack(sealed)
    page = next(name for name in parts if name.endswith("Content.xml"))
    parts[page] = parts[page].replace("某某".encode(), "另外".encode())
    yield Specimen("changed-page.ofd", pack_ofd(parts), BAD, scene.trust)
