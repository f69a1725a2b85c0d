"""Maps and sets that fetch what they are asked for, and ids as bytes."""

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from api.store.lazy import LazySet, TrackedMap
from api.store.schema import Unsigned


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_ids_keep_their_value_and_order_as_bytes(left: int, right: int) -> None:
    column, dialect = Unsigned(8), sqlite.dialect()
    stored = [column.process_bind_param(one, dialect) for one in (left, right)]
    assert [column.process_result_value(one, dialect) for one in stored] == [left, right]
    assert (stored[0] < stored[1]) == (left < right)  # type: ignore[operator]


def test_lazy_map_asks_once_and_knows_what_changed() -> None:
    asked: list[int] = []

    def fetch(keys: list[int]) -> dict[int, list[int]]:
        asked.extend(keys)
        return {key: [key] for key in keys if key < 10}

    lazy: TrackedMap[int, list[int]] = TrackedMap(fetch, lambda _key, value: tuple(value))
    assert 11 not in lazy
    assert lazy.get(11) is None
    lazy.prefetch((1, 2))
    lazy[1].append(5)
    lazy[11] = [0]
    del lazy[2]
    _ = lazy[3]
    assert sorted(asked) == [1, 2, 3, 11]
    assert {key: now for key, _, _, now in lazy.changes()} == {1: (1, 5), 2: None, 11: (0,)}
    lazy.settle()
    assert list(lazy.changes()) == []


def test_lazy_set_asks_once() -> None:
    asked: list[int] = []

    def fetch(keys: list[int]) -> set[int]:
        asked.extend(keys)
        return {1}.intersection(keys)

    lazy: LazySet[int] = LazySet(fetch)
    assert 1 in lazy
    assert 2 not in lazy
    lazy.add(2)
    assert 2 in lazy
    assert asked == [1, 2]
