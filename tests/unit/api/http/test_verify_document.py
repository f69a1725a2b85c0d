"""Sealed e-licenses verified in one call: file, seals, license and holder; every way to be wrong has its own reason."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.client import HuxinClient
from api.client.documents import Shown, Verified, verify_document
from api.client.transport import Patience
from api.documents.pdf_making import make_pdf, sign_pdf
from ledger import acts
from ledger.commitments import holder_commitment, identifier_commitment
from ledger.crypto import file_digests, keccak, sm3
from ledger.documents import ofd_making
from ledger.documents.ofd_making import Sheet, Signing
from ledger.documents.ofd_sealing import SealInHand
from ledger.eip712 import encode_body
from ledger.ids import FOREVER, scoped
from ledger.licenses.share import Salts, Share
from ledger.merkle import MerkleTree
from ledger.rules.licenses import leaf_of
from ledger.seals.development import DAY, DevelopmentAuthority
from ledger.seals.issuing import Identity
from ledger.seals.making import make_signed_data
from ledger.seals.seal import Form
from ledger.seals.times import as_text
from ledger.seals.trust import TrustStores
from tests.unit.api.http.town import AWAY_ADMIN, DECIDER, ITEM, NOTHING, Town, make_town

SEAL, OTHERS_SEAL = scoped(1, 7), scoped(2, 7)
HOLDER = "91430100MA4L16JQ9B"
SALTS = Salts(b"\x21" * 32, b"\x22" * 32)


def randomness(seed: bytes) -> Any:
    state = [seed]

    def some(count: int) -> bytes:
        state[0] = keccak(state[0])
        return (state[0] * (count // 32 + 1))[:count]

    return some


@dataclass
class Bureau:
    """An agency with a development seal registered on the ledger, and a client over the town."""

    town: Town
    authority: DevelopmentAuthority
    signer: Identity
    seal: bytes = field(repr=False)
    trust: TrustStores
    client: HuxinClient

    @property
    def now(self) -> int:
        return self.town.now

    def document(self, name: str, seal: bytes | None = None, signer: Identity | None = None, at: int = 0) -> bytes:
        """A license as a sealed OFD."""
        moment = at or self.now
        sheet = Sheet("食品经营许可证(演示)", (f"证照名称:{name}",), (("ZZMC", name),))
        hand = SealInHand(Form.V4, seal or self.seal, signer or self.signer, moment)
        clock = as_text(moment).replace("T", " ").replace("Z", "")
        return ofd_making.sign(ofd_making.make(sheet), hand, Signing(time=clock))

    def license(self, file: bytes, **fields: Any) -> acts.License:
        """What of the file goes on the ledger."""
        sm3_, sha256 = file_digests((file,))
        values: dict[str, Any] = {
            "item": ITEM, "seal": SEAL, "sm3": sm3_.value, "sha256": sha256.value,
            "identifier": identifier_commitment(SALTS.identifier, "1.2.156.3005.2.X"),
            "holder": holder_commitment(SALTS.holder, HOLDER), "case_key": NOTHING, "supersedes": NOTHING,
            "valid_from": 0, "valid_until": FOREVER,
        }  # fmt: skip
        return acts.License(**(values | fields))

    def issue(self, file: bytes, **fields: Any) -> acts.License:
        """A license of this file, on the ledger."""
        license_ = self.license(file, **fields)
        self.applied(self.town.admin(acts.IssueLicense, DECIDER, license=license_))
        return license_

    def applied(self, act: Any) -> None:
        """Hand an act in; it must be taken."""
        answer = self.town.submit(act).json()
        assert answer["entries"][0]["predicted"]["code"] == "OK", answer
        self.town.settle()

    def verify(self, file: bytes, shown: Shown | None = None, trust: TrustStores | None = None) -> Verified:
        """The whole verification, now."""
        self.town.container.vitals.forget()
        return verify_document(self.client.proofs, io.BytesIO(file), trust or self.trust, self.now, shown or Shown())


def entered(town: Town, officer: int, number: int, seal: bytes, certificate: bytes, name: str = "审批专用章") -> Any:
    sm3_, sha256 = file_digests((seal,))
    return town.admin(
        acts.RegisterSeal, officer, seal=number, name=name, sm3=sm3_.value, sha256=sha256.value,
        certificate=sm3(certificate).value, valid_from=0, valid_until=FOREVER,
    )  # fmt: skip


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    town = make_town(tmp_path)
    town.found()
    start = town.now
    authority = DevelopmentAuthority.found(randomness(b"authority"), start - 30 * DAY, start + 3000 * DAY)
    maker, signer = authority.issue("Seal maker"), authority.issue("甲市行政审批局")
    seal = authority.seal(Form.V4, maker, signer, "甲市行政审批局审批专用章", start - DAY, "43010000000001")
    over = httpx.MockTransport(lambda asked: _through(town, asked))
    client = HuxinClient("http://town", over=over, clock=lambda: float(town.now), patience=Patience(5, 1))
    trust = authority.trust(authority.revocation_list(start - DAY, start + 3000 * DAY))
    made = Bureau(town, authority, signer, seal, trust, client)
    made.applied(entered(town, DECIDER, SEAL, seal, signer.certificate))
    yield made
    town.store.close()


def _through(town: Town, asked: httpx.Request) -> httpx.Response:
    answer = town.client.request(asked.method, str(asked.url.path), content=asked.content, headers=dict(asked.headers))
    return httpx.Response(answer.status_code, content=answer.content, headers=dict(answer.headers))


def codes(found: Verified) -> set[str]:
    return {check.reason_code for check in found.report.failures}


def test_sealed_and_issued_license_is_valid_with_every_check(bureau: Bureau) -> None:
    file = bureau.document("甲")
    license_ = bureau.issue(file)
    share = Share(license_, "1.2.156.3005.2.X", HOLDER, SALTS)
    found = bureau.verify(file, Shown(share, HOLDER))
    assert found.report.overall == "valid", found.report.failures
    assert found.leaf == leaf_of(license_)
    names = {check.name for check in found.report.checks}
    assert {"license.status", "document.seal", "document.seal.1.held", "holder", "share.identifier"} <= names


def test_changed_byte_is_invalid(bureau: Bureau) -> None:
    file = bureau.document("乙")
    bureau.issue(file)
    parts = ofd_making.unpack(file)
    page = "Doc_0/Pages/Page_0/Content.xml"
    parts[page] = parts[page].replace("乙".encode(), "丙".encode())
    found = bureau.verify(ofd_making.pack(parts))
    assert found.report.overall == "invalid"
    assert {"LICENSE_UNKNOWN", "OFD_REFERENCE_CHANGED"} & codes(found), codes(found)


def test_replaced_seal_is_invalid_though_its_mathematics_is_perfect(bureau: Bureau) -> None:
    file = bureau.document("丁")
    bureau.issue(file)
    maker, other = bureau.authority.issue("Another maker"), bureau.authority.issue("Somebody else")
    forged = bureau.authority.seal(
        Form.V4, maker, other, "甲市行政审批局审批专用章", bureau.now - DAY, "43010000000001"
    )
    found = bureau.verify(bureau.document("丁", forged, other))
    assert found.report.overall == "invalid"
    assert {"LICENSE_UNKNOWN", "SEAL_UNKNOWN"} <= codes(found)


def test_license_under_a_registered_seal_sealed_with_another_is_invalid(bureau: Bureau) -> None:
    other = bureau.authority.issue("乙市政务服务中心")
    theirs = bureau.authority.seal(
        Form.V4, bureau.authority.issue("Seal maker"), other, "乙市公章", bureau.now - DAY, "43020000000001"
    )
    bureau.applied(
        bureau.town.admin(
            acts.EnrolOfficer, AWAY_ADMIN, subject=scoped(2, 9), window=0, roles=32,
            key=b"\x99" * 20, valid_from=0, valid_until=FOREVER,
        )
    )  # fmt: skip
    file = bureau.document("戊", theirs, other)
    bureau.issue(file)
    found = bureau.verify(file)
    assert found.report.overall == "invalid"
    assert "SEAL_DIFFERS" in codes(found)


def test_self_made_seal_is_not_trusted(bureau: Bureau) -> None:
    own = DevelopmentAuthority.found(randomness(b"forger"), bureau.now - 30 * DAY, bureau.now + 3000 * DAY)
    signer = own.issue("甲市行政审批局")
    seal = own.seal(
        Form.V4, own.issue("Seal maker"), signer, "甲市行政审批局审批专用章", bureau.now - DAY, "43010000000001"
    )
    found = bureau.verify(bureau.document("己", seal, signer))
    assert found.report.overall == "invalid"
    assert {"LICENSE_UNKNOWN", "MAKER_NOT_TRUSTED"} <= codes(found), codes(found)


def test_seal_suspended_before_it_was_used_is_invalid_and_after_it_is_not(bureau: Bureau) -> None:
    before = bureau.document("庚")
    bureau.issue(before)
    bureau.town.chain.time += 100
    bureau.applied(bureau.town.admin(acts.SetSealStatus, DECIDER, seal=SEAL, status=2, reason=1))
    bureau.town.chain.time += 100
    assert bureau.verify(before).report.overall == "valid", bureau.verify(before).report.failures
    during = bureau.document("辛")
    bureau.town.chain.time += 100
    bureau.applied(bureau.town.admin(acts.SetSealStatus, DECIDER, seal=SEAL, status=1, reason=1))
    bureau.issue(during)
    found = bureau.verify(during)
    assert found.report.overall == "invalid"
    assert "SEAL_SUSPENDED" in codes(found)


def test_seal_that_was_changed_since_still_holds_for_what_it_sealed_before(bureau: Bureau) -> None:
    file = bureau.document("壬")
    bureau.issue(file)
    bureau.town.chain.time += 100
    signer = bureau.authority.issue("甲市行政审批局")
    newer = bureau.authority.seal(
        Form.V4, bureau.authority.issue("Seal maker"), signer, "甲市行政审批局审批专用章", bureau.now, "43010000000002"
    )
    act = entered(bureau.town, DECIDER, SEAL, newer, signer.certificate)
    fields = {name: getattr(act, name) for name in type(act).__dataclass_fields__}
    bureau.applied(acts.ChangeSeal(**fields))
    assert bureau.verify(file).report.overall == "valid", bureau.verify(file).report.failures
    bureau.town.chain.time += 100
    late = bureau.document("壬二")
    bureau.issue(late)
    assert "SEAL_REPLACED" in codes(bureau.verify(late))


def test_suspended_cancelled_superseded_and_expired_are_told_apart(bureau: Bureau) -> None:
    file = bureau.document("癸")
    license_ = bureau.issue(file, valid_until=bureau.now + 10_000)

    def status(value: int) -> None:
        bureau.applied(
            bureau.town.admin(acts.SetLicenseStatus, DECIDER, license=leaf_of(license_), status=value, reason=1)
        )

    status(2)
    assert "LICENSE_SUSPENDED" in codes(bureau.verify(file))
    status(1)
    assert bureau.verify(file).report.overall == "valid"
    newer = bureau.document("癸二")
    bureau.issue(newer, supersedes=leaf_of(license_))
    assert "LICENSE_SUPERSEDED" in codes(bureau.verify(file))
    cancelled = bureau.document("癸三")
    license_ = bureau.issue(cancelled)
    status(3)
    assert "LICENSE_CANCELLED" in codes(bureau.verify(cancelled))
    expiring = bureau.document("癸四")
    bureau.issue(expiring, valid_until=bureau.now + 50)
    bureau.town.chain.time += 60
    assert "LICENSE_EXPIRED" in codes(bureau.verify(expiring))


def test_agency_that_is_not_competent_cannot_issue_in_a_batch_either(bureau: Bureau) -> None:
    file = bureau.document("子")
    license_ = bureau.license(file, item=scoped(2, 1))
    root = MerkleTree([leaf_of(license_)]).root
    bureau.applied(bureau.town.admin(acts.IssueBatch, DECIDER, root=root, count=1, seal=SEAL))
    share = Share(license_, "1.2.156.3005.2.X", HOLDER, SALTS, batch=root)
    found = bureau.verify(file, Shown(share))
    assert found.report.overall == "invalid"
    assert codes(found) == {"NOT_YOUR_AGENCY"}


def test_license_of_a_batch_is_valid_with_its_share_alone(bureau: Bureau) -> None:
    file = bureau.document("丑")
    license_ = bureau.license(file)
    other = replace(license_, identifier=b"\x77" * 32)
    tree = MerkleTree([leaf_of(license_), leaf_of(other)])
    bureau.applied(bureau.town.admin(acts.IssueBatch, DECIDER, root=tree.root, count=2, seal=SEAL))
    share = Share(license_, "1.2.156.3005.2.X", HOLDER, SALTS, tree.root, tree.proof(0))
    assert bureau.verify(file, Shown(share, HOLDER)).report.overall == "valid"
    wrong = replace(share, proof=(bytes(32),))
    assert "BAD_PROOF" in codes(bureau.verify(file, Shown(wrong)))


def test_share_of_another_file_or_another_holder_opens_nothing(bureau: Bureau) -> None:
    file, other = bureau.document("寅"), bureau.document("卯")
    license_, _ = bureau.issue(file), bureau.issue(other)
    share = Share(license_, "1.2.156.3005.2.X", HOLDER, SALTS)
    assert "LICENSE_OF_ANOTHER_FILE" in codes(bureau.verify(other, Shown(share)))
    assert codes(bureau.verify(file, Shown(share, "91430100MA4L16JQ9C"))) == {"HOLDER_DIFFERS"}
    assert codes(bureau.verify(file, Shown(None, HOLDER))) == {"SHARE_NEEDED"}


def test_outage_is_indeterminate_and_an_invalid_file_stays_invalid(bureau: Bureau) -> None:
    file = bureau.document("辰")
    bureau.issue(file)
    bureau.town.head.is_down = True
    assert bureau.verify(file).report.overall == "indeterminate"
    offline = verify_document(None, io.BytesIO(file), bureau.trust, bureau.now)
    assert (offline.report.overall, codes(offline)) == ("indeterminate", {"OFFLINE"})
    broken = verify_document(None, io.BytesIO(file[:-300]), bureau.trust, bureau.now)
    assert broken.report.overall == "invalid"


def test_expired_certificate_does_no_harm_to_what_was_anchored_before(bureau: Bureau) -> None:
    authority = DevelopmentAuthority.found(randomness(b"short"), bureau.now - 30 * DAY, bureau.now + 5 * DAY)
    signer = authority.issue("甲市行政审批局")
    seal = authority.seal(Form.V4, authority.issue("Seal maker"), signer, "短期章", bureau.now - DAY, "43010000000003")
    bureau.applied(entered(bureau.town, DECIDER, scoped(1, 8), seal, signer.certificate, "短期章"))
    trust = authority.trust(authority.revocation_list(bureau.now - DAY, bureau.now + 3000 * DAY))
    file, late = bureau.document("巳", seal, signer), bureau.document("午", seal, signer)
    bureau.issue(file, seal=scoped(1, 8))
    bureau.town.chain.time += 6 * DAY
    found = bureau.verify(file, trust=trust)
    assert found.report.overall == "valid", found.report.failures
    assert bureau.verify(late, trust=trust).report.overall == "invalid"


def test_signing_time_later_than_the_block_that_has_the_document_is_not_believed(bureau: Bureau) -> None:
    file = bureau.document("申", at=bureau.now + 500)
    bureau.issue(file)
    bureau.town.chain.time += 1000
    found = bureau.verify(file)
    assert "SIGNED_AFTER_PROOF" in codes(found)
    assert found.report.overall == "invalid"


def test_only_digests_reach_the_server(bureau: Bureau) -> None:
    file = bureau.document("未")
    license_ = bureau.issue(file)
    sent: list[bytes] = []

    def spy(asked: httpx.Request) -> httpx.Response:
        sent.append(asked.content)
        return _through(bureau.town, asked)

    client = HuxinClient("http://town", over=httpx.MockTransport(spy), patience=Patience(5, 1))
    share = Share(license_, "1.2.156.3005.2.X", HOLDER, SALTS)
    verify_document(client.proofs, io.BytesIO(file), bureau.trust, bureau.now, Shown(share, HOLDER))
    body = b"".join(sent)
    assert body
    for secret in ("未".encode(), HOLDER.encode(), b"1.2.156.3005.2.X", SALTS.holder.hex().encode()):
        assert secret not in body
    assert encode_body(license_)  # the committed fields are what went there


def test_pdf_under_the_registered_certificate_is_valid_and_changed_after_signing_is_not(bureau: Bureau) -> None:
    moment = bureau.now

    def sign(covered: bytes) -> bytes:
        return make_signed_data(covered, bureau.signer, moment, detached=True)

    file = sign_pdf(make_pdf(("License (made up)",)), "Seal", sign, moment)
    bureau.issue(file)
    found = bureau.verify(file)
    assert found.report.overall == "valid", found.report.failures
    assert bureau.verify(file.replace(b"made up", b"real, I")).report.overall == "invalid"


def test_picture_of_a_license_is_told_what_to_bring(bureau: Bureau) -> None:
    found = bureau.verify(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert found.report.overall == "invalid"  # nobody issued it
    assert "KIND_PNG" in codes(found)
