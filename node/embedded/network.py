"""The network file: everything the genesis block follows from, fixed when a chain is created."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.errors import InvalidInput

FORMAT = "huxin-network/1"
DEFAULT_GAS_LIMIT = 100_000_000
MAX_CHAIN_ID = 2**53 - 1  # what JavaScript tools can hold
_FEWEST_GAS = 5_000_000


@dataclass(frozen=True, slots=True)
class Network:
    """Parameters of a chain: addresses have 20 bytes, times are in seconds.

    ``senders`` may send transactions; an empty tuple permits everybody.
    """

    chain_id: int
    validator: bytes
    timestamp: int
    gas_limit: int = DEFAULT_GAS_LIMIT
    block_period: int = 1
    senders: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no chain can run on; InvalidInput ``NETWORK_INVALID``."""
        addresses = (self.validator, *self.senders)
        fits = (
            0 < self.chain_id <= MAX_CHAIN_ID
            and self.timestamp > 0
            and self.gas_limit >= _FEWEST_GAS
            and self.block_period >= 1
            and all(len(address) == 20 for address in addresses)
        )
        if not fits:
            raise _invalid(
                "chain id 1 to 2^53-1, timestamp above 0, gas limit from "
                f"{_FEWEST_GAS}, block period from 1 s, addresses of 20 bytes"
            )

    def permits(self, sender: bytes) -> bool:
        """Whether this address may send transactions."""
        return not self.senders or sender in self.senders

    def to_json(self) -> str:
        """The network file's text."""
        document = {
            "format": FORMAT,
            "chainId": self.chain_id,
            "validator": "0x" + self.validator.hex(),
            "timestamp": self.timestamp,
            "gasLimit": self.gas_limit,
            "blockPeriodSeconds": self.block_period,
            "senders": ["0x" + sender.hex() for sender in self.senders],
        }
        return json.dumps(document, indent=2) + "\n"


def _invalid(en: str) -> InvalidInput:
    return InvalidInput("NETWORK_INVALID", "network", en, f"网络文件有误:{en}")


def _address(text: Any) -> bytes:
    if not isinstance(text, str) or not text.startswith("0x") or len(text) != 42:
        raise _invalid(f"{text!r} is no address")
    return bytes.fromhex(text[2:])


def parse_network(text: str) -> Network:
    """Read a network file; InvalidInput ``NETWORK_INVALID``."""
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise _invalid(f"format {document['format']!r} is not {FORMAT!r}")
        return Network(
            chain_id=int(document["chainId"]),
            validator=_address(document["validator"]),
            timestamp=int(document["timestamp"]),
            gas_limit=int(document["gasLimit"]),
            block_period=int(document["blockPeriodSeconds"]),
            senders=tuple(_address(sender) for sender in document["senders"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _invalid(f"{type(error).__name__}: {error}") from error


def load_network(path: Path) -> Network:
    """Read the network file at ``path``."""
    return parse_network(path.read_text(encoding="utf-8"))
