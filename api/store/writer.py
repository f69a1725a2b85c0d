"""Group commit: many callers wait for one commit, and are answered only once it is on disk."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeAlias, TypeVar

from ledger.errors import HuxinError, Unavailable

A = TypeVar("A")
B = TypeVar("B")


class GroupWriter(Generic[A, B]):
    """One thread that takes what has gathered and hands it to ``commit``, which answers each.

    ``commit`` returns one result or error per item, in order, and only after its transaction is
    durable; where it raises, nothing was written and every item of the run gets that error.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[A]], Sequence[B | HuxinError]],
        most: int = 500,
        longest: int = 10_000,
    ) -> None:
        """At most ``most`` items a commit; beyond ``longest`` waiting, more are turned away."""
        self._commit = commit
        self._most = most
        self._longest = longest
        self._waiting: deque[tuple[A, _Waiter[B]]] = deque()
        self._some = threading.Event()
        self._thread = threading.Thread(target=self._run, name="outbox-writer", daemon=True)
        self._closed = False
        self._writes = False
        self._waking = False

    def start(self) -> None:
        """Begin to write."""
        self._writes = True
        self._thread.start()

    def put(self, item: A) -> Future[B]:
        """Hand in an item; the future ends after the commit. Raises Unavailable ``OUTBOX_FULL``."""
        future: Future[B] = Future()
        self._hand_in(item, _InThread(future))
        self._some.set()
        return future

    async def wait(self, item: A) -> B:
        """:meth:`put` for a coroutine. Cancelling it does not take the item back."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[B] = loop.create_future()
        self._hand_in(item, _InLoop(loop, future))
        if not self._waking:
            self._waking = True
            loop.call_soon(self._wake, loop, 0)
        return await future

    def _wake(self, loop: asyncio.AbstractEventLoop, before: int) -> None:
        """Let the thread write once a turn of the loop brings nothing more.

        Waking it for each item would take the loop's turn away, and what one commit costs is the same for many.
        """
        gathered = len(self._waiting)
        if before < gathered < self._most:
            loop.call_soon(self._wake, loop, gathered)
            return
        self._waking = False
        self._some.set()

    def _hand_in(self, item: A, waiter: "_Waiter[B]") -> None:
        if self._closed or not self._writes:
            raise _unavailable("OUTBOX_CLOSED", "the outbox is closed", "待发队列已关闭")
        if len(self._waiting) >= self._longest:
            raise _unavailable("OUTBOX_FULL", "too many acts wait to be written", "待写入的行为过多")
        self._waiting.append((item, waiter))

    def close(self) -> None:
        """Write what waits, then end."""
        if not self._closed and self._thread.is_alive():
            self._closed = True
            self._some.set()
            self._thread.join()
            self._turn_away_rest()

    def _turn_away_rest(self) -> None:
        """What was handed in while we closed."""
        left = [self._waiting.popleft()[1] for _ in range(len(self._waiting))]
        _answer(left, [_unavailable("OUTBOX_CLOSED", "the outbox is closed", "待发队列已关闭")] * len(left))

    def _run(self) -> None:
        try:
            while not self._closed or self._waiting:
                self._some.wait()
                self._some.clear()
                while self._waiting:
                    self._write([self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))])
        finally:
            self._writes = False

    def _write(self, run: Sequence[tuple[A, "_Waiter[B]"]]) -> None:
        try:
            answers = self._commit([item for item, _ in run])
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it, and the thread must live
            failed = _unavailable("OUTBOX_UNWRITTEN", "the outbox could not be written", "待发队列写入失败")
            failed.__cause__ = error
            answers = [failed] * len(run)
        _answer([waiter for _, waiter in run], answers)


class _InThread(Generic[B]):
    """Somebody who waits in a thread."""

    __slots__ = ("_future",)

    def __init__(self, future: Future[B]) -> None:
        self._future = future

    def end(self, answer: B | HuxinError) -> None:
        if isinstance(answer, HuxinError):
            self._future.set_exception(answer)
        else:
            self._future.set_result(answer)


class _InLoop(Generic[B]):
    """Somebody who waits in an event loop; ``end`` is called there."""

    __slots__ = ("_future", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop, future: "asyncio.Future[B]") -> None:
        self.loop, self._future = loop, future

    def end(self, answer: B | HuxinError) -> None:
        if self._future.done():
            return
        if isinstance(answer, HuxinError):
            self._future.set_exception(answer)
        else:
            self._future.set_result(answer)


_Waiter: TypeAlias = "_InThread[B] | _InLoop[B]"


def _answer(waiters: Sequence["_Waiter[B]"], answers: Sequence[B | HuxinError]) -> None:
    """Each its answer; an event loop is woken once for all that wait in it."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_InLoop[B], B | HuxinError]]] = {}
    for waiter, answer in zip(waiters, answers, strict=True):
        if isinstance(waiter, _InLoop):
            by_loop.setdefault(waiter.loop, []).append((waiter, answer))
        else:
            waiter.end(answer)
    for loop, ended in by_loop.items():
        try:
            loop.call_soon_threadsafe(_end_all, ended)
        except RuntimeError:
            # the loop is closed: nobody waits any more
            continue


def _end_all(ended: "list[tuple[_InLoop[B], B | HuxinError]]") -> None:
    for waiter, answer in ended:
        waiter.end(answer)


def _unavailable(code: str, en: str, zh: str) -> Unavailable:
    return Unavailable(code, f"{en}; nothing was taken, send it again", f"{zh},未受理,请稍后重试")
