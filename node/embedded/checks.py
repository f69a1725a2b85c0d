"""Everything that can be checked about a chain's folder, in one call."""

from collections.abc import Callable, Iterator
from pathlib import Path

from ledger.errors import Fault, HuxinError
from node.embedded.audit import verify_store
from node.embedded.network import load_network
from node.embedded.replay import verify_execution
from node.embedded.store import NETWORK_FILE, STORE_FILE


def audit_folder(
    folder: Path,
    *,
    execute: bool = False,
    progress: Callable[[str, int], None] = lambda _stage, _number: None,
) -> Iterator[Fault]:
    """Name every fault of the chain in ``folder``, also while its node runs; never raises.

    ``execute`` runs every transaction again as well. ``progress`` is told the stage (``records`` or
    ``execution``) and the block. Codes: ``NETWORK_FILE`` and those of ``verify_store`` and
    ``verify_execution``.
    """
    try:
        network = load_network(folder / NETWORK_FILE)
    except (HuxinError, OSError, UnicodeError) as error:
        where = str(folder / NETWORK_FILE)
        yield Fault("NETWORK_FILE", where, "链的网络文件缺失或有误", f"no network file: {error}")
        return
    store = folder / STORE_FILE
    yield from verify_store(store, network, lambda number: progress("records", number))
    if execute and store.exists():
        yield from verify_execution(store, network, lambda number: progress("execution", number))
