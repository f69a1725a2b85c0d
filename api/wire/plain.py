"""The usual body of ``POST /v1/acts``, one signed step, read without detours.

Only what is written in the one usual way is read: numbers as numbers, lower-case hexadecimal, nothing beside. All
else, faulty or merely unusual, is left to ``api.wire.acts`` and ``api.services.decode``, which say what is wrong.
"""

from typing import Any, TypeAlias

import msgspec

from ledger import acts
from ledger.crypto import compact
from ledger.eip712 import struct_fields
from ledger.errors import InvalidInput

PlainStep: TypeAlias = acts.Open | acts.Step
_WORD, _COMPACT, _WITH_V = 66, 130, 132
"""Characters of 32, 64 and 65 bytes in 0x-hex."""


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    type: str
    act: msgspec.Raw
    signature: str
    wait: float = 0
    signatures: tuple[()] = ()
    batch: None = None
    proof: tuple[()] = ()


class _Reader:
    """Reads one struct of fixed-size fields, as ``ledger.eip712`` declares them."""

    def __init__(self, cls: type) -> None:
        self._cls = cls
        fields = struct_fields(cls)
        kinds = [int if field.type_name.startswith("uint") else str for field in fields]
        shape = msgspec.defstruct(
            cls.__name__, list(zip((field.name for field in fields), kinds, strict=True)), forbid_unknown_fields=True
        )
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(shape)
        self._bits = [int(field.type_name[4:]) if kind is int else 0 for field, kind in zip(fields, kinds, strict=True)]

    def read(self, raw: msgspec.Raw) -> Any:
        values = msgspec.structs.astuple(self._decoder.decode(raw))
        return self._cls(*map(_value, values, self._bits))


def _value(value: Any, bits: int) -> Any:
    if bits:
        if value >> bits:
            raise ValueError(bits)
        return value
    return _octets(value, _WORD)


def _octets(text: str, length: int) -> bytes:
    octets = bytes.fromhex(text[2:])
    # fromhex takes blanks and capitals too
    if len(text) != length or "0x" + octets.hex() != text:
        raise ValueError(length)
    return octets


def _signature(text: str) -> bytes:
    return compact(_octets(text, _WITH_V)) if len(text) == _WITH_V else _octets(text, _COMPACT)


_BODY = msgspec.json.Decoder(_Body)
_READERS = {cls.__name__: _Reader(cls) for cls in (acts.Open, acts.Step)}


def read_plain(body: bytes) -> tuple[PlainStep, bytes] | None:
    """A step and its signature (64 bytes, EIP-2098); None: not the usual form."""
    try:
        said = _BODY.decode(body)
        reader = _READERS.get(said.type)
        if reader is None or said.wait:
            return None
        return reader.read(said.act), _signature(said.signature)
    except (msgspec.MsgspecError, ValueError, InvalidInput):
        return None
