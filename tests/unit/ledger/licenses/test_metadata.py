"""Metadata of GB/T 36903: every fault at once, warnings for what is only odd, and no personal data in any of them."""

import datetime
from contextlib import suppress
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.codes import LicenseId
from ledger.errors import InvalidInput
from ledger.ids import FOREVER
from ledger.licenses import LicenseMetadata
from tests.unit.ledger.licenses.examples import HOLDER, IDENTIFIER, ISSUER, RESIDENT, TYPE, row


def faults(given_row: dict[str, Any]) -> set[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        LicenseMetadata.read(given_row)
    assert all(one.zh and one.en for one in caught.value.faults)
    return {(one.where, one.code) for one in caught.value.faults}


def test_a_good_license_has_no_findings_and_its_days_are_chinas() -> None:
    one = LicenseMetadata.read(row())
    assert one.findings == ()
    assert one.valid_from == int(datetime.datetime(2023, 5, 21, 16, tzinfo=datetime.UTC).timestamp())
    assert one.valid_until == int(datetime.datetime(2028, 5, 21, 16, tzinfo=datetime.UTC).timestamp())


def test_all_faults_are_told_at_once_and_no_value_is_repeated() -> None:
    bad = row(ZZMC=None, ZZBS="1.2.3", CZZTDM="1101051949123100", CZZTDMLX="111", ZZBFRQ="2023-02-30", CZZT="a\x07b")
    assert faults(bad) == {
        ("ZZMC", "METADATA_MISSING"), ("ZZBS", "LICENSE_ID_MALFORMED"), ("CZZTDM", "RESIDENT_ID_MALFORMED"),
        ("ZZBFRQ", "METADATA_DAY"), ("CZZT", "METADATA_CONTROL"),
    }  # fmt: skip
    with pytest.raises(InvalidInput) as caught:
        LicenseMetadata.read(bad)
    assert "1101051949123100" not in repr([(one.zh, one.en, one.where) for one in caught.value.faults])


def test_repr_shows_no_holder_and_no_number() -> None:
    shown = repr(LicenseMetadata.read(row(CZZTDM=RESIDENT, CZZTDMLX="111", CZZT="张某")))
    assert RESIDENT not in shown
    assert "张某" not in shown
    assert "JY14300000000001" not in shown


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ({"ZZBS": IDENTIFIER[:-1] + "A"}, "LICENSE_ID_CHECK"),
        ({"ZZLXDM": "11100000000013338W012"}, "METADATA_TYPE_DIFFERS"),
        ({"ZZBFJGDM": "11330105002500287C"}, "METADATA_ISSUER_DIFFERS"),
        ({"CZZTDM": "91350100M000100Y44"}, "USCC_CHECK"),
        ({"CZZTDM": "110105194912310021", "CZZTDMLX": "111"}, "RESIDENT_ID_CHECK"),
        ({"CZZTDM": "X1234567", "CZZTDMLX": "414"}, "HOLDER_CODE_SHAPE"),
        ({"ZZYXQQSRQ": "2023-05-01"}, "METADATA_BEFORE_ISSUE"),
    ],
)
def test_what_is_only_odd_is_a_finding(other: dict[str, str], found: str) -> None:
    assert [one.code for one in LicenseMetadata.read(row(**other)).findings] == [found]


@pytest.mark.parametrize(
    ("other", "fault"),
    [
        ({"CZZTDMLX": "112"}, ("CZZTDMLX", "HOLDER_TYPE_UNKNOWN")),
        ({"CZZTDM": "护照", "CZZTDMLX": "414"}, ("CZZTDM", "HOLDER_CODE_MALFORMED")),
        ({"ZZYXQJZRQ": "2022-05-21"}, ("ZZYXQJZRQ", "METADATA_PERIOD")),
        ({"ZZMC": "名" * 201}, ("ZZMC", "METADATA_LONG")),
        ({"ZZBH": ["1"]}, ("ZZBH", "METADATA_TEXT")),
        ({"ZZBH": True}, ("ZZBH", "METADATA_TEXT")),
        ({"证照名称": "另一名称"}, ("ZZMC", "METADATA_TWICE")),
        ({"KZ_A": "x" * 4001}, ("KZ_A", "METADATA_LONG")),
    ],
)
def test_what_cannot_be_is_refused(other: dict[str, Any], fault: tuple[str, str]) -> None:
    assert fault in faults(row(**other))


@pytest.mark.parametrize("written", ["2023-05-22", "20230522", "2023/5/22", "2023年5月22日", "2023-05-22 00:00:00"])
def test_days_are_one_day_however_written(written: str) -> None:
    assert LicenseMetadata.read(row(ZZBFRQ=written)).canonical() == LicenseMetadata.read(row()).canonical()


@pytest.mark.parametrize("end", ["长期", "9999-12-31", None])
def test_without_an_end_it_holds_for_ever(end: str | None) -> None:
    assert LicenseMetadata.read(row(ZZYXQJZRQ=end)).valid_until == FOREVER


def test_json_xml_headings_and_order_make_no_difference() -> None:
    plain = LicenseMetadata.read(row(KZ_B="2", KZ_A="1"))
    root = ElementTree.Element("{urn:x}DZZZ")
    for name, text in reversed(row(KZ_A="1", KZ_B="2").items()):
        ElementTree.SubElement(root, f"{{urn:x}}{name}").text = f" {text} "
    chinese = row(ZZMC=None, CZZT=None, KZ_A="1", KZ_B="2") | {
        "证照名称": "食品经营许可证",
        "持证者": "某某餐饮有限公司",
    }
    assert LicenseMetadata.from_element(root).canonical() == plain.canonical()
    assert LicenseMetadata.read(chinese).canonical() == plain.canonical()
    assert LicenseMetadata.from_json(plain.canonical()).canonical() == plain.canonical()


@pytest.mark.parametrize("source", [b"[]", b"{", b'{"a":' * 100, b"\xff", b"NaN", b'{"ZZMC":"a","ZZMC":"b"}'])
def test_broken_json_is_an_error_with_a_code_never_a_crash(source: bytes) -> None:
    with pytest.raises(InvalidInput):
        LicenseMetadata.from_json(source)


@given(st.dictionaries(st.sampled_from(sorted(row())), st.text() | st.integers() | st.none() | st.booleans()))
def test_any_texts_are_read_or_refused(other: dict[str, Any]) -> None:
    with suppress(InvalidInput):
        one = LicenseMetadata.read(row() | other)
        assert LicenseMetadata.from_json(one.canonical()).canonical() == one.canonical()


def test_made_identifiers_check_and_count_their_versions() -> None:
    made = LicenseId.make(TYPE, ISSUER, "20230000403")
    assert str(made) == IDENTIFIER
    assert made.next_version().version == "002"
    assert LicenseId.parse(str(made.next_version())).findings == ()
    for serial, version in (("123456", 1), ("2023000040300", 0), ("2023000040300", 1000), ("a b.c/1234", 1)):
        with pytest.raises(InvalidInput, match="LICENSE_ID_MALFORMED"):
            LicenseId.make(TYPE, ISSUER, serial, version)


def test_holder_is_the_committed_code_not_its_writing() -> None:
    written = LicenseMetadata.read(row(CZZTDM=" 91350100-m000100y43 "))
    assert written.holder_code.code == HOLDER
