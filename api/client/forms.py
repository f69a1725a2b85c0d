"""Acts as JSON and back: camelCase names, ids as numbers or ``agency-number``, bytes as 0x-hex."""

from typing import Any

from api.services.decode import act_type, decode
from ledger.eip712 import message


def class_of(name: str) -> type:
    """The act class of an EIP-712 type name; InvalidInput ``ACT_TYPE_UNKNOWN``."""
    return act_type(name, "type")


def read_act(cls: type, body: Any) -> Any:
    """A struct from its JSON object; InvalidInput with every fault."""
    return decode(cls, body, "act")


def write_act(act: Any) -> dict[str, Any]:
    """The JSON object of a struct."""
    written: dict[str, Any] = message(act)
    return written
