"""All checks, one after another; nothing stops at the first that is not in order."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from api.doctor.chain import chain_of
from api.doctor.machine import clock_steady, folder_of, keys_of, not_founded, this_machine
from api.doctor.server import server_of
from api.doctor.store import store_of
from api.founding import DataFolder
from api.services.finding import Finding
from api.settings import Settings
from ledger.errors import HuxinError
from node.network import load

_MARKS = {"ok": "✓", "wrong": "✗", "unknown": "?"}


class Machine(Protocol):
    """Clocks and randomness."""

    @property
    def clock(self) -> Callable[[], float]:
        """Unix seconds."""

    @property
    def monotonic(self) -> Callable[[], float]:
        """Seconds that nobody sets."""

    @property
    def random_bytes(self) -> Callable[[int], bytes]:
        """The operating system's generator."""


def examine(settings: Settings, url: str, machine: Machine, sleep: Callable[[float], None]) -> tuple[Finding, ...]:
    """Every finding of a data folder, and of the server at ``url`` where its supervisor does not say otherwise."""
    return tuple(_findings(settings, url, machine, sleep))


def _findings(settings: Settings, url: str, machine: Machine, sleep: Callable[[float], None]) -> Iterator[Finding]:
    folder = DataFolder(settings.data)
    began = machine.clock(), machine.monotonic()
    yield from this_machine(settings)
    yield from folder_of(folder)
    if not folder.path.is_dir():
        return
    yield from keys_of(folder)
    yield from store_of(settings, machine.clock, machine.random_bytes)
    try:
        network = load(folder.network_file)
    except HuxinError:
        yield not_founded()
    else:
        yield from chain_of(settings, network, machine.clock, sleep)
    yield from server_of(folder, url, machine.clock)
    yield clock_steady(began, (machine.clock(), machine.monotonic()))


def row(one: Finding, *, machine: bool) -> dict[str, object]:
    """A finding as JSON, or as a row of a table."""
    if machine:
        return {
            "name": one.name, "ok": one.ok, "verdict": one.verdict, "code": one.code, "zh": one.zh, "en": one.en,
            "todoZh": one.todo_zh, "todoEn": one.todo_en, "facts": one.facts,
        }  # fmt: skip
    facts = ", ".join(f"{name} {value}" for name, value in one.facts.items())
    found = f"{one.zh} {one.en}" + (f" ({facts})" if facts else "")
    return {
        "检查 check": one.name,
        "结论 verdict": f"{_MARKS[one.verdict]} {one.code}".strip(),
        "所见 found": found,
        "怎么办 to do": "" if one.ok else f"{one.todo_zh} / {one.todo_en}",
    }


def exit_code(findings: Sequence[Finding]) -> int:
    """1 where something is wrong, 3 where something could not be looked at and nothing is wrong, else 0."""
    verdicts = {one.verdict for one in findings}
    return 1 if "wrong" in verdicts else 3 if "unknown" in verdicts else 0
