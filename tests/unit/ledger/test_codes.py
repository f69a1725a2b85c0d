"""National codes against genuine examples; what cannot be the code is refused by name."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.codes import (
    NATION,
    CaseNumber,
    Finding,
    ItemCode,
    Level,
    LicenseId,
    Region,
    ResidentId,
    Severity,
    Uscc,
)
from ledger.codes.resident_id import check_character, looks_like_resident_id
from ledger.errors import InvalidInput

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "codes.json").read_text("utf-8"))


def _codes(findings: tuple[Finding, ...]) -> list[str]:
    assert all(f.severity is Severity.WARNING and f.zh and f.en for f in findings)
    return [finding.code for finding in findings]


@pytest.mark.parametrize("vector", VECTORS["uscc"], ids=lambda v: v["text"])
def test_uscc(vector: dict[str, Any]) -> None:
    """Canonical form and findings of GB 32100 codes."""
    uscc = Uscc.parse(vector["text"])
    assert (str(uscc), _codes(uscc.findings)) == (vector["code"], vector["findings"])
    assert uscc.region == vector["code"][2:8]


@pytest.mark.parametrize("vector", VECTORS["resident_id_check"], ids=lambda v: v["check"])
def test_resident_id_check_character(vector: dict[str, str]) -> None:
    """The examples of GB 11643-1999 and of python-stdnum."""
    assert check_character(vector["first_17"]) == vector["check"]
    code = vector["first_17"] + vector["check"]
    assert ResidentId.parse(code.lower()).findings == ()
    assert looks_like_resident_id(code)


def test_resident_id_findings_and_silence() -> None:
    """A wrong check character or date warns; neither repr nor str shows the number."""
    wrong = ResidentId.parse("110105194912310021")
    assert _codes(wrong.findings) == ["RESIDENT_ID_CHECK"]
    assert _codes(ResidentId.parse("110105491332002").findings) == [
        "RESIDENT_ID_OLD_FORM",
        "RESIDENT_ID_BIRTH_DATE",
    ]
    assert "1949" not in repr(wrong) + str(wrong)
    with pytest.raises(InvalidInput) as caught:
        ResidentId.parse("11010519491231002Y")
    assert caught.value.code == "RESIDENT_ID_MALFORMED"
    assert "1949" not in f"{caught.value} {caught.value.zh}"


@pytest.mark.parametrize("code", ["00010519491231002X", "110105194913310029", "110105184912310024", "1101054912310021"])
def test_not_a_resident_id(code: str) -> None:
    """No such province, month, century, length."""
    assert not looks_like_resident_id(code)


@pytest.mark.parametrize("vector", VECTORS["license_id"], ids=lambda v: v["text"][-20:])
def test_license_id(vector: dict[str, Any]) -> None:
    """GB/T 36904 identifiers, read and written back."""
    parsed = LicenseId.parse(vector["text"])
    assert str(parsed) == vector["text"]
    assert _codes(parsed.findings) == vector["findings"]


@pytest.mark.parametrize("vector", VECTORS["items"], ids=lambda v: v["text"])
def test_item_code(vector: dict[str, Any]) -> None:
    """Kind, basic code and agency by length."""
    item = ItemCode.parse(vector["text"])
    assert (str(item), item.kind, item.basic) == (vector["text"], vector["kind"], vector["basic"])
    assert (str(item.agency) if item.agency else None) == vector["agency"]
    assert _codes(item.findings) == vector["findings"]


@pytest.mark.parametrize("vector", VECTORS["case_numbers"], ids=lambda v: v["text"][-12:])
def test_case_number(vector: dict[str, Any]) -> None:
    """31 + 8 + 4 is customary, other shapes only warn."""
    if "error" in vector:
        with pytest.raises(InvalidInput) as caught:
            CaseNumber.parse(vector["text"])
        assert caught.value.code == vector["error"]
        return
    number = CaseNumber.parse(vector["text"])
    assert (str(number), _codes(number.findings)) == (vector["text"], vector["findings"])


@pytest.mark.parametrize("vector", VECTORS["regions"], ids=lambda v: v["name"])
def test_region(vector: dict[str, Any]) -> None:
    """Packed BCD, level and parent."""
    region = Region.parse(vector["text"])
    assert region == Region(int(vector["packed"], 16))
    assert region.level == Level(vector["digits"])
    assert region.parent == Region(int(vector["parent"], 16))
    assert Region.parse(str(region)) == Region.parse(region.digits) == region
    assert region.findings() == ()


@pytest.mark.parametrize("vector", VECTORS["contains"], ids=lambda v: f"{v['outer']}-{v['inner']}")
def test_region_contains(vector: dict[str, Any]) -> None:
    """Downwards and itself only."""
    inner, outer = Region.parse(vector["inner"]), Region.parse(vector["outer"])
    assert outer.contains(inner) is vector["holds"]


def test_region_shows_six_digits_down_to_the_county() -> None:
    """As people write it."""
    assert [str(Region.parse(t)) for t in ("37", "370102", "370102010")] == [
        "370000",
        "370102",
        "370102010000",
    ]
    assert _codes(Region.parse("99").findings()) == ["REGION_PROVINCE_UNKNOWN"]
    assert NATION.contains(Region.parse("99"))


@pytest.mark.parametrize("text", ["", "3", "370", "37010", "3701020", "37010x", "003701", "-37"[:2]])
def test_region_malformed(text: str) -> None:
    """Other lengths, letters, digits without a province."""
    with pytest.raises(InvalidInput) as caught:
        Region.parse(text, "agency.region")
    assert (caught.value.code, caught.value.where) == ("REGION_MALFORMED", "agency.region")


@pytest.mark.parametrize("packed", [-1, 0x37010A000000, 1 << 48, 0x003701000000])
def test_attack_packed_region_that_is_no_decimal(packed: int) -> None:
    """Hexadecimal digits, overlong and headless words cannot become a region."""
    with pytest.raises(InvalidInput) as caught:
        Region(packed)
    assert caught.value.code == "REGION_MALFORMED"


@pytest.mark.parametrize(
    ("parse", "text", "code"),
    [
        (Uscc.parse, "9111000060003734", "USCC_MALFORMED"),
        (Uscc.parse, "91110000600037341!", "USCC_MALFORMED"),
        (ItemCode.parse, "", "ITEM_CODE_MALFORMED"),
        (ItemCode.parse, "1" * 65, "ITEM_CODE_MALFORMED"),
        (ItemCode.parse, "事项", "ITEM_CODE_MALFORMED"),
        (CaseNumber.parse, "1" * 65, "CASE_NUMBER_MALFORMED"),
        (LicenseId.parse, "1.2.156.3005.3.1", "LICENSE_ID_MALFORMED"),
        (LicenseId.parse, "", "LICENSE_ID_MALFORMED"),
    ],
)
def test_malformed(parse: Callable[[str], object], text: str, code: str) -> None:
    """Both languages, and a code of its own."""
    with pytest.raises(InvalidInput) as caught:
        parse(text)
    assert caught.value.code == code
    assert caught.value.en
    assert caught.value.zh


def test_number_of_a_person_in_the_place_of_a_region_is_not_repeated() -> None:
    with pytest.raises(InvalidInput) as caught:
        Region.parse("110105194912310021")
    assert "19491231" not in repr(caught.value.faults) + str(caught.value)
    with pytest.raises(InvalidInput, match="4301x"):
        Region.parse("4301x")
