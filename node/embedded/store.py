"""The node's data directory: network file, validator key, chain store, and one process at a time."""

import fcntl
from collections.abc import Callable
from pathlib import Path
from typing import IO

from ledger import crypto
from ledger.errors import Conflict, InvalidInput
from node.durable import PRIVATE, write_durably
from node.embedded.chain import Chain
from node.embedded.database import ChainDatabase
from node.embedded.network import Network, load_network

NETWORK_FILE = "chain.json"
KEY_FILE = "validator.key"
STORE_FILE = "chain.sqlite"
LOCK_FILE = "lock"


def create(folder: Path, network: Network, validator_key: bytes) -> None:
    """Make a new chain's folder; the network file comes last, and with it the chain exists.

    Raises Conflict ``CHAIN_EXISTS``, InvalidInput ``VALIDATOR_KEY`` (not the network's validator).
    """
    if (folder / NETWORK_FILE).exists():
        raise Conflict("CHAIN_EXISTS", f"{folder} holds a chain already", f"{folder} 中已有链")
    if crypto.address_of(validator_key) != network.validator:
        raise _wrong_key()
    folder.mkdir(parents=True, exist_ok=True)
    write_durably(folder / KEY_FILE, validator_key.hex() + "\n", mode=PRIVATE)
    write_durably(folder / NETWORK_FILE, network.to_json())


def _wrong_key() -> InvalidInput:
    return InvalidInput(
        "VALIDATOR_KEY",
        KEY_FILE,
        "the validator's key does not belong to the validator of the network file",
        "验证者私钥与网络文件中的验证者不符",
    )


def exists(folder: Path) -> bool:
    """Whether the folder holds a chain."""
    return (folder / NETWORK_FILE).exists()


def lock(folder: Path) -> IO[str]:
    """Keep others out for as long as the returned file is open; Conflict ``CHAIN_IN_USE``."""
    file = (folder / LOCK_FILE).open("a", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise Conflict(
            "CHAIN_IN_USE",
            f"another process has the chain in {folder} open; stop it first",
            f"另有进程正在使用 {folder} 中的链,请先停止它",
        ) from error
    return file


def read_key(folder: Path, network: Network) -> bytes:
    """The validator's key, 32 bytes; InvalidInput ``VALIDATOR_KEY`` where it is another's."""
    try:
        key = bytes.fromhex((folder / KEY_FILE).read_text(encoding="ascii").strip())
        address = crypto.address_of(key)
    except (OSError, ValueError, InvalidInput) as error:
        raise _wrong_key() from error
    if address != network.validator:
        raise _wrong_key()
    return key


def open_chain(folder: Path, clock: Callable[[], float]) -> Chain:
    """Open the chain of a folder; the caller holds its lock."""
    network = load_network(folder / NETWORK_FILE)
    key = read_key(folder, network)
    database = ChainDatabase(folder / STORE_FILE)
    try:
        return Chain(database, network, key, clock)
    except BaseException:
        database.close()
        raise
