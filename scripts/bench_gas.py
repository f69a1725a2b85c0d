"""P1: gas of a step, whole transactions divided by their steps, on the committed artifacts in an EVM in this process.

Batches hold 100 steps of 100 cases. Ten officers sit two each at five windows of five agencies and act under five
grants of five home agencies; a hundred sit ten each at ten windows of five agencies, each under a grant of their own,
of five home agencies. Every step is also judged by the Python rules; a difference stops the run. The snapshot
`hardhat/gas-snapshot.json` holds the gas of every transaction measured: `--check` compares exactly, `--update`
writes it.
Exit codes: 0 all met, 1 a target missed, or with `--check` (which judges no figure) the snapshot differs, 2 chain and
rules judge differently.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.procedure import Action
from scripts.gas_chain import GasChain, Mined
from scripts.gas_scene import (
    CHAIN_ID,
    OFFICERS,
    QUOTA_GRANT,
    SET_GRANT,
    START,
    Case,
    Mismatch,
    Officer,
    Scene,
    create_on,
    officer,
    reviewer,
    ten_officers,
    with_grant,
)
from scripts.gas_uses import LIBRARY, uses_of_batch, uses_singly

SNAPSHOT = Path(__file__).parent.parent / "hardhat" / "gas-snapshot.json"
BATCH = 100
MISSING = 0b11


@dataclass(frozen=True, slots=True)
class Row:
    """One measured transaction and its place among all; `goal` and `yardstick` (gas a step) are None outside P1."""

    name: str
    what: str
    steps: int
    gas: int
    number: int
    goal: int | None = None
    yardstick: int | None = None

    @property
    def value(self) -> float:
        """Gas a step."""
        return self.gas / self.steps

    @property
    def met(self) -> bool:
        """True where there is no goal to miss."""
        return self.goal is None or self.value <= self.goal


@dataclass(frozen=True, slots=True)
class Target:
    """What P1 demands of a row (TARGETS.md), and the measured sketch it is held against (gas a step)."""

    goal: int
    yardstick: int


TARGETS = {
    "running": Target(18_000, 18_300),
    "first": Target(35_500, 35_900),
    "hundred": Target(22_000, 22_000),
    "list": Target(13_000, 12_000),
}


class Bench:
    """Measures row by row on one scene."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        progress("deploy the contracts, enter 10 agencies, 10 windows, 105 officers, 102 grants ...")
        self.chain = GasChain(CHAIN_ID, START)
        self.scene: Scene = create_on(self.chain)
        self.rows: list[Row] = []
        self._progress = progress
        self._ten = ten_officers(BATCH)
        self._hundred = tuple(map(officer, range(OFFICERS)))

    def run(self) -> None:
        """All rows, in an order in which each finds its cases ready."""
        first, cases = self.scene.open_cases(self._ten)
        self._row("first", "a case's first step, 10 officers, 5 grants", first, BATCH)
        verified = self._take("running", "verify originals, 10 officers, 5 grants", Action.VERIFY, self._ten, cases)
        accepted = self._take("accept", "accept", Action.ACCEPT, self._ten, verified)
        forwarded = self._take("forward", "forward", Action.FORWARD, self._ten, accepted)
        reviewers = [reviewer(case.state.home) for case in forwarded]
        reviewed = self._take(
            "review", "review, by 5 officers of the home agencies", Action.REVIEW, reviewers, forwarded
        )
        self._take("approve", "approve under 5 seals", Action.APPROVE, reviewers, reviewed, seal=True)
        self._hundreds()
        self._lists()
        self._singles()
        self._row("use", "use of a license that was issued singly", uses_singly(self.scene, self._ten), BATCH)
        mined = uses_of_batch(self.scene, self._ten)
        self._row("use-of-batch", f"use of a license of a batch of {LIBRARY:,}", mined, BATCH)

    def _hundreds(self) -> None:
        first, cases = self.scene.open_cases(self._hundred)
        self._row("first-hundred", "first step, 100 officers, 100 grants", first, OFFICERS)
        self._take("hundred", "verify originals, 100 officers, 100 grants", Action.VERIFY, self._hundred, cases)

    def _lists(self) -> None:
        _, cases = self.scene.open_cases(self._ten)
        groups = []
        for place, by in enumerate(self._ten[:10]):
            steps = [self.scene.step(case, by, Action.VERIFY) for case in cases[place::10]]
            groups.append(self.scene.group(by, steps=steps))
        mined, _ = self.scene.submit(groups)
        self._row("list", "verify originals, lists of ten under one signature", mined, BATCH)
        _, cases = self.scene.open_cases(self._ten)
        notified = self._take("notify", "one-time notification", Action.NOTIFY, self._ten, cases, detail=MISSING)
        self._take("supplement", "supplement", Action.SUPPLEMENT, self._ten, notified)

    def _singles(self) -> None:
        by = self._ten[0]
        for grant, name, what in ((QUOTA_GRANT, "quota", "a quota"), (SET_GRANT, "items", "a set of items")):
            limited = [with_grant(by, grant)] * BATCH
            _, cases = self.scene.open_cases(limited)
            self._take(name, f"verify originals, one officer, one grant with {what}", Action.VERIFY, limited, cases)
        single, cases = self.scene.open_cases([by])
        self._row("first-single", "first step, alone in its transaction", single, 1)
        self._take("single", "verify originals, alone in its transaction", Action.VERIFY, [by], cases)
        ten, cases = self.scene.open_cases(self._ten[:10])
        self._row("first-of-ten", "first step, batch of 10", ten, 10)
        self._take("of-ten", "verify originals, batch of 10", Action.VERIFY, self._ten[:10], cases)

    def _take(
        self, name: str, what: str, action: Action, officers: Sequence[Officer], cases: Sequence[Case],
        detail: int = 0, *, seal: bool = False,
    ) -> tuple[Case, ...]:  # fmt: skip
        mined, after = self.scene.take(action, officers, cases, detail, seal=seal)
        self._row(name, what, mined, len(cases))
        return after

    def _row(self, name: str, what: str, mined: Mined, steps: int) -> None:
        target = TARGETS.get(name)
        goal, yardstick = (target.goal, target.yardstick) if target else (None, None)
        self.rows.append(Row(name, what, steps, mined.gas, self.chain.mined.index(mined), goal, yardstick))
        self._progress(f"{name}: {mined.gas} gas, {steps} steps")


def transactions(chain: GasChain, rows: Sequence[Row]) -> dict[str, Any]:
    """Every transaction that was mined, to be replayed on another EVM: raw bytes, block time, gas, name of its row."""
    names = {row.number: row.name for row in rows}
    return {
        "chainId": CHAIN_ID,
        "start": START,
        "transactions": [
            {"raw": "0x" + one.raw.hex(), "time": one.time, "gas": one.gas, "row": names.get(number)}
            for number, one in enumerate(chain.mined)
        ],
    }


def snapshot(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """The committed form: gas of each transaction and its number of steps."""
    return {row.name: {"what": row.what, "steps": row.steps, "gas": row.gas} for row in rows}


def differences(rows: Sequence[Row]) -> list[str]:
    """What the committed snapshot has otherwise."""
    committed = json.loads(SNAPSHOT.read_text(encoding="utf-8")) if SNAPSHOT.is_file() else {}
    current = snapshot(rows)
    return [
        f"{name}: snapshot {committed.get(name, {}).get('gas')}, now {current.get(name, {}).get('gas')}"
        for name in sorted(committed.keys() | current.keys())
        if committed.get(name) != current.get(name)
    ]


def print_table(rows: Sequence[Row]) -> None:
    print(f"{'gas/step':>10} {'goal':>8} {'sketch':>8} {'ratio':>6}  met  what")
    for row in rows:
        goal = f"{row.goal:,}" if row.goal else "-"
        yardstick = f"{row.yardstick:,}" if row.yardstick else "-"
        ratio = f"{row.value / row.yardstick:.2f}" if row.yardstick else "-"
        met = "-" if row.goal is None else "yes" if row.met else "NO"
        print(f"{row.value:>10,.0f} {goal:>8} {yardstick:>8} {ratio:>6}  {met:<4} {row.what}")


def as_json(rows: Sequence[Row]) -> str:
    """One object a target, in one line."""
    return json.dumps([
        {
            "target": f"P1.{row.name}", "value": row.value, "yardstick": row.yardstick,
            "ratio": round(row.value / row.yardstick, 4), "goal": row.goal, "met": row.met,
        }
        for row in rows
        if row.goal is not None and row.yardstick is not None
    ])  # fmt: skip


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="每环节 gas 基准 / Gas of a step (P1)")
    parser.add_argument("--json", action="store_true", help="最后一行为 JSON / the last line is JSON")
    parser.add_argument("--check", action="store_true", help="与快照逐项比较 / compare with the committed snapshot")
    parser.add_argument("--update", action="store_true", help="写入快照 / write the snapshot")
    parser.add_argument("--quick", action="store_true", help="与全量相同 / the same: it takes under a minute")
    parser.add_argument("--transactions", type=Path, help="写出全部交易 / write all transactions, to be replayed")
    return parser.parse_args()


def main() -> int:
    """Run, print, compare; see the module for exit codes."""
    arguments = _arguments()
    try:
        bench = Bench(lambda text: print(text, file=sys.stderr, flush=True))
        bench.run()
    except Mismatch as mismatch:
        print(f"链与规则判断不一致 / chain and rules differ: {mismatch}", file=sys.stderr)
        return 2
    print_table(bench.rows)
    failed = not all(row.met for row in bench.rows)
    if arguments.transactions:
        arguments.transactions.write_text(json.dumps(transactions(bench.chain, bench.rows)), encoding="utf-8")
    if arguments.update:
        SNAPSHOT.write_text(json.dumps(snapshot(bench.rows), indent=2) + "\n", encoding="utf-8")
    if arguments.check:
        changed = differences(bench.rows)
        failed = bool(changed)
        if changed:
            print("与快照不符 / differs from the snapshot:", *changed, sep="\n  ")
    if arguments.json:
        print(as_json(bench.rows))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
