"""An experiment that is told to end takes its processes and folders with it."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_TOLD = 128 + signal.SIGTERM
"""The exit code of a shell's child that SIGTERM has ended."""


@contextmanager
def in_order() -> Iterator[None]:
    """SIGTERM leaves every ``with`` block, as Ctrl-C does; Python by itself would leave everything behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit(_TOLD)
