"""A server that echoes behind the doorkeeper, and clients that may do with their connections what they like."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from api.http.doorkeeper import Patience
from api.http.patience import PatientProtocol, patient

SECONDS = 20
"""Only so that a test that fails ends."""
GET = b"GET / HTTP/1.1\r\nhost: t\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: t\r\n"
QUICK = Patience(head=0.2, body=0.2, reader=0.2, of_address=3, of_all=5, look_every=0.05)
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body, then answer with its length, or at ``/large`` with more than anybody buffers."""
    assert scope["type"] == "http"
    size, more = 0, scope["path"] != "/early"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message["body"]), message["more_body"]
    body = b"x" * 50_000_000 if scope["path"] == "/large" else str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def serving(patience: Patience = QUICK) -> AsyncIterator[Callable[..., Awaitable[Streams]]]:
    config, state = Config(echo, lifespan="off", ws="none", log_config=None), ServerState()
    protocol = patient(patience, lambda peer: peer)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: protocol(config, state, {}, loop), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    writers: list[asyncio.StreamWriter] = []

    async def connect(address: str = "127.0.0.1", **more: Any) -> Streams:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0), **more)
        writers.append(writer)
        return reader, writer

    try:
        yield connect
    finally:
        server.close()
        here = protocol.doorkeeper.connected | protocol.doorkeeper.leaving
        for one in (
            *(one.transport for one in here if isinstance(one, PatientProtocol)),
            *(each.transport for each in writers),
        ):
            one.abort()
        await asyncio.gather(*(one.wait_closed() for one in writers), return_exceptions=True)


def run(story: Callable[[Any], Awaitable[None]], patience: Patience = QUICK) -> None:
    async def told() -> None:
        async with serving(patience) as connect:
            await asyncio.wait_for(story(connect), SECONDS)

    asyncio.run(told())


async def answer(reader: asyncio.StreamReader) -> tuple[int, str]:
    """Status and code of what comes before the connection ends."""
    said = await reader.read()
    head, _, body = said.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    if status >= 400:
        assert b"application/problem+json" in head
        assert b"connection: close" in head
    return status, json.loads(body)["code"] if status >= 400 else body.decode()


async def lives(connect: Any) -> None:
    reader, writer = await connect()
    writer.write(POST + b"content-length: 3\r\nconnection: close\r\n\r\nabc")
    assert await answer(reader) == (200, "3")


async def busy(connect: Any, *addresses: str) -> list[Streams]:
    """Connections whose request is under way."""
    held = [await connect(*addresses[:1]) for _ in range(3)]
    for _, writer in held:
        writer.write(POST + b"content-length: 9\r\n\r\n1")
    await asyncio.sleep(0.05)
    return held


async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A request of a connection that stays open."""
    writer.write(GET)
    await reader.readuntil(b"\r\n\r\n0")
