"""Slow clients: how long a head, a body and a reader may take (how many may come is ``doorkeeper``'s).

uvicorn bounds none of these itself; its protocol is told here what arrives when, and one sweep a second over all
connections ends those that are late.
"""

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.http.doorkeeper import Doorkeeper, Patience, Use
from api.http.farewell import Farewell, Unfinished
from api.http.onepiece import CYCLE
from api.http.problems import problem, wire

HEAD_BYTES = 32_768
OVERHEAD_BYTES = 65_536
SLOWEST = 16_384
"""Bytes a second that a body must bring, once its grace is over."""

_HEAD_TOO_SLOW = wire(problem(408, "HEAD_TOO_SLOW", "请求头传输过慢,连接已关闭", "the head came too slowly"))
_BODY_TOO_SLOW = wire(problem(408, "BODY_TOO_SLOW", "请求体传输过慢,连接已关闭", "the body came too slowly"))
_HEAD_TOO_LARGE = wire(problem(431, "HEAD_TOO_LARGE", "请求头过大", f"a head has at most {HEAD_BYTES} bytes"))
_MALFORMED = wire(problem(400, "REQUEST_MALFORMED", "请求无法解析", "this is not HTTP/1.1"))
_WAIT = {"Retry-After": "5"}
_TOO_MANY = wire(
    problem(
        503, "CONNECTIONS_EXCEEDED", "连接数已满,请稍后重试", "too many connections: try again later", headers=_WAIT
    )
)


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with an eye on the clock and on bytes that become nothing."""

    doorkeeper: Doorkeeper

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.counted_for: str | None = None
        self.waiting_since = 0.0
        self._head_since = self._body_since = self._stuck_since = 0.0
        self._raw = self._brought = 0
        self._farewell: Farewell | None = None
        self._keep_alive = True

    def connection_made(self, transport: Any) -> None:
        """Take the connection, or turn it away at once."""
        super().connection_made(transport)
        self._head_since = self.waiting_since = self.loop.time()
        if not self.doorkeeper.admit(self):
            self._end(_TOO_MANY)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come."""
        self.doorkeeper.dismiss(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Note the beginning of a head; bound what is neither a head nor a body."""
        if self.transport.is_closing():
            return
        if self._farewell is not None:
            self._farewell.drop(data)
            return
        if not self._head_since and not self._body_since and self._is_idle():
            self._head_since, self._raw = self.loop.time(), 0
        self._raw += len(data)
        super().data_received(data)
        if self._body_since:
            self._await_body()
            if self._is_padding():
                self._end(_MALFORMED)
        elif self._raw > HEAD_BYTES:
            self._end(_HEAD_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """From here on it is the body that is waited for."""
        if self._raw > HEAD_BYTES and sum(len(name) + len(value) for name, value in self.headers) > HEAD_BYTES:
            self._end(_HEAD_TOO_LARGE)
            # the parser stops at an exception, and what it then says finds the connection closed
            raise ValueError("head too large")
        self._head_since, self._body_since, self._brought = 0.0, self.loop.time(), 0
        super().on_headers_complete()
        scope: Any = self.scope
        scope[CYCLE] = self.cycle

    def on_body(self, body: bytes) -> None:
        """Count it."""
        self._brought += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is here."""
        self._body_since, self._raw = 0.0, 0
        cycle: Any = self.cycle
        if cycle.transport is not self.transport and not cycle.response_started:
            cycle.transport, cycle.keep_alive = self.transport, self._keep_alive
        super().on_message_complete()

    def _await_body(self) -> None:
        """Who is answered before the whole body is here is told that the connection ends; then it ends in peace."""
        cycle: Any = self.cycle
        if cycle.transport is self.transport:
            self._keep_alive, cycle.keep_alive = cycle.keep_alive, False
            cycle.transport = Unfinished(self.transport, self._part)

    def _part(self) -> None:
        """Close behind an answer."""
        if self._body_since and self.doorkeeper.see_off(self):
            self._farewell = Farewell(self.transport, self.loop, self.doorkeeper.patience.farewell)
        else:
            self.transport.close()

    def on_response_complete(self) -> None:
        """Now it is the client's turn."""
        self.waiting_since = self.loop.time()
        super().on_response_complete()

    def could_go(self, now: float) -> tuple[Use, float] | None:
        """As ``Guest``'s; a body's pace is the one at which :meth:`end_if_late` would end it."""
        if self.transport.is_closing():
            return None
        if self._farewell is not None:
            return Use.LEAVING, now - self._farewell.until
        if self._stuck_since:
            return Use.SLOW, now - self._stuck_since
        if self._body_since:
            # where it is we who do not read, nobody is slow
            return None if self.flow.read_paused else (Use.SLOW, now - self._body_since - self._brought / SLOWEST)
        # no whole head has come since the last answer, and that has gone out: nothing is lost by closing
        gone_out = self._is_idle() and not self.transport.get_write_buffer_size()
        return (Use.IDLE, now - self.waiting_since) if gone_out else None

    def make_room(self) -> None:
        """As ``Guest``'s; the doorkeeper has dismissed it already."""
        if self._stuck_since:
            self.transport.abort()
        elif self._farewell is not None:
            if not self.doorkeeper.see_off(self):
                self.transport.abort()
        elif self._body_since:
            self._end(_TOO_MANY)
        else:
            self.transport.close()

    def pause_writing(self) -> None:
        """The client does not read what it asked for."""
        self._stuck_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """It reads again."""
        self._stuck_since = 0.0
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP is refused in the same form as everything else."""
        del msg
        self._end(_MALFORMED)

    def end_if_late(self, now: float, patience: Patience) -> None:
        """Close the connection if its time is over."""
        if self.flow.read_paused and self._body_since:
            # it is we who do not read
            self._body_since = now
        if self._farewell is not None:
            if now > self._farewell.until:
                self.transport.abort()
        elif self._stuck_since and now - self._stuck_since > patience.reader:
            self.transport.abort()
        elif self._head_since and now - self._head_since > patience.head:
            self._end(_HEAD_TOO_SLOW)
        elif self._body_since and now - self._body_since > patience.body + self._brought / SLOWEST:
            self._end(_BODY_TOO_SLOW)

    def _is_padding(self) -> bool:
        """Chunk extensions, trailers and sizes, beyond what chunks of a few bytes need."""
        return self._raw > HEAD_BYTES + OVERHEAD_BYTES + 9 * self._brought

    def _is_idle(self) -> bool:
        """No request is being answered; uvicorn has None there until the first."""
        cycle: Any = self.cycle
        return cycle is None or cycle.response_complete

    def _end(self, answer: bytes) -> None:
        """Say why, unless another answer is under way, and close."""
        if self.transport.is_closing() or self._farewell is not None:
            return
        if self._is_idle() or not self.cycle.response_started:
            self.transport.write(answer)
        if not self._is_idle():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.doorkeeper.see_off(self):
            self._farewell = Farewell(self.transport, self.loop, self.doorkeeper.patience.farewell)
        else:
            self.transport.close()


def patient(patience: Patience, address_of: Callable[[str], str | None]) -> type[PatientProtocol]:
    """A protocol for one server, with a doorkeeper of its own."""
    return type("Patient", (PatientProtocol,), {"doorkeeper": Doorkeeper(patience, address_of)})
