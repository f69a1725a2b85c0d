"""P7: a library of 1,000,000 made-up licenses anchored in one batch by the command, killed half way and resumed.

Chain, relay and HTTP run as processes of their own. `huxin license anchor` reads a CSV file in which some rows are
faulty and some stand twice; it gets SIGKILL once half of the rows are in its work file, and is run again. Then:

1. every license that was on disk at the kill is in the batch with the same salts and the same leaf;
2. the batch has each good row once: its count, the tree's and the distinct identifiers are those of the source;
3. shares of random rows open and lead to the root that was handed in;
4. `huxin license check` finds one of them valid on the ledger; `huxin license state` suspends it with its proof, so
   that the contract itself has checked the proof; then it is invalid, and another one is still valid;
5. one more run takes nothing and makes no other root.

Figures: time by phase, peak memory of the command, bytes of a proof, and how fast the Merkle tree is built beside the
bare keccak of as many nodes, both in this process, in turn. Exit codes: 0 met, 1 missed, 2 one of the above is not so.
"""

import argparse
import json
import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.anchoring.finding import Finding
from api.anchoring.work import NAME, open_work
from api.fleet import Ports
from api.signers import LIGHT_SCRYPT_N, write_keystore
from api.supervisor import Supervisor
from ledger.crypto import keccak
from ledger.errors import NotFound
from ledger.ids import format_id
from ledger.licenses import Share
from ledger.merkle import lay_out
from scripts.bench_verify import ISSUER, ITEM, SEAL, found
from scripts.license_library import Written, identifier, write_csv
from scripts.load import province
from scripts.mutant import patch_of
from scripts.report import Target, conclude, progress

FULL, QUICK = 1_000_000, 12_000
ODD_EVERY = 500
BUILD_GOAL, PROOF_GOAL, MEMORY_GOAL = 0.5, 800.0, 1024.0
_PASSWORD = "bench"  # noqa: S105 - of a key that is made for this run
_POLL = 0.01


class NotSo(Exception):
    """Something that must hold does not."""


@dataclass(slots=True)
class Ran:
    """One run of the command: exit code (negative: the signal that ended it), what it printed, seconds, peak MiB."""

    code: int
    said: Any
    seconds: float
    peak: float


@dataclass(slots=True)
class Desk:
    """The issuer's desk: where the source, the work folder and the keystore lie."""

    folder: Path
    url: str
    mutant: str | None
    runs: list[Ran] = field(default_factory=list)

    @property
    def source(self) -> Path:
        """The library."""
        return self.folder / "library.csv"

    @property
    def work(self) -> Path:
        """The folder of the run."""
        return self.folder / "run"

    def command(self, *words: str, signs: bool = True) -> list[str]:
        """`huxin license WORDS` as a process of its own."""
        python = [sys.executable, "-m", *(("scripts.mutant", self.mutant) if self.mutant else ()), "api.cli"]
        key = ["-k", str(self.folder / "key.json"), "--password-file", str(self.folder / "password")]
        return [*python, "license", *words, "--json", "--url", self.url, *(key if signs else [])]

    def anchor(self, kill_at: int | None = None) -> Ran:
        """Run `anchor`; SIGKILL it when so many licenses are in its work file."""
        words = (
            "anchor",
            str(self.source),
            "--item",
            format_id(ITEM),
            "--seal",
            format_id(SEAL),
            "--out",
            str(self.work),
        )
        began = time.monotonic()
        out = self.folder / "out.json"
        with out.open("wb") as file:
            child = subprocess.Popen(self.command(*words), stdout=file)
            if kill_at is not None:
                self._kill_when(child, kill_at)
            _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        text = out.read_text("utf-8").strip()
        said = json.loads(text) if text else {}
        ran = Ran(child.returncode, said, time.monotonic() - began, usage.ru_maxrss / 1024)
        self.runs.append(ran)
        return ran

    def _kill_when(self, child: "subprocess.Popen[bytes]", count: int) -> None:
        told = 0
        while self.taken() < count:
            if child.poll() is not None:
                raise NotSo("the command ended before it could be killed")
            if self.taken() >= told:
                progress(f"已读入 {self.taken():,} 份 licenses on disk")
                told += count // 4 + 1
            time.sleep(_POLL)
        child.send_signal(signal.SIGKILL)

    def taken(self) -> int:
        """Licenses in the work file, as another process may see them."""
        try:
            with sqlite3.connect(f"file:{self.work / NAME}?mode=ro", uri=True) as reader:
                count = int(reader.execute("SELECT coalesce(max(id), 0) FROM licenses").fetchone()[0])
            reader.close()
        except sqlite3.OperationalError:  # not there yet
            return 0
        return count

    def ask(self, *words: str, signs: bool = False) -> tuple[int, Any]:
        """Another command; exit code and what it printed."""
        done = subprocess.run(self.command(*words, signs=signs), capture_output=True, check=False)
        return done.returncode, json.loads(done.stdout or b"null")


def need(holds: object, said: str) -> None:
    """Raise NotSo."""
    if not holds:
        raise NotSo(said)
    progress(f"  ✓ {said}")


def run(count: int, seed: int, folder: Path, mutant: str | None) -> list[Target]:
    """Everything; raises NotSo."""
    environment = {**os.environ, "HUXIN_PUBLIC_RATE": "1000000000"}
    progress("启动 starting chain, relay and HTTP")
    with Supervisor(folder / "data", Ports(0, 0), environment, os.urandom) as supervisor:
        found(supervisor)
        desk = Desk(folder, supervisor.url, mutant)
        write_keystore(folder / "key.json", province.key_of(ISSUER), _PASSWORD, LIGHT_SCRYPT_N)
        (folder / "password").write_text(_PASSWORD)
        progress(f"生成 {count:,} 份证照 made-up licenses")
        written = write_csv(desk.source, count, seed, ODD_EVERY)
        killed = desk.anchor(kill_at=count // 2)
        need(killed.code == -signal.SIGKILL, f"被 SIGKILL 中断 killed after {killed.seconds:.1f} s")
        before = keep_copy(desk)
        finished = desk.anchor()
        need(finished.code == 0, "续做完成 resumed and finished")
        check_batch(desk, written, finished, before)
        share = check_shares(desk, count, finished, random.Random(seed))  # noqa: S311 - which to look at
        check_on_chain(desk, share)
        again = desk.anchor()
        need(
            (again.code, again.said["new"], again.said["root"]) == (0, 0, None),
            "再次运行无新增 one more run takes nothing",
        )
    return figures(desk, share, finished, written)


def keep_copy(desk: Desk) -> Path:
    """The work file as the kill left it."""
    copy = desk.folder / "killed.sqlite"
    with sqlite3.connect(desk.work / NAME) as source, sqlite3.connect(copy) as target:
        source.backup(target)
        kept = target.execute("SELECT count(*) FROM licenses").fetchone()[0]
    progress(f"中断时已有 {kept:,} 份 licenses on disk at the kill")
    return copy


def check_batch(desk: Desk, written: Written, finished: Ran, before: Path) -> None:
    """1 and 2."""
    said = finished.said
    good = written.rows - written.faulty - written.twice
    with sqlite3.connect(desk.work / NAME) as work:
        work.execute("ATTACH ? AS killed", (str(before),))
        lost = work.execute(
            "SELECT count(*) FROM (SELECT identifier, salts, leaf FROM killed.licenses"
            " EXCEPT SELECT identifier, salts, leaf FROM main.licenses)"
        ).fetchone()[0]
        distinct, rows = work.execute("SELECT count(DISTINCT identifier), count(*) FROM main.licenses").fetchone()
        roots = work.execute("SELECT hex(root) FROM batches").fetchall()
    need(lost == 0, "中断前的盐值与叶值全部保留 every license taken before the kill kept salts and leaf")
    need(
        said["kept"] > 0 and said["kept"] + said["new"] == good,
        f"{said['kept']:,} kept + {said['new']:,} new = {good:,}",
    )
    need((said["rows"], said["faulty"], said["twice"]) == (written.rows, written.faulty, written.twice),
         f"{written.rows:,} 行 rows, {written.faulty:,} 有误 faulty, {written.twice:,} 重复 twice")  # fmt: skip
    need(said["count"] == distinct == rows == good, "每份恰好一次 each good license exactly once")
    need(roots == [(said["root"][2:].upper(),)], "只有一个根值 one root")


def check_shares(desk: Desk, count: int, finished: Ran, chance: random.Random) -> Share:
    """3; one of them whose period has not ended."""
    names = {identifier(number) for number in (chance.randrange(1, count + 1) for _ in range(min(count // 10, 1000)))}
    shares = []
    began = time.process_time()
    with open_work(desk.work) as work:
        finding = Finding(work)
        for name in names:
            try:
                shares.append(finding.share(name))
            except NotFound:  # a faulty row was not taken
                continue
    each = (time.process_time() - began) / len(shares)
    opened = [one for one in shares if one.check().overall.value == "valid" and one.identifier in names]
    need(len(opened) > 0.9 * len(names), f"{len(opened)} 份抽查 shares of random rows, {each * 1e3:.2f} ms each")
    need(len(opened) == len(shares), "全部可开启并指向根值 all open and lead to the root")
    need({"0x" + (one.batch or b"").hex() for one in shares} == {finished.said["root"]}, "同一根值 the root handed in")
    return next(one for one in opened if one.license.valid_from < time.time() < one.license.valid_until - 86_400)


def check_on_chain(desk: Desk, share: Share) -> None:
    """4."""
    code, said = desk.ask(
        "proof", str(desk.work), "--identifier", share.identifier, "--out", str(desk.folder / "one.json")
    )
    need(code == 0 and said["leaf"] == "0x" + share.leaf.hex(), "取得一份证明 one proof taken")
    code, said = desk.ask("check", str(desk.folder / "one.json"))
    need((code, said["verdict"]) == (0, "valid"), "账本核验有效 valid on the ledger")
    forged = json.loads((desk.folder / "one.json").read_text())
    forged["proof"][0] = forged["proof"][1]
    (desk.folder / "forged.json").write_text(json.dumps(forged))
    code, said = desk.ask("check", str(desk.folder / "forged.json"))
    need((code, said["verdict"]) == (1, "invalid"), "伪造证明无效 a forged proof is invalid")
    code, said = desk.ask("state", str(desk.folder / "one.json"), "02", signs=True)
    need(code == 0 and said["status"] == "applied", "合约验证证明后暂扣 the contract took the proof and suspended it")
    code, said = desk.ask("check", str(desk.folder / "one.json"))
    reasons = {one.get("reason_code") or one.get("reasonCode") for one in said["checks"]}
    need(code == 1 and "LICENSE_SUSPENDED" in reasons, "暂扣后无效 invalid once suspended")


def build_rates(leaves: Sequence[bytes]) -> tuple[float, float]:
    """Leaves a second of the tree's building and of the bare keccak of its nodes: medians of turns, processor time."""
    pairs = [one + other for one, other in zip(leaves, reversed(leaves), strict=True)][1:]
    built, bare = [], []
    for _ in range(5):
        began = time.process_time()
        lay_out(leaves)
        middle = time.process_time()
        for pair in pairs:
            keccak(pair)
        built.append(middle - began)
        bare.append(time.process_time() - middle)
    return len(leaves) / statistics.median(built), len(leaves) / statistics.median(bare)


def figures(desk: Desk, share: Share, finished: Ran, written: Written) -> list[Target]:
    """The table."""
    with open_work(desk.work) as work:
        leaves = work.leaves(1)
    size = sum(path.stat().st_size for path in desk.work.iterdir()) / 2**20
    killed, resumed, again = desk.runs
    rate = written.rows / (killed.seconds + resumed.seconds)
    print(f"中断前 before the kill   {killed.seconds:8.1f} s   {killed.peak:7.1f} MiB")
    print(f"续做至完成 resumed        {resumed.seconds:8.1f} s   {resumed.peak:7.1f} MiB   {finished.said['seconds']}")
    print(f"再次运行 one more run     {again.seconds:8.1f} s   {again.peak:7.1f} MiB   {again.said['seconds']}")
    print(f"两次合计 both             {rate:,.0f} 行/秒 rows/s; 工作目录 work folder {size:,.0f} MiB")
    print(f"负载 load {os.getloadavg()[0]:.1f}")
    built, bare = build_rates(leaves)
    return [
        Target("P7 build", "建树 tree / 哈希 hashes", built, BUILD_GOAL, "leaves/s", round(bare, 1), of_ratio=True),
        Target("P7 proof", "一份证明 one proof", 32.0 * len(share.proof), PROOF_GOAL, "bytes", at_most=True),
        Target("P7 memory", "峰值内存 peak", max(one.peak for one in desk.runs), MEMORY_GOAL, "MiB", at_most=True),
    ]  # fmt: skip


def main() -> int:
    """See the module for exit codes."""
    parser = argparse.ArgumentParser(description="P7: 存量证照成批上链 / a library of licenses anchored in bulk")
    parser.add_argument("--json", action="store_true", help="末行输出 JSON / the last line is JSON")
    parser.add_argument("--quick", action="store_true", help="只检查功能 / checks function, not figures")
    parser.add_argument("--seed", type=int, default=20_261_122, help="随机种子 / seed of the library")
    parser.add_argument("--count", type=int, help="证照数 / licenses")
    parser.add_argument("--mutant", help="关闭一项保护 / with a protection off (scripts.mutants.anchoring)")
    options = parser.parse_args()
    count = options.count or (QUICK if options.quick else FULL)
    progress(f"种子 seed {options.seed}, {count:,} 份 licenses")
    if options.mutant:
        patch_of(options.mutant)  # fails early
    with tempfile.TemporaryDirectory() as folder:
        try:
            targets = run(count, options.seed, Path(folder), options.mutant)
        except NotSo as wrong:
            print(f"不成立 not so: {wrong}", file=sys.stderr)
            return 2
    return conclude(targets, as_json=options.json, judged=not options.quick)


if __name__ == "__main__":
    sys.exit(main())
