"""Who signed the steps of a chain, worked out in other processes ahead of the judging, which has to go in order.

Recovering a signer is two thirds of an audit and depends on nothing but the calldata. The judging process helps where
it would wait; with one core, or little to do, it does everything itself.
"""

import multiprocessing
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing.context import BaseContext
from types import TracebackType
from typing import Generic, Self, TypeVar

from ledger.rules.signed import Signed, read_signed

Read = list[tuple[Signed, ...] | None]
"""What ``ledger.rules.signed`` says of each of several calls; None where the calldata cannot be read."""
Known = Mapping[bytes, tuple[Signed, ...]]
"""The same by the calldata itself: a transaction's hash is only what somebody says."""

AnyBlock = TypeVar("AnyBlock")

BYTES_A_TASK = 128 * 1024
"""Calldata of some 500 steps: 25 ms of work for 1 ms of handing over."""
HANDED_OUT = 2
"""Tasks a process: one in work, one ready behind it."""
WORTH_A_POOL = 512 * 1024
"""Below this the processes would not have started before all is done."""


def read_calls(domain: bytes, calls: Sequence[bytes]) -> Read:
    """The work itself; ``domain`` is the EIP-712 domain of Trails."""
    return [read_signed(domain, data) for data in calls]


@dataclass(slots=True)
class _Task(Generic[AnyBlock]):
    """Blocks that are judged together, and what is known of their batches: now, later or not at all."""

    blocks: list[tuple[int, AnyBlock | None]] = field(default_factory=list)
    calls: list[bytes] = field(default_factory=list)
    size: int = 0
    later: "Future[Read] | None" = None
    read: Read = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether there is something to do that nobody has begun."""
        return bool(self.calls) and self.later is None and not self.read


class Ahead(Generic[AnyBlock]):
    """Passes blocks on in order, with what is known of their batches of steps."""

    def __init__(
        self, domain: bytes, calls_of: Callable[[AnyBlock], Sequence[bytes]], processes: int | None = None
    ) -> None:
        """``calls_of`` picks a block's batches; ``processes`` is one less than the cores unless given."""
        self._domain = domain
        self._calls_of = calls_of
        self.processes = _spare_cores() if processes is None else processes
        self._pool: ProcessPoolExecutor | None = None
        self._seen = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def follow(self, blocks: Iterable[tuple[int, AnyBlock | None]]) -> Iterator[tuple[int, AnyBlock | None, Known]]:
        """Each block with what is known of it; whatever is missing there is for the judge to work out."""
        waiting: deque[_Task[AnyBlock]] = deque()
        for task in self._tasks(blocks):
            waiting.append(task)
            while len(waiting) > 1 + 2 * HANDED_OUT * self.processes:
                yield from self._pass_on(waiting)
            self._hand_out(waiting)
        while waiting:
            yield from self._pass_on(waiting)

    def _tasks(self, blocks: Iterable[tuple[int, AnyBlock | None]]) -> Iterator[_Task[AnyBlock]]:
        task: _Task[AnyBlock] = _Task()
        for number, block in blocks:
            calls = () if block is None else self._calls_of(block)
            task.blocks.append((number, block))
            task.calls += calls
            task.size += sum(map(len, calls))
            self._seen += sum(map(len, calls))
            if task.size >= BYTES_A_TASK or len(task.blocks) >= 100:
                yield task
                task = _Task()
        yield task

    def _hand_out(self, waiting: deque[_Task[AnyBlock]]) -> None:
        """Keep the processes busy, without a task that they would only get to later: that one may be done here."""
        if not self.processes or self._seen < WORTH_A_POOL:
            return
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.processes, mp_context=_start_method())
        out = sum(task.later is not None and not task.later.done() for task in waiting)
        for task in waiting:
            if out >= HANDED_OUT * self.processes:
                return
            if task.is_open:
                try:
                    task.later = self._pool.submit(read_calls, self._domain, task.calls)
                except BrokenProcessPool:
                    self.processes = 0
                    return
                out += 1

    def _pass_on(self, waiting: deque[_Task[AnyBlock]]) -> Iterator[tuple[int, AnyBlock | None, Known]]:
        first = waiting[0]
        while first.later is not None and not first.later.done():
            self._hand_out(waiting)
            mine = next((task for task in reversed(waiting) if task.is_open), None)
            if mine is None:
                break
            mine.read = read_calls(self._domain, mine.calls)
        known = self._known(first)
        waiting.popleft()
        self._hand_out(waiting)
        for number, block in first.blocks:
            yield number, block, known

    def _known(self, task: _Task[AnyBlock]) -> Known:
        if task.later is not None:
            try:
                task.read = task.later.result()
            except BrokenProcessPool:
                # a process was ended from outside: slower, but no reason not to finish
                self.processes = 0
        found = zip(task.calls, task.read, strict=False)
        return {data: signed for data, signed in found if signed is not None}


def _start_method() -> BaseContext:
    """A copy of this process is there at once, a new one after a second; but a copy of threads may wait for ever."""
    alone = sys.platform == "linux" and threading.active_count() == 1
    return multiprocessing.get_context("fork" if alone else "spawn")


def _spare_cores() -> int:
    return len(os.sched_getaffinity(0)) - 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) - 1
