"""Mappings of a ``World`` that fetch what they are asked for, and know what was changed since."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class LazyMap(dict[K, V], Generic[K, V]):
    """A dict over a store: the first question about a key fetches it; absence is remembered.

    What is there is found as fast as in any dict.
    """

    def __init__(self, fetch: Callable[[list[K]], dict[K, V]]) -> None:
        super().__init__()
        self._fetch = fetch
        self._asked: set[K] = set()

    def prefetch(self, keys: Iterable[K]) -> None:
        """Fetch several keys at once."""
        wanted = [key for key in set(keys) if key not in self._asked]
        if not wanted:
            return
        self._asked.update(wanted)
        for key, value in self._fetch(wanted).items():
            dict.__setitem__(self, key, value)

    def __missing__(self, key: K) -> V:
        if key not in self._asked:
            self.prefetch((key,))
            if dict.__contains__(self, key):
                return dict.__getitem__(self, key)
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        if dict.__contains__(self, key):
            return True
        if key in self._asked:
            return False
        self.prefetch((key,))  # type: ignore[arg-type]  # a key of another type is simply not found
        return dict.__contains__(self, key)

    def get(self, key: K, default: Any = None) -> Any:
        """As a dict's."""
        try:
            return self[key]
        except KeyError:
            return default

    def __setitem__(self, key: K, value: V) -> None:
        self._asked.add(key)
        dict.__setitem__(self, key, value)

    def forget(self) -> None:
        """Drop everything fetched."""
        self.clear()
        self._asked.clear()


class TrackedMap(LazyMap[K, V]):
    """A LazyMap that tells what was changed in it since it was fetched.

    ``freeze`` turns a value into something comparable that does not change with it.
    """

    def __init__(self, fetch: Callable[[list[K]], dict[K, V]], freeze: Callable[[K, V], Any]) -> None:
        super().__init__(fetch)
        self._freeze = freeze
        self._touched: set[K] = set()
        self._frozen: dict[K, Any] = {}

    def prefetch(self, keys: Iterable[K]) -> None:
        """Fetch several keys at once, and keep how they were."""
        wanted = [key for key in set(keys) if key not in self._asked]
        super().prefetch(wanted)
        for key in wanted:
            if dict.__contains__(self, key):
                self._frozen[key] = self._freeze(key, dict.__getitem__(self, key))

    def __contains__(self, key: object) -> bool:
        self._touched.add(key)  # type: ignore[arg-type]  # see LazyMap
        return super().__contains__(key)

    def __getitem__(self, key: K) -> V:
        self._touched.add(key)
        return super().__getitem__(key)

    def __setitem__(self, key: K, value: V) -> None:
        # what is there has to be known, or it would look new
        self.prefetch((key,))
        self._touched.add(key)
        super().__setitem__(key, value)

    def __delitem__(self, key: K) -> None:
        self.prefetch((key,))
        self._touched.add(key)
        super().__delitem__(key)

    def changes(self) -> Iterator[tuple[K, V | None, Any, Any]]:
        """(key, value or None where deleted, frozen before or None, frozen now or None) of what differs."""
        for key in self._touched:
            before = self._frozen.get(key)
            if not dict.__contains__(self, key):
                if before is not None:
                    yield key, None, before, None
                continue
            value = dict.__getitem__(self, key)
            now = self._freeze(key, value)
            if now != before:
                yield key, value, before, now

    def settle(self) -> None:
        """What is here now has been written."""
        for key, _, _, now in list(self.changes()):
            if now is None:
                self._frozen.pop(key, None)
            else:
                self._frozen[key] = now
        self._touched.clear()

    def forget(self) -> None:
        """Drop everything fetched."""
        super().forget()
        self._touched.clear()
        self._frozen.clear()


class LazySet(set[K], Generic[K]):
    """A set over a store: membership is fetched; what is added is only remembered here."""

    def __init__(self, fetch: Callable[[list[K]], set[K]]) -> None:
        super().__init__()
        self._fetch = fetch
        self._asked: set[K] = set()

    def prefetch(self, keys: Iterable[K]) -> None:
        """Ask for several keys at once."""
        wanted = [key for key in set(keys) if key not in self._asked]
        if wanted:
            self._asked.update(wanted)
            self.update(self._fetch(wanted))

    def __contains__(self, key: object) -> bool:
        self.prefetch((key,))  # type: ignore[arg-type]  # a key of another type is simply not found
        return super().__contains__(key)

    def forget(self) -> None:
        """Drop everything fetched."""
        self.clear()
        self._asked.clear()
