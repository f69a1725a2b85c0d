"""``huxin doctor``: each thing the ledger needs, whether it is so, and what to do where it is not."""

import json
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from eth_keys.backends import get_backend

from api.client import HuxinClient, Patience
from api.founding import DataFolder
from api.supervisor import STATE_FILE
from ledger.errors import HuxinError, NotFound
from node import deployment
from node.gateway.gateway import Gateway
from node.network import LedgerNetwork, load

OLDEST, NEWEST = (3, 11), (3, 14)
CLOCK_SECONDS = 30
"""The skew that Trails allow: a clock further ahead makes every step refused."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what is the case and, where it is not in order, the advice."""

    name: str
    ok: bool
    found: str
    zh: str
    en: str
    facts: dict[str, str] = field(default_factory=dict)

    def row(self, *, machine: bool) -> dict[str, object]:
        """For a table, or for JSON."""
        if machine:
            return {
                "name": self.name, "ok": self.ok, "found": self.found, "zh": self.zh, "en": self.en,
                "facts": self.facts,
            }  # fmt: skip
        advice = "" if self.ok else f"{self.zh} / {self.en}"
        return {
            "检查 check": self.name,
            "正常 ok": "✓" if self.ok else "✗",
            "所见 found": self.found,
            "建议 advice": advice,
        }


def examine(data: Path, url: str, clock: Callable[[], float]) -> tuple[Finding, ...]:
    """All findings; nothing stops at the first that is not in order."""
    folder = DataFolder(data.resolve())
    return (
        _python(), _coincurve(), *_files(folder), *_chain(folder, clock), *_server(_url_of(folder, url), clock),
    )  # fmt: skip


def _python() -> Finding:
    fits = OLDEST <= sys.version_info[:2] < NEWEST
    return Finding("python", fits, platform.python_version(), "请用 Python 3.11–3.13", "use Python 3.11 to 3.13")


def _coincurve() -> Finding:
    name = type(get_backend()).__name__
    return Finding(
        "coincurve", name == "CoinCurveECCBackend", name, "请安装 coincurve:否则签名验证慢百倍",
        "install coincurve: without it signatures take a hundred times longer",
    )  # fmt: skip


def _files(folder: DataFolder) -> Iterator[Finding]:
    there = folder.path.is_dir()
    yield Finding(
        "data", there, str(folder.path), "没有数据目录,请先运行 huxin up", "no data folder: run huxin up first"
    )
    if not there:
        return
    for path in (folder.path, folder.relay_key_file, folder.master_key_file, folder.password_file):
        if path.exists():
            mode = path.stat().st_mode & 0o777
            yield Finding(
                f"permissions {path.name}", not mode & 0o077, f"{mode:o}", f"他人可读,请执行 chmod go-rwx {path}",
                f"others can read it: chmod go-rwx {path}",
            )  # fmt: skip


def _chain(folder: DataFolder, clock: Callable[[], float]) -> Iterator[Finding]:
    try:
        network = load(folder.network_file)
        chain = Gateway(network.rpc_url, network.chain_id, timeout=5.0)
        head = chain.block("latest")
    except HuxinError as error:
        yield _failed("chain", error)
        return
    if head is None:
        yield _failed("chain", NotFound("NO_HEAD", "the chain has no block", "链上没有区块"))
        return
    ahead = head.timestamp - int(clock())
    yield Finding("chain", True, f"{network.rpc_url} #{head.number}", "", "")
    yield Finding(
        "clock",
        ahead <= CLOCK_SECONDS,
        f"{-ahead} s",
        "本机时钟落后于链,请校准",
        "this clock is behind the chain: set it right",
    )
    yield _contracts(chain, network)


def _contracts(chain: Gateway, network: LedgerNetwork) -> Finding:
    different = deployment.verify(chain, network)
    return Finding(
        "contracts", not different, ", ".join(different) or f"{len(network.contracts)} OK",
        "链上合约与 network.json 不符:不要使用,请查明原因",
        "the contracts are not those of network.json: do not use this chain, find out why",
    )  # fmt: skip


def _server(url: str, clock: Callable[[], float]) -> Iterator[Finding]:
    with HuxinClient(url, patience=Patience(5.0, 1)) as client:
        try:
            served = client.network
            health = client.registry.health()
        except HuxinError as error:
            yield _failed("http", error)
            return
    yield Finding("http", True, url, "", "")
    off = abs(served.server_time - int(clock()))
    yield Finding(
        "server clock", off <= CLOCK_SECONDS, f"{off} s", "与服务端时钟不一致", "this clock and the server's differ"
    )
    for check in health.checks:
        found = ", ".join(f"{key} {value}" for key, value in check.facts.items())
        yield Finding(f"server {check.name}", check.ok, found or "-", check.zh, check.en, check.facts)


def _url_of(folder: DataFolder, url: str) -> str:
    """Where the supervisor of this folder says that it serves, else what was asked for."""
    try:
        return str(json.loads((folder.path / STATE_FILE).read_text(encoding="utf-8"))["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return url


def _failed(name: str, error: HuxinError) -> Finding:
    return Finding(name, False, error.code, error.zh, error.en)
