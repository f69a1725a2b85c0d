"""P6: one license verified by the digest of its file through HTTP, beside the trivial GET of the same server.

Chain, relay and HTTP run as processes of their own over a fresh folder; the licenses are issued through the API by
their agency's officer and reach the index from the chain, every second one is also recorded with its fields, so that
its content is checked too. Then 32 keep-alive clients ask, in turn for `GET /v1/health/live` and for licenses in random
order, each answer being compared with the license that was asked for. At the end one license is suspended and has to
be told so. Goal: the median round's rate ≥ 0.7 of that of the GETs around it.
Exit codes: 0 met, 1 missed, 2 a wrong answer.
"""

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from api.client import HuxinClient, Patience
from api.fleet import Ports
from api.founding import DataFolder
from api.signers import KeySigner
from api.supervisor import Supervisor
from ledger import acts
from ledger.commitments import identifier_commitment
from ledger.crypto import keccak
from ledger.ids import FOREVER, scoped
from ledger.procedure import ALL_ROLES
from ledger.rules.licenses import leaf_of
from scripts.load import province
from scripts.load.clients import Run, drive
from scripts.load.processor import processor_seconds
from scripts.load.steps import get, post
from scripts.report import Target, conclude, progress

GOAL = 0.7
CLIENTS = 32
HOME = province.HOMES[0]
ISSUER, ADMIN = scoped(HOME, 2), scoped(HOME, 1)
ITEM, SEAL = scoped(HOME, province.ITEM), scoped(HOME, 1)
LIVE = "/v1/health/live"
ASK = "/v1/verify/license"
_SECONDS = 300.0
_AHEAD = 400
"""Acts handed in before the verdicts on them are waited for."""


class WrongAnswer(Exception):
    """The server said something else of a license than what is the case."""


@dataclass(frozen=True, slots=True)
class Size:
    """Licenses issued, rounds measured, requests of each kind a round."""

    licenses: int
    rounds: int
    requests: int


FULL, QUICK = Size(2_000, 7, 4_000), Size(60, 1, 300)


@dataclass(slots=True)
class Round:
    """The trivial GETs before and after, the verifications between them, the server's seconds for each kind."""

    before: Run
    verified: Run
    after: Run
    busy: tuple[float, float]

    @property
    def trivial(self) -> float:
        """GETs a second around the verifications."""
        return statistics.mean((self.before.per_second, self.after.per_second))

    @property
    def ratio(self) -> float:
        """Verifications to GETs."""
        return self.verified.per_second / self.trivial


def identifier_of(number: int) -> str:
    """The identifier 证照标识 of license `number`."""
    return f"1.2.156.3005.2.H.{number}"


def salt_of(number: int) -> bytes:
    """The salt of its commitment."""
    return keccak(b"salt" + number.to_bytes(8))


@dataclass(slots=True)
class Office:
    """The agency's officer who issues, suspends and records, over HTTP."""

    client: HuxinClient
    issued: list[acts.License] = field(default_factory=list)

    def license(self, number: int) -> acts.License:
        """License `number`; its file is nobody's, its digests are those of a text."""
        name = number.to_bytes(8)
        identifier = identifier_commitment(salt_of(number), identifier_of(number))
        return acts.License(
            item=ITEM, seal=SEAL, sm3=keccak(b"sm3" + name), sha256=keccak(b"sha256" + name), identifier=identifier,
            holder=keccak(b"holder" + name), case_key=bytes(32), supersedes=bytes(32), valid_from=0,
            valid_until=FOREVER,
        )  # fmt: skip

    def issue(self, count: int) -> None:
        """Issue licenses, each by an act of its own, and record the fields of every second one."""
        waiting: list[bytes] = []
        for number in range(count):
            one = self.license(number)
            self.issued.append(one)
            waiting.append(self.hand_in(acts.IssueLicense, license=one))
            if len(waiting) == _AHEAD or number == count - 1:
                self.settle(waiting)
                waiting.clear()
                progress(f"已签发 issued {number + 1}/{count}")
        self.client.sign_in()
        for number in range(0, count, 2):
            self.client.proofs.record(self.issued[number], identifier_of(number), salt_of(number))

    def hand_in(self, cls: type, **fields: Any) -> bytes:
        """An act of the issuer; its id."""
        act: Any = self.client.make(cls, ISSUER, **fields)
        return bytes.fromhex(self.client.submit(act).act_id[2:])

    def settle(self, act_ids: Sequence[bytes]) -> None:
        """Wait for the chain; RuntimeError where it refused."""
        for view in self.client.wait_for(act_ids, _SECONDS):
            if view.status != "applied":
                raise RuntimeError(f"not applied: {view}")


def found(supervisor: Supervisor) -> Office:
    """A province, and in its first agency an officer with a seal."""
    province.found(supervisor.url, DataFolder(supervisor.folder.path), count=5)
    admin = HuxinClient(supervisor.url, KeySigner(province.key_of(ADMIN)), patience=Patience(attempts=9))
    office = Office(admin.acting_as(KeySigner(province.key_of(ISSUER))))
    key = KeySigner(province.key_of(ISSUER)).address
    terms = {"subject": ISSUER, "window": 0, "roles": int(ALL_ROLES), "key": key, "valid_from": 0}
    enrolled = admin.submit(admin.make(acts.EnrolOfficer, ADMIN, **terms, valid_until=FOREVER))
    office.settle([bytes.fromhex(enrolled.act_id[2:])])
    sealed = {"name": "专用章", "sm3": b"1" * 32, "sha256": b"2" * 32, "certificate": b"3" * 32, "valid_from": 0}
    office.settle([office.hand_in(acts.RegisterSeal, seal=SEAL, **sealed, valid_until=FOREVER)])
    return office


class Asking:
    """Licenses by digest in random order; every answer is kept, and held against what was asked afterwards."""

    def __init__(self, office: Office, chooser: random.Random) -> None:
        self._issued, self._chooser = office.issued, chooser
        self._asked: list[int] = []
        self._answers: list[tuple[int, int, bytes]] = []

    def requests(self, count: int) -> list[bytes]:
        """The next `count` requests; SM3 and SHA-256 in turn."""
        self._asked = [self._chooser.randrange(len(self._issued)) for _ in range(count)]
        return [post(ASK, self._body(number, place)) for place, number in enumerate(self._asked)]

    def _body(self, number: int, place: int) -> bytes:
        one = self._issued[number]
        digest = f"sm3:{one.sm3.hex()}" if place % 2 else f"sha256:{one.sha256.hex()}"
        return json.dumps({"digest": digest}).encode()

    def keep(self, place: int, status: int, body: bytes) -> None:
        """An answer as it comes."""
        self._answers.append((place, status, body))

    def check(self) -> None:
        """Judge the answers kept."""
        if len(self._answers) != len(self._asked):
            raise WrongAnswer(f"{len(self._answers)} of {len(self._asked)}")
        for answer in self._answers:
            self._check(*answer)
        self._answers.clear()

    def _check(self, place: int, status: int, body: bytes) -> None:
        """Raises WrongAnswer unless the license asked for is said to be valid, for the reasons there are."""
        number = self._asked[place]
        said = json.loads(body)
        if status != 200 or said["verdict"] != "valid":
            raise WrongAnswer(body.decode())
        checks = {one["name"]: one["facts"] for one in said["checks"]}
        names = ["index.fresh", "license.anchored", "license.issuer", "license.seal", "license.status"]
        names += ["license.period", *(["license.content"] if number % 2 == 0 else [])]
        if checks["license.anchored"]["leaf"] != "0x" + leaf_of(self._issued[number]).hex() or {*names} != {*checks}:
            raise WrongAnswer(body.decode())


def measure(address: tuple[str, int], pid: int, asking: Asking, size: Size) -> list[Round]:
    """Rounds of GETs, verifications, GETs; ``pid`` is the server's."""
    live = [get(LIVE)] * (size.requests // 2)
    drive(address, live, CLIENTS)
    drive(address, asking.requests(size.requests), CLIENTS)
    rounds = []
    for number in range(size.rounds):
        requests = asking.requests(size.requests)
        marks = [processor_seconds(pid)]
        before = drive(address, live, CLIENTS)
        marks.append(processor_seconds(pid))
        verified = drive(address, requests, CLIENTS, asking.keep)
        marks.append(processor_seconds(pid))
        after = drive(address, live, CLIENTS)
        marks.append(processor_seconds(pid))
        asking.check()
        if set(before.statuses + after.statuses) != {200}:
            raise WrongAnswer(f"GET {LIVE}: {dict(before.statuses + after.statuses)}")
        busy = marks[1] - marks[0] + marks[3] - marks[2], marks[2] - marks[1]
        rounds.append(Round(before, verified, after, busy))
        progress(f"第 {number + 1} 轮 round {number + 1}: {rounds[-1].ratio:.3f}")
    return rounds


def check_suspension(office: Office, address: tuple[str, int]) -> None:
    """A license that was valid a moment ago and is suspended on chain: nobody is told the old answer."""
    license_ = office.issued[0]
    body = json.dumps({"digest": f"sm3:{license_.sm3.hex()}"}).encode()
    office.settle([office.hand_in(acts.SetLicenseStatus, license=leaf_of(license_), status=2, reason=1)])
    answers: list[Any] = []
    drive(address, [post(ASK, body)], 1, lambda _place, _status, answer: answers.append(json.loads(answer)))
    codes = {one["name"]: one["reasonCode"] for one in answers[0]["checks"]}
    if answers[0]["verdict"] != "invalid" or codes["license.status"] != "LICENSE_SUSPENDED":
        raise WrongAnswer(str(answers[0]))


def report(rounds: Sequence[Round]) -> list[Target]:
    """Median of the rounds; the latencies are of all of them."""
    gets = [seconds for one in rounds for run in (one.before, one.after) for seconds in run.latencies]
    verified = [seconds for one in rounds for seconds in one.verified.latencies]
    for name, latencies in (("GET " + LIVE, gets), ("POST " + ASK, verified)):
        whole = Run(latencies=latencies)
        print(f"{name:<26} p50 {whole.quantile(0.5) * 1e3:6.2f} ms   p99 {whole.quantile(0.99) * 1e3:6.2f} ms")
    busy = [sum(one.busy[kind] for one in rounds) for kind in (0, 1)]
    each = [1e6 * seconds / len(latencies) for seconds, latencies in zip(busy, (gets, verified), strict=True)]
    print(f"处理器时间 server's processor time: GET {each[0]:.0f} us, verify {each[1]:.0f} us, {each[0] / each[1]:.3f}")
    statuses = sum((one.verified.statuses for one in rounds), Counter())
    print(f"{'回答 answers':<24} {dict(statuses)}   {CLIENTS} 连接 connections   负载 load {os.getloadavg()[0]:.1f}")
    middle = sorted(rounds, key=lambda one: one.ratio)[len(rounds) // 2]
    return [Target(
        "P6", "查验证照 verify by digest / GET", middle.verified.per_second, GOAL, "/s", round(middle.trivial, 1),
        of_ratio=True,
    )]  # fmt: skip


def run(size: Size, seed: int) -> list[Round]:
    """Start, found, issue, measure, suspend."""
    environment = {**os.environ, "HUXIN_PUBLIC_RATE": "1000000000"}
    with tempfile.TemporaryDirectory() as folder:
        progress("启动 starting chain, relay and HTTP")
        with Supervisor(Path(folder) / "data", Ports(0, 0), environment, os.urandom) as supervisor:
            began = time.monotonic()
            office = found(supervisor)
            office.issue(size.licenses)
            progress(f"{size.licenses} 份证照在 {time.monotonic() - began:.0f} 秒内上链 licenses anchored")
            where = urlsplit(supervisor.url)
            address = (str(where.hostname), int(where.port or 0))
            rounds = measure(address, supervisor.pids()["http"], Asking(office, random.Random(seed)), size)  # noqa: S311 - which to ask for
            check_suspension(office, address)
            return rounds


def main() -> int:
    """See the module for exit codes."""
    parser = argparse.ArgumentParser(description="P6: 查验证照的速度 / how fast a license is verified")
    parser.add_argument("--json", action="store_true", help="末行输出 JSON / the last line is JSON")
    parser.add_argument("--quick", action="store_true", help="只检查功能 / checks function, not figures")
    parser.add_argument("--seed", type=int, default=20_261_122, help="随机种子 / seed of the order of questions")
    options = parser.parse_args()
    progress(f"种子 seed {options.seed}")
    try:
        rounds = run(QUICK if options.quick else FULL, options.seed)
    except WrongAnswer as wrong:
        print(f"回答有误 / wrong answer: {wrong}", file=sys.stderr)
        return 2
    return conclude(report(rounds), as_json=options.json, judged=not options.quick)


if __name__ == "__main__":
    sys.exit(main())
