"""A library anchored through the API by the issuer's own client: only commitments leave, each leaf has its fate."""

import itertools
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.anchoring.finding import Finding
from api.anchoring.office import ClientOffice
from api.anchoring.run import Anchoring, Outcome
from api.anchoring.work import open_work
from api.client import HuxinClient
from api.signers import KeySigner
from ledger import acts
from ledger.crypto import keccak
from ledger.errors import Conflict
from ledger.ids import agency_of
from ledger.licenses import LicenseState, Share, status_change
from scripts.license_library import identifier, rows
from tests.unit.api.anchoring.conftest import numbered
from tests.unit.api.http.town import DECIDER, ITEM, SEAL, Town, key_of


class Recorded(httpx.BaseTransport):
    """To the town, remembering what was sent."""

    def __init__(self, town: Town) -> None:
        self.town, self.sent = town, b""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent += request.read()
        headers = dict(request.headers)
        answer = self.town.client.request(request.method, str(request.url), content=request.content, headers=headers)
        return httpx.Response(answer.status_code, headers={"content-type": "application/json"}, content=answer.content)


class Issuer:
    """The agency's desk over a town."""

    def __init__(self, town: Town, folder: Path) -> None:
        self.town, self.folder = town, folder
        self.wire = Recorded(town)
        numbers = itertools.count(len(list(folder.iterdir())))
        self.client = HuxinClient(
            "http://127.0.0.1:8600", KeySigner(key_of(DECIDER)), over=self.wire, clock=lambda: float(town.now),
            random_bytes=lambda size: (keccak(b"issuer %d" % next(numbers)) * 2)[:size], sleep=lambda _: town.settle(),
        )  # fmt: skip
        self.random = numbered()

    def run(self, licenses: list[dict[str, str]]) -> Outcome:
        source = self.folder / "library.jsonl"
        source.write_text("".join(json.dumps(one) + "\n" for one in licenses), "utf-8")
        self.client.sign_in()
        with open_work(self.folder / "work") as work:
            anchoring = Anchoring(work, self.random, ClientOffice(self.client))
            return anchoring.run(source, ITEM, SEAL, self.folder / "faults.csv")

    def share(self, number: int) -> Share:
        with open_work(self.folder / "work") as work:
            return Finding(work).share(identifier(number))

    def says(self, share: Share) -> tuple[str, dict[str, str]]:
        self.town.ticks.passed += 1
        report = self.client.proofs.verify_shown(share.license, share.batch, share.proof)
        return report.verdict, {one.name: one.reason_code for one in report.checks}

    def change(self, share: Share, before: LicenseState, after: LicenseState) -> str:
        change = status_change(before, after)
        assert change is not None
        values: dict[str, Any] = {"license": share.leaf, "status": int(change.status), "reason": change.reason}
        act: Any = self.client.make(acts.SetLicenseStatus, DECIDER, **values)
        submitted = self.client.submit(act, batch=share.batch, proof=share.proof)
        (view,) = self.client.wait_for([bytes.fromhex(submitted.act_id[2:])])
        return view.status


@pytest.fixture
def issuer(fresh: Town, tmp_path: Path) -> Issuer:
    folder = tmp_path / "desk"
    folder.mkdir()
    return Issuer(fresh, folder)


LIBRARY = [one | {"ZZBFRQ": "1970-01-01", "ZZYXQQSRQ": "1970-01-01", "ZZYXQJZRQ": "长期"} for one in rows(9, seed=5)]


def test_each_license_of_the_batch_is_valid_by_its_share_and_stops_by_itself(issuer: Issuer) -> None:
    outcome = issuer.run([dict(one) for one in LIBRARY])
    assert outcome.batch is not None
    assert outcome.block is not None
    assert issuer.says(issuer.share(3))[0] == "valid"
    assert issuer.change(issuer.share(3), LicenseState.VALID, LicenseState.SUSPENDED) == "applied"
    assert issuer.says(issuer.share(3)) == (
        "invalid",
        issuer.says(issuer.share(3))[1] | {"license.status": "LICENSE_SUSPENDED"},
    )
    assert issuer.says(issuer.share(4))[0] == "valid"
    assert issuer.change(issuer.share(3), LicenseState.SUSPENDED, LicenseState.VALID) == "applied"
    assert issuer.says(issuer.share(3))[0] == "valid"
    assert issuer.change(issuer.share(5), LicenseState.VALID, LicenseState.PENALISED) == "applied"
    assert issuer.says(issuer.share(5))[1]["license.status"] == "LICENSE_CANCELLED"


def test_changed_license_makes_the_old_one_superseded_on_the_ledger(issuer: Issuer) -> None:
    issuer.run([dict(one) for one in LIBRARY])
    old = issuer.share(2)
    changed = [dict(one) for one in LIBRARY]
    changed[1]["sm3"] = "ab" * 32
    outcome = issuer.run(changed)
    assert outcome.superseded == 1
    assert issuer.says(old)[1]["license.status"] == "LICENSE_SUPERSEDED"
    assert issuer.says(issuer.share(2))[0] == "valid"


def test_stolen_proof_of_another_license_is_invalid(issuer: Issuer) -> None:
    issuer.run([dict(one) for one in LIBRARY])
    one, other = issuer.share(1), issuer.share(2)
    verdict, checks = issuer.says(Share(one.license, one.identifier, one.holder, one.salts, other.batch, other.proof))
    assert (verdict, checks["license.batch"]) == ("invalid", "BAD_PROOF")


def test_no_holder_identifier_or_salt_leaves_the_agency(issuer: Issuer) -> None:
    issuer.run([dict(one) for one in LIBRARY])
    for number, one in enumerate(LIBRARY, 1):
        salts = issuer.share(number).salts
        for secret in (
            one["ZZBS"],
            one["CZZTDM"],
            one["CZZT"],
            one["ZZBH"],
            salts.holder.hex(),
            salts.identifier.hex(),
        ):
            assert secret.encode() not in issuer.wire.sent


def test_suspended_seal_refuses_the_batch_and_the_same_root_goes_in_once_resumed(issuer: Issuer, fresh: Town) -> None:
    stop = fresh.admin(acts.SetSealStatus, DECIDER, seal=SEAL, status=2, reason=0)
    fresh.carry(fresh.signed(stop))
    with pytest.raises(Conflict, match="SEAL_SUSPENDED"):
        issuer.run([dict(one) for one in LIBRARY])
    with open_work(issuer.folder / "work") as work:
        root = work.batches()[0].root
    fresh.carry(fresh.signed(fresh.admin(acts.SetSealStatus, DECIDER, seal=SEAL, status=1, reason=0)))
    outcome = issuer.run([dict(one) for one in LIBRARY])
    assert outcome.batch is not None
    assert outcome.batch.root == root
    assert issuer.says(issuer.share(1))[0] == "valid"


def test_answer_lost_after_the_ledger_took_the_batch_is_found_out_and_not_issued_twice(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = HuxinClient.wait_for

    def lost(*_: Any) -> Any:
        issuer.town.settle()
        raise KeyboardInterrupt

    monkeypatch.setattr(HuxinClient, "wait_for", lost)
    with pytest.raises(KeyboardInterrupt):
        issuer.run([dict(one) for one in LIBRARY])
    monkeypatch.setattr(HuxinClient, "wait_for", honest)
    outcome = issuer.run([dict(one) for one in LIBRARY])
    assert outcome.counts.kept == 9
    assert outcome.block is not None
    assert len(issuer.town.chain.world.batches) == 1


def test_expired_act_is_replaced_and_the_batch_still_has_one_root(issuer: Issuer, fresh: Town) -> None:
    issuer.client.sign_in()
    with open_work(issuer.folder / "work") as work:
        office = ClientOffice(issuer.client)
        late = Anchoring(work, issuer.random, office, _dies_at_chain)
        source = issuer.folder / "library.jsonl"
        source.write_text("".join(json.dumps(one) + "\n" for one in LIBRARY), "utf-8")
        with pytest.raises(KeyboardInterrupt):
            late.run(source, ITEM, SEAL, issuer.folder / "faults.csv")
        batch = work.batches()[0]
        work.keep_act("batch:1", office.sign_batch(batch))
    fresh.chain.time += 3600
    assert issuer.run([dict(one) for one in LIBRARY]).batch == batch
    assert list(fresh.chain.world.batches) == [(agency_of(ITEM), batch.root)]


def _dies_at_chain(stage: str, _done: int, _total: int) -> None:
    if stage == "chain":
        raise KeyboardInterrupt
