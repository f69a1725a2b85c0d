"""Our contracts: first steps, running steps, lists of ten; every verdict is compared with that of the rules."""

import time
from collections.abc import Sequence

from ledger.acts import Open, Step
from ledger.calldata import Group, read_trails_call, trails_call
from ledger.crypto import recover, sign
from ledger.eip712 import digest, struct_hash
from ledger.events import STEPPED, Emitted, verdicts
from ledger.procedure import Action
from ledger.reasons import Reason
from ledger.rules.judge import judge
from ledger.state import case_key
from scripts.compare.chains import ComparedChain, Fed
from scripts.compare.records import Record, Row, WrongAnswer, batches, compare
from scripts.compare.rpc import Rpc
from scripts.gas_scene import Case, Mismatch, Officer, Scene, create_on, ten_officers
from scripts.report import progress

LIST = 10
OFFICERS = 10


class Ours:
    """A scene on a chain, and the cases as the last batch left them."""

    def __init__(self, engine: str, chain: ComparedChain, count: int) -> None:
        self._engine, self._chain = engine, chain
        self._scene: Scene = create_on(chain)
        self._people = ten_officers(count)
        self._cases: list[Case] = []
        self.given: dict[str, list[Record]] = {}

    def run(self) -> list[Row]:
        """The three arms, each over the cases of the one before."""
        rows = [self._arm("first", "互信:首环节 Huxin, first steps", self._openings())]
        rows.append(self._arm("running", "互信:后续环节 Huxin, running steps", self._steps(Action.VERIFY, 1)))
        rows.append(self._arm("list", "互信:十步一签 Huxin, lists of ten", self._steps(Action.ACCEPT, LIST)))
        return rows

    @property
    def records(self) -> list[Record]:
        """The records of the running steps: what the other arms are given."""
        return self.given["running"]

    def _openings(self) -> list[list[Group]]:
        return [[self._scene.group(by, (self._scene.open(by),)) for by in people] for people in batches(self._people)]

    def _steps(self, action: Action, size: int) -> list[list[Group]]:
        pairs = list(zip(self._people, self._cases, strict=True))
        return [self._groups(action, run, size) for run in batches(pairs)]

    def _groups(self, action: Action, pairs: Sequence[tuple[Officer, Case]], size: int) -> list[Group]:
        """Each step under a signature of its own, or `size` of an officer's under one: ten officers take turns."""
        step, group = self._scene.step, self._scene.group
        if size == 1:
            return [group(by, steps=(step(case, by, action),)) for by, case in pairs]
        groups = []
        for place in range(min(OFFICERS, len(pairs))):
            own = pairs[place::OFFICERS]
            for start in range(0, len(own), size):
                run = own[start : start + size]
                groups.append(group(run[0][0], steps=[step(case, by, action) for by, case in run]))
        return groups

    def _arm(self, name: str, what: str, prepared: list[list[Group]]) -> Row:
        signing = self._signing(prepared)
        trails = self._scene.world.deployment.addresses["trails"]
        calls = [trails_call(groups) for groups in prepared]
        fed = self._chain.feed_all([self._chain.sign(trails, data) for data in calls])
        self._judge(calls, fed)
        self.given[name] = [record for groups in prepared for group in groups for record in self._records(group)]
        gas, size = sum(one.gas for one in fed.mined), sum(map(len, calls))
        row = Row(self._engine, what, len(self._people), fed.seconds, signing, 0.0, fed.busy, gas, size, fed.stored)
        progress(f"{self._engine}: {what}: {row.alone:,.0f}/s")
        return row

    def _signing(self, prepared: list[list[Group]]) -> float:
        """Seconds in which the officers hash and sign: done once more, by itself."""
        domain, keys = self._scene.world.deployment.domain("trails"), self._keys()
        began = time.perf_counter()
        for groups in prepared:
            for group in groups:
                sign(keys[_acts(group)[0].officer], digest(domain, struct_hash(group.signed)))
        return time.perf_counter() - began

    def _keys(self) -> dict[int, bytes]:
        return {by.officer: by.key for by in self._people}

    def _judge(self, calls: Sequence[bytes], fed: Fed) -> None:
        cases: dict[bytes, Case] = {}
        for data, mined in zip(calls, fed.mined, strict=True):
            outcomes = judge(self._scene.world, "trails", data, mined.time)
            expected = tuple(Emitted.expected(one) for one in outcomes)
            if not mined.succeeded or verdicts(mined.logs) != expected:
                message = f"{self._engine}: chain and rules differ at {mined.time}"
                raise Mismatch(message)
            if any(one.reason is not Reason.OK for one in outcomes):
                message = f"{self._engine}: refused {[one.reason for one in outcomes][:3]}"
                raise Mismatch(message)
            cases |= {one.subject: Case(one.subject, one.state) for one in outcomes if one.state is not None}
        self._cases = self._in_order(cases)

    def _in_order(self, cases: dict[bytes, Case]) -> list[Case]:
        """By officer in turn, as `people` has them."""
        known = [one.key for one in self._cases]
        return [cases[key] for key in known] if known else list(cases.values())

    def _records(self, group: Group) -> list[Record]:
        keys = self._keys()
        return [_record(act, keys[act.officer]) for act in _acts(group)]

    # --- reading back

    def read_back(self, rpc: Rpc, sample: Sequence[Record]) -> None:
        """From the chain alone: event by case, calldata, signer, the officer whose key that is; WrongAnswer."""
        for record in sample:
            compare(record, self._found(rpc, record))

    def _found(self, rpc: Rpc, record: Record) -> tuple[int, bytes, int, bytes]:
        trails = self._scene.world.deployment.addresses["trails"]
        for shown in rpc.logs(trails, [STEPPED, record.case]):
            calldata = rpc.call("eth_getTransactionByHash", shown["transactionHash"])["input"]
            for group in read_trails_call(bytes.fromhex(calldata[2:])):
                for act in _acts(group):
                    found = _record(act, b"")
                    if (found.case, found.order) == (record.case, record.order):
                        return self._signer(rpc, group), *found.answer[1:]
        message = f"no step {record.order} of case 0x{record.case.hex()}"
        raise WrongAnswer(message)

    def _signer(self, rpc: Rpc, group: Group) -> int:
        """The officer whose key signed, by the registry's word of that key."""
        deployment = self._scene.world.deployment
        address = recover(digest(deployment.domain("trails"), struct_hash(group.signed)), group.signature)
        (word,) = rpc.view(deployment.addresses["registry"], "keyWord(address)", address.rjust(32, b"\0"), ["uint256"])
        return int(word) >> 148 & (1 << 64) - 1


def _acts(group: Group) -> list[Open | Step]:
    return [*group.opens, *(one.step for one in group.steps)]


def _record(act: Open | Step, key: bytes) -> Record:
    if isinstance(act, Open):
        return Record(act.officer, case_key(act.officer, act.commitment), 1, act.evidence, key)
    return Record(act.officer, act.case_key, act.seq, act.evidence, key)
