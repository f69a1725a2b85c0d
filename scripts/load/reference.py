"""The yardstick of P3: the least that takes signed steps durably, with nothing around it.

One process: uvicorn (uvloop, httptools), a bare ASGI application, msgspec, EIP-712 hash and recovery, the signer looked
up in a set, and group commit into one SQLite table (WAL, synchronous=FULL). It knows no case, right, order or repeat.
"""

import argparse
import asyncio
import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from ledger import acts
from ledger.crypto import recover
from ledger.eip712 import digest, struct_hash

_HEADERS = [(b"content-type", b"application/json")]


class Opening(msgspec.Struct, rename="camel"):
    """The JSON of an Open."""

    commitment: str
    item: int
    version: int
    mode: int
    parent: str
    officer: int
    grant: int
    evidence: str
    signed_at: int
    deadline: int

    def act(self) -> acts.Open:
        """The struct that was signed."""
        return acts.Open(
            _bytes(self.commitment), self.item, self.version, self.mode, _bytes(self.parent), self.officer,
            self.grant, _bytes(self.evidence), self.signed_at, self.deadline,
        )  # fmt: skip


class Body(msgspec.Struct):
    """The JSON of a request."""

    type: str
    act: Opening
    signature: str


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


class GroupCommit:
    """One writing thread; who waits is woken once its row is on disk."""

    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop) -> None:
        self._path, self._loop = path, loop
        self._waiting: list[tuple[tuple[bytes, bytes], asyncio.Future[None]]] = []
        self._lock = threading.Lock()
        self._some = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def put(self, row: tuple[bytes, bytes]) -> asyncio.Future[None]:
        """Ends once the row is durable."""
        future: asyncio.Future[None] = self._loop.create_future()
        with self._lock:
            self._waiting.append((row, future))
        self._some.set()
        return future

    def _run(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS acts (id BLOB PRIMARY KEY, body BLOB)")
        while True:
            self._some.wait()
            self._some.clear()
            with self._lock:
                taken, self._waiting = self._waiting, []
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR IGNORE INTO acts VALUES (?, ?)", [row for row, _ in taken])
            connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_wake, [future for _, future in taken])


def _wake(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


class Application:
    """``POST`` of a signed Open: 202 once durable, 401 where the signer is nobody."""

    def __init__(self, domain: bytes, signers: frozenset[bytes], path: Path) -> None:
        self._domain, self._signers, self._path = domain, signers, path
        self._decoder = msgspec.json.Decoder(Body)
        self._writer: GroupCommit | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return
        self._writer = self._writer or GroupCommit(self._path, asyncio.get_running_loop())
        raw = b""
        more = True
        while more:
            message = await receive()
            raw += message["body"]
            more = message["more_body"]
        status, answer = await self._take(raw, self._writer)
        length = (b"content-length", b"%d" % len(answer))
        await send({"type": "http.response.start", "status": status, "headers": [*_HEADERS, length]})
        await send({"type": "http.response.body", "body": answer})

    async def _take(self, raw: bytes, writer: GroupCommit) -> tuple[int, bytes]:
        body = self._decoder.decode(raw)
        act_id = digest(self._domain, struct_hash(body.act.act()))
        if recover(act_id, _bytes(body.signature)) not in self._signers:
            return 401, b"{}"
        await writer.put((act_id, raw))
        return 202, msgspec.json.encode({"actId": "0x" + act_id.hex()})


def main() -> None:
    """``python -m scripts.load.reference PORT FOLDER``: FOLDER/signers.json names domain and signers."""
    parser = argparse.ArgumentParser(description="P3 的参照程序 / the reference of P3")
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    known = json.loads((given.folder / "signers.json").read_text(encoding="utf-8"))
    signers = frozenset(map(bytes.fromhex, known["signers"]))
    app = Application(bytes.fromhex(known["domain"]), signers, given.folder / "reference.db")
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning", access_log=False, lifespan="off")


if __name__ == "__main__":
    main()
