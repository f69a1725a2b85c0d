"""Reading the parameter objects of calls and log filters."""

from typing import Any

from node.embedded.execution import Call
from node.embedded.logs import MAX_TOPICS, LogFilter
from node.embedded.rpc.encoding import parse_address, parse_data, parse_hash, parse_quantity
from node.embedded.rpc.errors import invalid_params

_MOST_ALTERNATIVES = 1_000
_MOST_CALL_BYTES = 1 << 20


def _payload(fields: dict[str, Any]) -> bytes:
    given = [parse_data(fields[name], name) for name in ("input", "data") if fields.get(name)]
    if len(set(given)) > 1:
        raise invalid_params("both data and input are set and not equal")
    payload = given[0] if given else b""
    if len(payload) > _MOST_CALL_BYTES:
        raise invalid_params(f"data: more than {_MOST_CALL_BYTES} bytes")
    return payload


def parse_call(fields: Any, gas_cap: int) -> Call:
    """The transaction object of ``eth_call`` and ``eth_estimateGas``; prices are ignored: all 0."""
    if not isinstance(fields, dict):
        raise invalid_params("want a transaction object")
    gas = parse_quantity(fields["gas"], "gas") if fields.get("gas") else gas_cap
    return Call(
        sender=parse_address(fields["from"], "from") if fields.get("from") else bytes(20),
        to=parse_address(fields["to"], "to") if fields.get("to") else None,
        data=_payload(fields),
        gas=min(gas, gas_cap),
        value=parse_quantity(fields["value"], "value") if fields.get("value") else 0,
    )


def _addresses(value: Any) -> tuple[bytes, ...]:
    if value is None:
        return ()
    items = value if isinstance(value, list) else [value]
    if len(items) > _MOST_ALTERNATIVES:
        raise invalid_params(f"more than {_MOST_ALTERNATIVES} addresses")
    return tuple(parse_address(item) for item in items)


def _topics(value: Any) -> tuple[tuple[bytes, ...], ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_TOPICS:
        raise invalid_params(f"topics: want a list of at most {MAX_TOPICS}")
    return tuple(_topic(entry) for entry in value)


def _topic(entry: Any) -> tuple[bytes, ...]:
    if entry is None:
        return ()
    items = entry if isinstance(entry, list) else [entry]
    if len(items) > _MOST_ALTERNATIVES:
        raise invalid_params(f"more than {_MOST_ALTERNATIVES} topics in one place")
    if None in items:  # a null among alternatives matches anything, as on geth
        return ()
    return tuple(parse_hash(item, "topic") for item in items)


def parse_filter(fields: Any) -> LogFilter:
    """The addresses and topics of a filter object."""
    if not isinstance(fields, dict):
        raise invalid_params("want a filter object")
    return LogFilter(_addresses(fields.get("address")), _topics(fields.get("topics")))
