"""Bulk anchoring without its protections: for `bench_batch` to notice."""

import itertools
from typing import Any

from api.anchoring.reading import Reading
from api.anchoring.work import Work
from scripts.mutants import put


def start_over() -> None:
    """A resumed run forgets what was taken, and its salts: the same rows make another root."""
    honest = Reading.__init__

    def forgetful(self: Reading, work: Work, terms: Any, batch: int, *rest: Any) -> None:
        with work.writing():
            work.drop([number for number, _ in work.open_ids(batch)])
        honest(self, work, terms, batch, *rest)

    put(Reading, "__init__", forgetful)


def count_twice() -> None:
    """A row is not known again: what stands twice, or was taken before a crash, is anchored once more."""
    honest, numbers = Reading._digest, itertools.count()  # noqa: SLF001 - a mutant reaches where no caller could

    def different(self: Reading, data: bytes) -> bytes:
        return honest(self, data + next(numbers).to_bytes(8))

    put(Reading, "_digest", different)
