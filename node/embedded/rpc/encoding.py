"""Hex as execution-apis has it: quantities without leading zeros, data in whole bytes."""

import re
from typing import Any

from node.embedded.rpc.errors import invalid_params

_QUANTITY = re.compile(r"0x(0|[1-9a-fA-F][0-9a-fA-F]{0,63})\Z")
_DATA = re.compile(r"0x([0-9a-fA-F]{2})*\Z")
_WORD = re.compile(r"0x[0-9a-fA-F]{1,64}\Z")


def quantity(value: int) -> str:
    """An integer."""
    return hex(value)


def data(value: bytes) -> str:
    """Bytes."""
    return "0x" + value.hex()


def parse_quantity(value: Any, name: str) -> int:
    """An integer of at most 256 bits from its hex."""
    if not isinstance(value, str) or not _QUANTITY.match(value):
        raise invalid_params(f"invalid argument {name}: want a hex quantity such as 0x1")
    return int(value, 16)


def parse_data(value: Any, name: str) -> bytes:
    """Bytes from their hex."""
    if not isinstance(value, str) or not _DATA.match(value):
        raise invalid_params(f"invalid argument {name}: want hex data of whole bytes")
    return bytes.fromhex(value[2:])


def _parse_sized(value: Any, name: str, size: int) -> bytes:
    parsed = parse_data(value, name)
    if len(parsed) != size:
        raise invalid_params(f"invalid argument {name}: want {size} bytes, have {len(parsed)}")
    return parsed


def parse_address(value: Any, name: str = "address") -> bytes:
    """An address of 20 bytes; the case of its letters carries no meaning here."""
    return _parse_sized(value, name, 20)


def parse_hash(value: Any, name: str = "hash") -> bytes:
    """A hash of 32 bytes."""
    return _parse_sized(value, name, 32)


def parse_word(value: Any, name: str) -> int:
    """A storage slot: up to 32 bytes of hex, leading zeros allowed."""
    if not isinstance(value, str) or not _WORD.match(value):
        raise invalid_params(f"invalid argument {name}: want up to 32 bytes of hex")
    return int(value, 16)


def parse_flag(value: Any, name: str) -> bool:
    """A boolean; false where it was left out."""
    if value is None:
        return False
    if not isinstance(value, bool):
        raise invalid_params(f"invalid argument {name}: want true or false")
    return value
