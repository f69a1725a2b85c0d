"""Bodies that would end the process, and that strings are no brackets."""

import json
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.strict_json import loads

ATTACKS = ["[" * 200_000, '{"a":' * 100_000, '"\\\\"[' + "[" * 200_000, '["]"' + "[" * 200_000, '"' + "[" * 200_000]


def test_attack_nesting_that_ends_a_process_with_an_evm_in_it() -> None:
    """A process of its own, with the recursion limit that py-evm sets, survives and says ValueError."""
    program = """
import eth, sys
from ledger.strict_json import loads
for source in eval(sys.stdin.read()):
    try:
        loads(source)
    except ValueError:
        print("refused")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], input=repr(ATTACKS), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.split()) == (0, ["refused"] * len(ATTACKS)), done.stderr


def test_depth_is_counted_outside_strings_only() -> None:
    """Exactly ``deepest`` levels are read; brackets in strings are text."""
    assert loads("[" * 3 + "]" * 3, deepest=3) == [[[]]]
    with pytest.raises(ValueError, match="deeper than 3"):
        loads("[" * 4 + "]" * 4, deepest=3)
    assert loads('{"a":"[[[[\\"[[["}', deepest=1) == {"a": '[[[["[[['}


@pytest.mark.parametrize("source", ["", "NaN", "[Infinity]", b"\xff", b'{"a":1', '{"a":1}x', '"[' + "[" * 99])
def test_what_is_no_json(source: bytes | str) -> None:
    """ValueError each time, UnicodeDecodeError being one."""
    with pytest.raises(ValueError, match=r"."):
        loads(source)


@pytest.mark.parametrize("unit", ['\\"', '"', "[]", '"["', "a", "\\"])
def test_attack_text_made_to_be_slow(unit: str) -> None:
    """Four megabytes of any unit are refused within two seconds; the quadratic way takes hours."""
    started = time.perf_counter()
    with pytest.raises(ValueError, match=r"."):
        loads('["' + unit * (4_000_000 // len(unit)))
    assert time.perf_counter() - started < 2


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_reads_what_the_standard_library_writes(value: object) -> None:
    """With and without escapes."""
    assert loads(json.dumps(value)) == loads(json.dumps(value, ensure_ascii=False).encode()) == value
