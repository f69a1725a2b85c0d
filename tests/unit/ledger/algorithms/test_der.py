"""The DER reader: one encoding for one value, and nothing but ``MalformedDer`` comes out."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.algorithms import der
from ledger.algorithms.der import Limits, MalformedDer, decode
from ledger.seals import times

REFUSED = {
    "empty": ("", "DER_TRUNCATED"),
    "tag only": ("30", "DER_TRUNCATED"),
    "length cut": ("3082", "DER_TRUNCATED"),
    "content cut": ("0403aabb", "DER_TRUNCATED"),
    "trailing byte": ("020100ff", "DER_TRAILING_BYTES"),
    "indefinite length": ("30800000", "DER_INDEFINITE_LENGTH"),
    "long form for a short length": ("048101aa", "DER_LENGTH"),
    "leading zero in a length": ("04820001aa", "DER_LENGTH"),
    "length of five octets": ("0485ffffffffff00", "DER_LENGTH"),
    "reserved length": ("04ff", "DER_TRUNCATED"),
    "child longer than its parent": ("30030402aabb", "DER_TRUNCATED"),
    "tag of several octets": ("1f8101", "DER_HIGH_TAG"),
    "end of contents": ("0000", "DER_TAG"),
    "constructed octet string": ("24030401aa", "DER_FORM"),
    "primitive sequence": ("1003020100", "DER_FORM"),
}


@pytest.mark.parametrize(("text", "code"), REFUSED.values(), ids=REFUSED)
def test_not_der(text: str, code: str) -> None:
    with pytest.raises(MalformedDer) as caught:
        decode(bytes.fromhex(text))
    assert caught.value.code == code
    assert caught.value.offset <= len(text) // 2
    assert caught.value.zh
    assert caught.value.en


VALUES: dict[str, tuple[Callable[[der.Element], object], str, str]] = {
    "integer empty": (der.read_integer, "0200", "DER_INTEGER"),
    "integer padded": (der.read_integer, "02020001", "DER_INTEGER"),
    "negative integer padded": (der.read_integer, "0202ff80", "DER_INTEGER"),
    "integer of 65 octets": (der.read_integer, "0241" + "7f" * 65, "DER_INTEGER"),
    "boolean of 01": (der.read_boolean, "010101", "DER_BOOLEAN"),
    "oid empty": (der.read_oid, "0600", "DER_OID"),
    "oid cut": (der.read_oid, "060181", "DER_OID"),
    "oid padded": (der.read_oid, "06032a8001", "DER_OID"),
    "bits unused": (der.read_bits, "030204f0", "DER_BIT_STRING"),
    "bits without a count": (der.read_bits, "0300", "DER_BIT_STRING"),
    "another tag": (der.read_octets, "020100", "DER_TAG"),
    "30 February": (times.read_time, "170d3236303233303030303030305a", "DER_TIME"),
    "hour 24": (times.read_time, "170d3236303232303234303030305a", "DER_TIME"),
    "no seconds": (times.read_time, "170b323630323230303030305a", "DER_TIME"),
    "no zone": (times.read_time, "180e3230323630323230303030303030", "DER_TIME"),
}


@pytest.mark.parametrize(("read", "text", "code"), VALUES.values(), ids=VALUES)
def test_value_refused(read: Callable[[der.Element], object], text: str, code: str) -> None:
    with pytest.raises(MalformedDer) as caught:
        read(decode(bytes.fromhex(text)))
    assert caught.value.code == code


def test_bounds_of_size_elements_and_depth() -> None:
    deep = b""
    for _ in range(40):
        deep = der.write(der.SEQUENCE, deep)
    for data, limits, code in (
        (deep, Limits(), "DER_TOO_DEEP"),
        (der.write(der.SEQUENCE, b"\x05\x00" * 11), Limits(elements=11), "DER_TOO_MANY"),
        (b"\x04\x02ab", Limits(size=3), "DER_TOO_LARGE"),
    ):
        with pytest.raises(MalformedDer) as caught:
            decode(data, limits)
        assert caught.value.code == code
    assert decode(der.write(der.SEQUENCE, b"\x05\x00" * 10), Limits(elements=11)).children


@given(st.integers(-(2**300), 2**300))
def test_integers_come_back(value: int) -> None:
    assert der.read_integer(decode(der.write_integer(value))) == value


@given(st.lists(st.integers(0, 2**130), max_size=5), st.integers(0, 2), st.integers(0, 39))
def test_identifiers_come_back(arcs: list[int], first: int, second: int) -> None:
    dotted = ".".join(str(arc) for arc in (first, second, *arcs))
    written = der.write_oid(dotted)
    if len(written) <= 66:
        assert der.read_oid(decode(written)) == dotted


@given(st.frozensets(st.integers(0, 8)))
def test_named_bits_come_back(bits: frozenset[int]) -> None:
    assert der.read_flags(decode(der.write_flags(bits))) == bits


@given(st.integers(-(10**9) // 2, 253402300799))
def test_times_come_back(moment: int) -> None:
    assert times.read_time(decode(times.write_generalized(moment))) == moment
    if moment < 2_524_608_000:
        assert times.read_time(decode(times.write_utc(moment))) == moment


def test_time_of_utc_and_of_offsets() -> None:
    assert times.read_time(decode(b"\x17\x0d491231235959Z")) == 2524607999
    assert times.read_time(decode(b"\x17\x0d500101000000Z")) == -631152000
    assert times.read_time(decode(b"\x18\x1320260528202640+0800")) == 1780000000 - 8 * 3600
    assert times.read_time(decode(b"\x18\x1320260528202640-0130")) == 1780000000 + 90 * 60
    assert times.read_time(decode(b"\x18\x1220260528202640.25Z")) == 1780000000


elements = st.recursive(
    st.builds(der.write, st.sampled_from([2, 3, 4, 5, 6, 12, 19, 22, 23, 24, 0x80, 0x86]), st.binary(max_size=300)),
    lambda inner: st.builds(
        lambda tag, parts: der.write(tag, *parts),
        st.sampled_from([0x30, 0x31, 0xA0, 0xA3]),
        st.lists(inner, max_size=5),
    ),
    max_leaves=20,
)


@given(elements)
def test_what_is_written_is_read_and_kept_raw(data: bytes) -> None:
    element = decode(data)
    assert element.raw == data

    def whole(one: der.Element) -> None:
        if one.tag & der.CONSTRUCTED:
            assert b"".join(child.raw for child in one.children) == one.content
        for child in one.children:
            whole(child)

    whole(element)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        element = decode(data)
    except MalformedDer as refused:
        offset = refused.offset
    else:
        offset = element.end
        assert element.raw == data
    assert 0 <= offset <= len(data)
