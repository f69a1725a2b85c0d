"""Starts a ledger, plays the story on it, audits it, and says whether all came as expected."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from api import founding
from api.client import HuxinClient
from api.demo.journal import Journal, Row
from api.demo.story import tell
from api.fleet import Ports
from api.settings import Settings
from api.supervisor import Supervisor, take_lock


class Machine(Protocol):
    """What the demonstration needs of the machine."""

    @property
    def variables(self) -> Any:
        """The environment, handed on to the processes."""

    @property
    def clock(self) -> Callable[[], float]:
        """Unix seconds."""

    @property
    def monotonic(self) -> Callable[[], float]:
        """Seconds that never go back."""

    @property
    def random_bytes(self) -> Callable[[int], bytes]:
        """The operating system's generator."""


class Shows(Protocol):
    """Shows results; ``api.cli.session.Session`` is one."""

    @property
    def as_json(self) -> bool:
        """For machines."""

    def show(self, result: Any) -> None:
        """Print one."""

    def say(self, zh: str, en: str) -> None:
        """Print progress."""


@dataclass(frozen=True, slots=True)
class Played:
    """What the demonstration came to; seconds count from its start."""

    journal: Journal
    seconds: dict[str, float]

    @property
    def met(self) -> bool:
        """Whether every expectation was."""
        return bool(self.journal.rows) and not self.journal.failures

    def show(self, out: Shows) -> None:
        """Three tables and a sum, or one JSON object."""
        rows = self.journal.rows
        total = {"acts": len(self.journal.of("act")), "refusals": len(self.journal.of("refusal")),
                 "verdicts": len(self.journal.of("verdict", "audit")), "unmet": len(self.journal.failures),
                 "seconds": {name: round(value, 1) for name, value in self.seconds.items()}}  # fmt: skip
        if out.as_json:
            out.show({"met": self.met, **total, "rows": [row.to_json() for row in rows]})
            return
        out.show([_act(row) for row in self.journal.of("act")])
        out.show([_expectation(row) for row in self.journal.of("refusal")])
        out.show([_expectation(row) for row in self.journal.of("verdict", "audit")])
        out.show({"全部符合预期 all as expected": self.met, **total})


def _act(row: Row) -> dict[str, object]:
    return {
        "谁 who": row.who, "行为 act": row.what, "结论 verdict": row.got, "说明 meaning": row.zh,
        "区块 block": row.block,
    }  # fmt: skip


def _expectation(row: Row) -> dict[str, object]:
    return {
        "谁 who": row.who, "行为 attempt": row.what, "预期 expected": row.expected, "实际 got": row.got,
        "符合 met": "✓" if row.met else "✗", "说明 meaning": row.zh,
    }  # fmt: skip


def play(data: Path, ports: Ports, machine: Machine, say: Callable[[str, str], None], *, audit: bool) -> Played:
    """Play one round on the ledger in ``data``, which is founded where there is none yet."""
    began = machine.monotonic()
    folder = founding.DataFolder(data)
    if not founding.is_of_this_version(folder):
        take_lock(data).close()  # not under the feet of a ledger that is running
        place = founding.set_aside(folder)
        say(f"合约版本已变,旧演示账本移至 {place}", f"the contracts have changed: the former ledger is now {place}")
    supervisor = Supervisor(data, ports, machine.variables, machine.random_bytes, say)
    with supervisor:
        seconds = {"start": machine.monotonic() - began}
        say(f"服务已就绪 {supervisor.url}", "ready")
        folder = supervisor.folder
        with HuxinClient(supervisor.url, clock=machine.clock, random_bytes=machine.random_bytes) as client:
            council = founding.council_signers(folder)[: founding.THRESHOLD]
            password = founding.read_password(folder.password_file)
            journal = tell(client, council, folder.path / "rounds", password, lambda text: say(text, ""))
        seconds |= {name: seconds["start"] + value for name, value in journal.marks.items()}
        if audit:
            journal.add(_audit(folder.path, supervisor.rpc_url, say))
            seconds["audited"] = machine.monotonic() - began
    return Played(journal, seconds)


def _audit(data: Path, rpc_url: str, say: Callable[[str, str], None]) -> Row:
    """Recompute everything from the chain, while it runs, and compare with contracts and index."""
    # the audit opens py-evm's store and the database: a second that a story without it need not wait for
    from api import audit  # noqa: PLC0415

    say("全链审计", "auditing the whole chain")
    report = audit.run(Settings(data=data, rpc_url=rpc_url))
    found = ", ".join(f"{one.code} {one.where}" for one in report.differences[:5])
    counted = f"{report.blocks} 区块,{report.steps} 环节,{report.refusals} 拒绝,{report.words} 状态字"
    got = "clean" if report.clean else found
    return Row("audit", "huxin audit", "全链审计 audit of the whole chain", "clean", got, counted)
