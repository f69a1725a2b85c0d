"""This machine: interpreter, the fast signature library, disk, clock, the folder and who may read it."""

import platform
import shutil
import sys
from collections.abc import Iterator

from eth_keys.backends import get_backend

from api.composition import read_master_key
from api.founding import DataFolder, read_relay_key
from api.services.finding import Advice, Finding, good, unknown, wrong
from api.services.probes import disk_has_room, relay_signs
from api.settings import Settings
from ledger.errors import HuxinError

OLDEST, NEWEST = (3, 11), (3, 14)
_OURS = 1_735_689_600
"""2025-01-01: nothing of this program is older."""
_DRIFT = 1.0


def this_machine(settings: Settings) -> Iterator[Finding]:
    """What the program stands on."""
    yield _python()
    yield _coincurve()
    if settings.data.is_dir():
        yield disk_has_room(lambda: shutil.disk_usage(settings.data).free, settings.disk_floor)


def _python() -> Finding:
    if OLDEST <= sys.version_info[:2] < NEWEST:
        return good("python", "版本合适", "a version that fits", version=platform.python_version())
    return wrong(
        "python", "PYTHON_VERSION",
        Advice("版本不合适", "a version that does not fit", "请用 Python 3.11–3.13", "use Python 3.11 to 3.13"),
        version=platform.python_version(),
    )  # fmt: skip


def _coincurve() -> Finding:
    name = type(get_backend()).__name__
    if name == "CoinCurveECCBackend":
        return good("coincurve", "签名库为 coincurve", "signatures by coincurve")
    return wrong(
        "coincurve", "COINCURVE_MISSING",
        Advice("未用 coincurve", "signatures not by coincurve", "请安装 coincurve:否则验签慢百倍",
               "install coincurve: without it signatures take a hundred times longer"),
        backend=name,
    )  # fmt: skip


def clock_steady(began: tuple[float, float], ended: tuple[float, float]) -> Finding:
    """The wall clock against one that nobody sets, while the other checks ran; pairs of (wall, monotonic)."""
    drift = (ended[0] - began[0]) - (ended[1] - began[1])
    if ended[0] < _OURS:
        return wrong(
            "clock steady", "CLOCK_IN_THE_PAST",
            Advice("本机时钟早于本程序", "this clock is older than this program", "请校准时钟", "set the clock right"),
            unixSeconds=int(ended[0]),
        )  # fmt: skip
    if abs(drift) > _DRIFT:
        return wrong(
            "clock steady", "CLOCK_JUMPED",
            Advice("体检期间时钟跳变", "the clock jumped while we looked", "请检查校时服务",
                   "look at what sets the clock"),
            jumpSeconds=round(drift, 3),
        )  # fmt: skip
    return good("clock steady", "时钟走得平稳", "the clock runs steadily", driftSeconds=round(drift, 3))


# --- folder and keys


def folder_of(folder: DataFolder) -> Iterator[Finding]:
    """The data folder, and that others cannot read its secrets."""
    if not folder.path.is_dir():
        yield wrong(
            "data", "DATA_MISSING",
            Advice("没有数据目录", "there is no data folder", "请先运行 huxin up", "run huxin up first"),
            path=folder.path,
        )  # fmt: skip
        return
    yield good("data", "数据目录存在", "the data folder is there", path=folder.path)
    secret = (
        folder.path, folder.relay_key_file, folder.master_key_file, folder.chain / "validator.key",
        *sorted(folder.keys.glob("*")),
    )  # fmt: skip
    for path in secret:
        if path.exists():
            yield _private(path.name if path != folder.path else "data", path.stat().st_mode & 0o777, str(path))


def _private(name: str, mode: int, path: str) -> Finding:
    if not mode & 0o077:
        return good(f"permissions {name}", "仅所有者可读", "for its owner alone", mode=f"{mode:o}")
    return wrong(
        f"permissions {name}", "SECRET_READABLE",
        Advice("他人可读", "others can read it", f"请执行 chmod go-rwx {path}", f"chmod go-rwx {path}"),
        mode=f"{mode:o}",
    )  # fmt: skip


def keys_of(folder: DataFolder) -> Iterator[Finding]:
    """The relay's key signs; the master key is readable (``store`` tries it on what is sealed)."""
    try:
        yield relay_signs(read_relay_key(folder))
    except (OSError, ValueError):
        yield _unreadable("relay key", "RELAY_KEY_UNREADABLE", "relay.key")
    try:
        read_master_key(folder.master_key_file)
    except HuxinError as error:
        yield _unreadable("master key", error.code, "master.key")


def _unreadable(name: str, code: str, file: str) -> Finding:
    return wrong(
        name, code,
        Advice(f"{file} 缺失或无法读取", f"{file} is missing or cannot be read", f"请从备份恢复 {file}",
               f"restore {file} from its copy"),
    )  # fmt: skip


def not_founded() -> Finding:
    """There is no ledger in this folder."""
    return unknown(
        "network", "LEDGER_NETWORK_INVALID",
        Advice("network.json 缺失或有误,无从体检", "network.json is missing or wrong: not known",
               "请先运行 huxin up,或从备份恢复", "run huxin up first, or restore it"),
    )  # fmt: skip
