"""Group commit: many callers wait for one commit, and are answered only once it is on disk."""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

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
        self._waiting: queue.Queue[tuple[A, Future[B]] | None] = queue.Queue(longest)
        self._thread = threading.Thread(target=self._run, name="outbox-writer", daemon=True)
        self._closed = False

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put(self, item: A) -> Future[B]:
        """Hand in an item; the future ends after the commit. Raises Unavailable ``OUTBOX_FULL``."""
        future: Future[B] = Future()
        if self._closed or not self._thread.is_alive():
            raise _unavailable("OUTBOX_CLOSED", "the outbox is closed", "待发队列已关闭")
        try:
            self._waiting.put_nowait((item, future))
        except queue.Full:
            raise _unavailable("OUTBOX_FULL", "too many acts wait to be written", "待写入的行为过多") from None
        return future

    async def wait(self, item: A) -> B:
        """:meth:`put` for a coroutine. Cancelling it does not take the item back."""
        return await asyncio.shield(asyncio.wrap_future(self.put(item)))

    def close(self) -> None:
        """Write what waits, then end."""
        if not self._closed and self._thread.is_alive():
            self._closed = True
            self._waiting.put(None)
            self._thread.join()
            self._turn_away_rest()

    def _turn_away_rest(self) -> None:
        """What was handed in while we closed."""
        while not self._waiting.empty():
            left = self._waiting.get_nowait()
            if left is not None:
                left[1].set_exception(_unavailable("OUTBOX_CLOSED", "the outbox is closed", "待发队列已关闭"))

    def _run(self) -> None:
        while True:
            first = self._waiting.get()
            run = [] if first is None else [first]
            while run and len(run) < self._most:
                try:
                    more = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    first = None
                    break
                run.append(more)
            self._write(run)
            if first is None:
                return

    def _write(self, run: Sequence[tuple[A, Future[B]]]) -> None:
        if not run:
            return
        try:
            answers = self._commit([item for item, _ in run])
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it, and the thread must live
            failed = _unavailable("OUTBOX_UNWRITTEN", "the outbox could not be written", "待发队列写入失败")
            failed.__cause__ = error
            answers = [failed] * len(run)
        for (_, future), answer in zip(run, answers, strict=True):
            if isinstance(answer, HuxinError):
                future.set_exception(answer)
            else:
                future.set_result(answer)


def _unavailable(code: str, en: str, zh: str) -> Unavailable:
    return Unavailable(code, f"{en}; nothing was taken, send it again", f"{zh},未受理,请稍后重试")
