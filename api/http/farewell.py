"""Ending a connection so that its last answer arrives (RFC 9112, 9.6).

Where a socket is closed while bytes of the client are unread, the client is told "reset", and that may take an answer
with it that it has not read yet. So we say that nothing more will come, and for a while read and drop what still does.
"""

import asyncio
from collections.abc import Callable

DROPPED_BYTES = 33_554_432
"""As much as the largest body that any route takes: who sends more than that does not mean to read an answer."""
DROPPED_A_SECOND = 8_388_608


class Farewell:
    """The end of one connection whose answer is written; ``until`` is when it is over (the loop's time)."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._transport, self._loop = transport, loop
        self.until = loop.time() + seconds
        self._left = DROPPED_BYTES
        if transport.can_write_eof():
            transport.write_eof()

    def drop(self, data: bytes) -> None:
        """Bytes that nobody wants, read at a pace at which nobody else is kept waiting."""
        self._left -= len(data)
        if self._left < 0:
            self._transport.abort()
            return
        self._transport.pause_reading()
        self._loop.call_later(len(data) / DROPPED_A_SECOND, self._go_on)

    def _go_on(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()


class Unfinished:
    """The transport as a request sees it whose body is still coming: closing is ``part``."""

    __slots__ = ("_part", "_transport")

    def __init__(self, transport: asyncio.Transport, part: Callable[[], None]) -> None:
        self._transport, self._part = transport, part

    def write(self, data: bytes) -> None:
        """As a transport's."""
        self._transport.write(data)

    def is_closing(self) -> bool:
        """As a transport's."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Nothing more will be written."""
        self._part()
