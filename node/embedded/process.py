"""The node as a process: sealing in a thread, JSON-RPC in the main one, ready told on stdout."""

import gc
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import uvicorn

from node.durable import write_durably
from node.embedded.chain import Chain
from node.embedded.rpc.server import RpcApplication
from node.logs import event

READY_FILE = "node.json"
# sealing holds the interpreter: a request that changes threads thrice must not wait 5 ms each time
_SWITCH_SECONDS = 0.000_5
_YOUNG, _MIDDLE, _OLD = 20_000, 50, 100
_LOGGER = logging.getLogger(__name__)


def calm_collector() -> None:
    """Look for cycles less often, and not among what was imported: executing makes much garbage and few cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)


class Sealer(threading.Thread):
    """Seals blocks until stopped; what it cannot survive ends the process, never silently."""

    def __init__(self, chain: Chain) -> None:
        """Not started yet."""
        super().__init__(name="sealer", daemon=True)
        self._chain = chain
        self._stopping = threading.Event()

    def run(self) -> None:
        """Seal block after block."""
        try:
            while not self._stopping.is_set():
                block = self._chain.seal_when_due(self._stopping)
                if block is not None:
                    event(_LOGGER, logging.INFO, "BLOCK_SEALED", block=block.number, hash=block.hash)
        except BaseException:
            _LOGGER.critical("sealing failed, the node stops", exc_info=True)
            sys.stderr.flush()
            # nothing half-written is visible: the store commits whole blocks only
            os._exit(70)

    def stop(self) -> None:
        """Finish the block in hand and end."""
        self._stopping.set()
        self._chain.wake()
        self.join()


def _announce(folder: Path, chain: Chain, port: int) -> None:
    ready = {
        "ready": True,
        "url": f"http://127.0.0.1:{port}",
        "port": port,
        "pid": os.getpid(),
        "chainId": chain.network.chain_id,
        "genesisHash": "0x" + _hash_of_genesis(chain).hex(),
    }
    text = json.dumps(ready)
    write_durably(folder / READY_FILE, text + "\n")
    print(text, flush=True)  # noqa: T201 - the ready line is this process's interface


def _hash_of_genesis(chain: Chain) -> bytes:
    genesis = chain.database.block(0)
    return b"" if genesis is None else genesis.hash


def serve(folder: Path, chain: Chain, port: int, new_id: Callable[[], int]) -> None:
    """Serve until SIGTERM or SIGINT; the caller holds the folder's lock."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        """Uvicorn has shut down when it raises the signal again: there is nothing left to do."""

    sys.setswitchinterval(_SWITCH_SECONDS)
    calm_collector()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(RpcApplication(chain, new_id), log_config=None, access_log=False, lifespan="off", ws="none")
    sealer = Sealer(chain)
    sealer.start()
    _announce(folder, chain, listener.getsockname()[1])
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        sealer.stop()
        chain.database.close()
        (folder / READY_FILE).unlink(missing_ok=True)
