"""Acts as JSON and back: camelCase names, ids as numbers or ``agency-number``, bytes as 0x-hex."""

from dataclasses import fields as dataclass_fields
from typing import Any

from ledger import acts, eip712
from ledger.errors import InvalidInput
from ledger.ids import parse_id

CLASSES: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        acts.Open,
        acts.Step,
        acts.StepList,
        acts.Proposal,
        *(one for many in acts.ACTS.values() for one in many),
    )
}
"""Every act that can be signed, by its EIP-712 type name."""


def class_of(name: str) -> type:
    """The act class of a type name; InvalidInput ``ACT_TYPE_UNKNOWN``."""
    if name not in CLASSES:
        known = ", ".join(sorted(CLASSES))
        raise InvalidInput("ACT_TYPE_UNKNOWN", "type", f"{name!r}: one of {known}", f"{name!r}:须为 {known} 之一")
    return CLASSES[name]


def read_act(cls: type, body: Any, where: str = "act") -> Any:
    """A struct from its JSON object; InvalidInput for what is missing, unknown or of the wrong kind."""
    if not isinstance(body, dict):
        raise _fault(where, "an object belongs here", "应为 JSON 对象")
    declared = {field.name: field for field in eip712.struct_fields(cls)}
    if extra := sorted(body.keys() - declared.keys()):
        raise _fault(f"{where}.{extra[0]}", "is not a field of this act", "不是该行为的字段")
    if missing := sorted(declared.keys() - body.keys()):
        raise _fault(f"{where}.{missing[0]}", "is missing", "缺失")
    values = {field.python_name: _value(field, body[name], f"{where}.{name}") for name, field in declared.items()}
    return cls(**{each.name: values[each.name] for each in dataclass_fields(cls)})


def write_act(act: Any) -> dict[str, Any]:
    """The JSON object of a struct."""
    written: dict[str, Any] = eip712.message(act)
    return written


def _value(field: eip712.Field, value: Any, where: str) -> Any:
    many = field.type_name.endswith("[]")
    if many and not isinstance(value, list | tuple):
        raise _fault(where, "an array belongs here", "应为数组")
    if many:
        return tuple(_one(field, item, f"{where}[{place}]") for place, item in enumerate(value))
    return _one(field, value, where)


def _one(field: eip712.Field, value: Any, where: str) -> Any:
    kind = field.type_name.removesuffix("[]")
    if field.item is not None:
        return read_act(field.item, value, where)
    if kind.startswith("uint"):
        return _number(value, where)
    if not isinstance(value, str):
        raise _fault(where, "a string belongs here", "应为字符串")
    return value if kind == "string" else _bytes(value, where)


def _number(value: Any, where: str) -> int:
    if isinstance(value, str):
        return parse_id(value) if "-" in value else _digits(value, where)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _fault(where, "a number or agency-number belongs here", "应为数字或“机构编号-编号”")
    return value


def _digits(value: str, where: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise _fault(where, "a number belongs here", "应为数字")
    return int(value)


def _bytes(value: str, where: str) -> bytes:
    try:
        if value.startswith("0x"):
            return bytes.fromhex(value[2:])
    except ValueError as error:
        raise _fault(where, "bytes in 0x-hex belong here", "应为 0x 开头的十六进制") from error
    raise _fault(where, "bytes in 0x-hex belong here", "应为 0x 开头的十六进制")


def _fault(where: str, en: str, zh: str) -> InvalidInput:
    return InvalidInput("ACT_FIELD", where, f"{where}: {en}", f"{where}:{zh}")
