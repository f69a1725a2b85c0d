"""JSON to structs: strict, and every fault at once."""

from typing import Any

import pytest

from api.services.decode import TYPES, act_type, decode
from ledger import acts
from ledger.eip712 import message
from ledger.errors import InvalidInput
from ledger.ids import scoped

RETIRE: dict[str, Any] = {"item": "3-17", "retiredFrom": 5, "officer": 3 << 32 | 1, "nonce": 9, "deadline": 10}
TERMS: dict[str, Any] = {
    "grant": "1-1", "parent": 0, "granteeKind": 3, "grantee": "370100000000", "rights": 1, "validFrom": 0,
    "validUntil": 9, "quota": 0, "depth": 1, "items": [1, 2],
}  # fmt: skip


def codes(cls: type, source: object) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        decode(cls, source, "act")
    return {fault.where: fault.code for fault in caught.value.faults}


def test_ids_and_regions_may_be_written_for_people() -> None:
    assert decode(acts.RetireItem, RETIRE, "act") == acts.RetireItem(scoped(3, 17), 5, scoped(3, 1), 9, 10)
    terms = decode(acts.GrantTerms, TERMS, "act")
    assert (terms.grantee, terms.items) == (0x370100000000, (1, 2))


@pytest.mark.parametrize("name", sorted(TYPES))
def test_what_message_writes_is_read_back(name: str) -> None:
    blank = acts_of(name)
    assert decode(TYPES[name], message(blank), "act") == blank


def acts_of(name: str) -> Any:
    from ledger.eip712 import struct_fields  # noqa: PLC0415 - only here

    def make(cls: type) -> Any:
        values: dict[str, Any] = {}
        for field in struct_fields(cls):
            kind = field.type_name
            if kind.endswith("[]"):
                values[field.python_name] = ()
            elif field.item is not None:
                values[field.python_name] = make(field.item)
            elif kind.startswith("uint"):
                values[field.python_name] = 7
            elif kind == "string":
                values[field.python_name] = "名称"
            else:
                values[field.python_name] = bytes(20 if kind == "address" else int(kind[5:] or 3))
        return cls(**values)

    return make(TYPES[name])


@pytest.mark.parametrize(("field", "value", "expected"), [
    ("item", True, "WRONG_TYPE"), ("item", 1.0, "WRONG_TYPE"), ("item", None, "WRONG_TYPE"),
    ("item", "17", "ID_MALFORMED"),
    ("item", "0-1", "ID_OUT_OF_RANGE"), ("item", -1, "NUMBER_OUT_OF_RANGE"), ("item", 2**64, "NUMBER_OUT_OF_RANGE"),
    ("deadline", "3-17", "WRONG_TYPE"), ("deadline", 2**32, "NUMBER_OUT_OF_RANGE"),
])  # fmt: skip
def test_numbers_are_numbers(field: str, value: object, expected: str) -> None:
    assert codes(acts.RetireItem, RETIRE | {field: value}) == {f"act.{field}": expected}


def test_unknown_missing_and_wrong_are_told_together() -> None:
    source = {name: value for name, value in RETIRE.items() if name != "nonce"} | {"nonse": 1, "item": []}
    assert codes(acts.RetireItem, source) == {
        "act.nonse": "FIELD_UNKNOWN", "act.nonce": "FIELD_MISSING", "act.item": "WRONG_TYPE",
    }  # fmt: skip


def test_faults_of_inner_structs_say_where() -> None:
    source = {"terms": TERMS | {"items": [1, -1]}, "officer": "1-1", "nonce": 1, "deadline": 1}
    assert codes(acts.OfferGrant, source) == {"act.terms.items[1]": "NUMBER_OUT_OF_RANGE"}


def test_too_many_rows_are_refused_before_they_are_read() -> None:
    assert codes(acts.GrantTerms, TERMS | {"items": list(range(65))}) == {"act.items": "LIST_TOO_LONG"}


@pytest.mark.parametrize("value", ["0x" + "AA" * 20, "0x" + "aa" * 19, "aa" * 20, 5])
def test_address_with_a_wrong_checksum_or_length_is_refused(value: object) -> None:
    source = {"target": value, "data": "0x", "nonce": 1, "deadline": 1}
    assert codes(acts.Proposal, source) == {"act.target": "ADDRESS_MALFORMED"}


def test_upper_case_hex_and_half_bytes_are_refused() -> None:
    source = {"target": "0x" + "aa" * 20, "nonce": 1, "deadline": 1}
    for data in ("0xAA", "0xa", "aa", None):
        assert codes(acts.Proposal, source | {"data": data}) == {"act.data": "HEX_MALFORMED"}


def test_unknown_type_names_those_that_are_known() -> None:
    with pytest.raises(InvalidInput) as caught:
        act_type("Bribe")
    assert caught.value.code == "ACT_TYPE_UNKNOWN"
    assert "RegisterWindow" in caught.value.en


@pytest.mark.parametrize("source", [None, [], "x", 5])
def test_what_is_no_object_is_refused(source: object) -> None:
    assert codes(acts.RetireItem, source) == {"act": "WRONG_TYPE"}
