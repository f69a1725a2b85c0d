"""Hypothesis strategies for our EIP-712 structs, derived from their declarations."""

from typing import Any

from hypothesis import strategies as st

from ledger.eip712 import struct_fields

MOST_ELEMENTS = 4


def of_type(type_name: str) -> st.SearchStrategy[Any]:
    """Values of one EIP-712 type."""
    if type_name.startswith("uint"):
        return st.integers(0, 2 ** int(type_name[4:]) - 1)
    if type_name == "string":
        return st.text(max_size=40)
    if type_name == "bytes":
        return st.binary(max_size=70)
    if type_name == "bool":
        return st.booleans()
    size = 20 if type_name == "address" else int(type_name[5:])
    return st.binary(min_size=size, max_size=size)


def structs(cls: type) -> st.SearchStrategy[Any]:
    """Values of one struct class."""
    members = {}
    for field in struct_fields(cls):
        base = field.type_name.removesuffix("[]")
        inner = structs(field.item) if field.item is not None else of_type(base)
        many = base != field.type_name
        members[field.python_name] = st.lists(inner, max_size=MOST_ELEMENTS).map(tuple) if many else inner
    return st.builds(cls, **members)
