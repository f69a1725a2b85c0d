"""Many keep-alive HTTP/1.1 clients in one thread, so cheap that what is measured is the server.

Only what our servers answer is understood: a status line, ``Content-Length``, no chunks.
"""

import select
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

Answer = Callable[[int, int, bytes], None]
"""Called with the request's place, the status and the body."""
_CONTENT_LENGTH = b"content-length:"
_CONNECT_SECONDS = 10.0


@dataclass(slots=True)
class Run:
    """What came of it: statuses counted, seconds from the first byte out to the last in, seconds of each request."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def quantile(self, share: float) -> float:
        """The latency (s) that ``share`` of the requests did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class _Client:
    __slots__ = ("_address", "buffer", "is_busy", "place", "socket", "started")

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._connect()

    def _connect(self) -> None:
        self.socket = socket.create_connection(self._address, _CONNECT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.place = -1
        self.started = 0.0
        self.is_busy = False

    def reconnect(self) -> None:
        """After the server let go of a connection that nobody used."""
        self.socket.close()
        self._connect()

    def send(self, place: int, request: bytes) -> None:
        self.place, self.started, self.is_busy = place, time.perf_counter(), True
        self.socket.sendall(request)

    def receive(self) -> tuple[int, bytes] | None:
        """Status and body once they are whole."""
        part = self.socket.recv(65_536)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.buffer += part
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return None
        length = _length(head)
        if len(rest) < length:
            return None
        self.buffer, self.is_busy = b"", False
        return int(head[9:12]), rest[:length]


def _length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(_CONTENT_LENGTH)
    return 0 if at < 0 else int(lowered[at + len(_CONTENT_LENGTH) :].split(b"\r\n", 1)[0])


def _ignore(_place: int, _status: int, _body: bytes) -> None:
    pass


def listens(address: tuple[str, int]) -> bool:
    """Whether somebody takes connections there."""
    try:
        socket.create_connection(address, 1.0).close()
    except OSError:
        return False
    return True


def drive(address: tuple[str, int], requests: Iterable[bytes], clients: int = 32, answered: Answer = _ignore) -> Run:
    """Hand in every request, each client one at a time; raises OSError where the server goes away."""
    return _Drive(address, iter(requests), clients, answered).run()


class _Drive:
    def __init__(self, address: tuple[str, int], requests: Iterator[bytes], clients: int, answered: Answer) -> None:
        self._requests, self._answered = enumerate(requests), answered
        self._clients = {one.socket.fileno(): one for one in (_Client(*address) for _ in range(clients))}
        self._poll = select.epoll()
        self._busy = 0
        self._result = Run()

    def run(self) -> Run:
        started = time.perf_counter()
        try:
            for number, client in self._clients.items():
                self._poll.register(number, select.EPOLLIN)
                self._next(client)
            while self._busy:
                for number, _event in self._poll.poll():
                    self._turn(self._clients[number])
        finally:
            self._poll.close()
            for client in self._clients.values():
                client.socket.close()
        self._result.seconds = time.perf_counter() - started
        return self._result

    def _next(self, client: _Client) -> None:
        following = next(self._requests, None)
        if following is not None:
            client.send(*following)
            self._busy += 1

    def _turn(self, client: _Client) -> None:
        answer = client.receive()
        if answer is None:
            return
        self._busy -= 1
        self._result.latencies.append(time.perf_counter() - client.started)
        self._result.statuses[answer[0]] += 1
        self._answered(client.place, *answer)
        self._next(client)


def paced(
    address: tuple[str, int], requests: Iterable[bytes], per_second: float, clients: int = 32,
    answered: Answer = _ignore,
) -> Run:  # fmt: skip
    """Hand in at a steady rate whatever the answers take; a request waits where all clients are busy.

    Latencies count from when a request was due, so that a server that stalls cannot hide it.
    """
    return _Pace(address, deque(requests), per_second, clients, answered).run()


class _Pace:
    def __init__(
        self, address: tuple[str, int], requests: deque[bytes], per_second: float, clients: int, answered: Answer
    ) -> None:
        self._requests, self._gap, self._answered = requests, 1 / per_second, answered
        self._clients = {one.socket.fileno(): one for one in (_Client(*address) for _ in range(clients))}
        self._free = list(self._clients.values())
        self._place = 0

    def run(self) -> Run:
        result, poll = Run(), select.epoll()
        for number in self._clients:
            poll.register(number, select.EPOLLIN)
        started = time.perf_counter()
        try:
            while self._requests or len(self._free) < len(self._clients):
                self._send_due(started)
                for number, _event in poll.poll(max(0.0, self._pause(started))):
                    self._turn(self._clients[number], result, poll)
        finally:
            poll.close()
            for client in self._clients.values():
                client.socket.close()
        result.seconds = time.perf_counter() - started
        return result

    def _due(self, started: float) -> float:
        return started + self._place * self._gap

    def _pause(self, started: float) -> float:
        if not self._requests or not self._free:
            return 0.2
        return self._due(started) - time.perf_counter()

    def _send_due(self, started: float) -> None:
        while self._requests and self._free and time.perf_counter() >= self._due(started):
            client = self._free.pop()
            client.send(self._place, self._requests.popleft())
            client.started = self._due(started)
            self._place += 1

    def _turn(self, client: _Client, result: Run, poll: select.epoll) -> None:
        if not client.is_busy:
            del self._clients[client.socket.fileno()]
            client.reconnect()
            self._clients[client.socket.fileno()] = client
            poll.register(client.socket.fileno(), select.EPOLLIN)
            return
        answer = client.receive()
        if answer is None:
            return
        result.latencies.append(time.perf_counter() - client.started)
        result.statuses[answer[0]] += 1
        self._free.append(client)
        self._answered(client.place, *answer)
