"""JSON to the struct that is signed: strict, and every fault of a body at once.

Numbers are numbers; ids may be written ``agency-number``, regions as 12 digits; bytes are lower-case
0x-hex. Unknown and missing fields are faults, so that nobody signs what was silently dropped.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from ledger import acts
from ledger.crypto import parse_address
from ledger.eip712 import Field, struct_fields
from ledger.errors import Fault, HuxinError, InvalidInput
from ledger.ids import parse_id
from ledger.privacy import find_personal_data

MOST_BYTES = 32 * 1024
MOST_TEXT = 512
MOST_ROWS = {"Uint32": 64, "GrantTerms": 16, "Open": 255, "Step": 255}
_HEX = re.compile(r"0x(?:[0-9a-f]{2})*", re.ASCII)
_REGION = re.compile(r"[0-9]{12}", re.ASCII)
_REGION_FIELDS = frozenset({"region", "grantee"})

Struct = TypeVar("Struct")

TYPES: dict[str, type] = {
    cls.__name__: cls
    for cls in (acts.Open, acts.Step, acts.StepList, acts.Proposal, *(c for row in acts.ACTS.values() for c in row))
}
"""Every act that can be handed in, by the name of its EIP-712 type."""


def act_type(name: str, where: str = "body.type") -> type:
    """The struct of that name; InvalidInput ``ACT_TYPE_UNKNOWN``."""
    if name not in TYPES:
        raise InvalidInput(
            "ACT_TYPE_UNKNOWN",
            where,
            f"no act {name[:40]!r}; known: {', '.join(TYPES)}",
            f"没有行为 {name[:40]!r};可用:{'、'.join(TYPES)}",
        )
    return TYPES[name]


def decode(cls: type[Struct], source: object, where: str) -> Struct:
    """The struct that a JSON object stands for; InvalidInput with all its faults."""
    reader = Reader()
    value: Struct = reader.struct(cls, source, where)
    if reader.faults:
        raise InvalidInput.of(reader.faults)
    return value


class Reader:
    """Reads structs and keeps what is wrong with them; a faulty field reads as None."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def struct(self, cls: type, source: object, where: str) -> Any:
        """One struct; None where anything in it is wrong."""
        if not isinstance(source, Mapping):
            return self._fault("WRONG_TYPE", where, "must be an object", "须为对象")
        before = len(self.faults)
        declared = {field.name: field for field in struct_fields(cls)}
        for name in source:
            if name not in declared:
                self._fault("FIELD_UNKNOWN", f"{where}.{str(name)[:40]}", "no such field", "没有这个字段")
        values = {
            field.python_name: self._field(field, source[name], f"{where}.{name}")
            if name in source
            else self._fault("FIELD_MISSING", f"{where}.{name}", "is missing", "缺少此字段")
            for name, field in declared.items()
        }
        return cls(**values) if len(self.faults) == before else None

    def _field(self, field: Field, value: object, where: str) -> Any:
        if not field.type_name.endswith("[]"):
            return self._value(field, field.type_name, value, where)
        limit = MOST_ROWS.get(field.type_name.removesuffix("[]"), 64)
        if not isinstance(value, list) or len(value) > limit:
            return self._fault(
                "LIST_TOO_LONG", where, f"must be a list of at most {limit}", f"须为至多 {limit} 项的列表"
            )
        kind = field.type_name.removesuffix("[]")
        return tuple(self._value(field, kind, one, f"{where}[{place}]") for place, one in enumerate(value))

    def _value(self, field: Field, kind: str, value: object, where: str) -> Any:
        if field.item is not None:
            return self.struct(field.item, value, where)
        if kind.startswith("uint"):
            return self._number(field.name, int(kind[4:]), value, where)
        if kind == "string":
            return self._text(value, where)
        if kind == "address":
            return self._address(value, where)
        return self._bytes(value, int(kind[5:] or 0), where)

    def _number(self, name: str, bits: int, value: object, where: str) -> Any:
        if isinstance(value, str):
            value = self._written(name, bits, value, where)
            if value is None:
                return None
        if not isinstance(value, int) or isinstance(value, bool):
            return self._fault("WRONG_TYPE", where, "must be a whole number", "须为整数")
        if not 0 <= value < 1 << bits:
            return self._fault("NUMBER_OUT_OF_RANGE", where, f"does not fit uint{bits}", f"超出 uint{bits} 的范围")
        return value

    def _written(self, name: str, bits: int, value: str, where: str) -> Any:
        """An id as ``agency-number``, a region as 12 digits."""
        if name in _REGION_FIELDS and _REGION.fullmatch(value):
            return int(value, 16)
        if bits != 64:
            return self._fault("WRONG_TYPE", where, "must be a whole number", "须为整数")
        try:
            return parse_id(value[:64])
        except HuxinError as error:
            return self._fault(error.code, where, error.en, error.zh)

    def _text(self, value: object, where: str) -> Any:
        if not isinstance(value, str):
            return self._fault("WRONG_TYPE", where, "must be a string", "须为字符串")
        if len(value) > MOST_TEXT:
            return self._fault("TEXT_TOO_LONG", where, f"at most {MOST_TEXT} characters", f"至多 {MOST_TEXT} 个字符")
        if not value.isprintable():
            return self._fault("TEXT_CONTROL", where, "control characters are no text", "不得含控制字符")
        for finding in find_personal_data(value):
            self._fault(
                "PERSONAL_DATA",
                where,
                f"{finding.en}: what stands here can be read by everybody; leave it out",
                f"{finding.zh}:此处内容任何人可见,请删去",
            )
        return value

    def _address(self, value: object, where: str) -> Any:
        """Mixed case must be a right EIP-55 checksum; all lower case carries none."""
        text = value if isinstance(value, str) else ""
        if _HEX.fullmatch(text) and len(text) == 42:
            return bytes.fromhex(text[2:])
        try:
            return parse_address(text, where)
        except HuxinError as error:
            return self._fault(error.code, where, error.en, error.zh)

    def _bytes(self, value: object, width: int, where: str) -> Any:
        """``width`` 0: any length up to 32 KiB."""
        if not isinstance(value, str) or not _HEX.fullmatch(value):
            return self._fault(
                "HEX_MALFORMED", where, "write 0x and lower-case hex pairs", "请写 0x 加成对的小写十六进制"
            )
        found = len(value) // 2 - 1
        if found > MOST_BYTES or (width and found != width):
            wanted = width or f"≤ {MOST_BYTES}"
            return self._fault(
                "WRONG_LENGTH", where, f"{found} bytes where {wanted} belong", f"应为 {wanted} 字节,实为 {found}"
            )
        return bytes.fromhex(value[2:])

    def _fault(self, code: str, where: str, en: str, zh: str) -> Any:
        self.faults.append(Fault(code, where, f"{where} {zh}", f"{where} {en}"))
        return None


def known_fields(cls: type) -> Iterator[str]:
    """The JSON names of a struct's fields, in signing order."""
    return (field.name for field in struct_fields(cls))


def is_word(value: object) -> bool:
    """Whether it is 32 bytes in 0x-hex."""
    return isinstance(value, str) and len(value) == 66 and _HEX.fullmatch(value) is not None


def hex_of(value: bytes) -> str:
    """0x and lower-case digits."""
    return "0x" + value.hex()


def bytes_of(text: str) -> bytes:
    """Inverse of :func:`hex_of` for what a model has checked already."""
    return bytes.fromhex(text[2:])
