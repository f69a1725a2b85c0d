"""Which processes a supervisor starts beside one another, and what of their addresses may be shown."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ledger.errors import InvalidInput

HOST = "127.0.0.1"
DATABASE_URL, RPC_URL = "HUXIN_DATABASE_URL", "HUXIN_RPC_URL"


@dataclass(frozen=True, slots=True)
class Fleet:
    """How many of each kind; several gateways take acts, of several relays one works and the others stand by."""

    gateways: int = 1
    relays: int = 1


ONE_OF_EACH = Fleet()


def free_ports(count: int) -> tuple[int, ...]:
    """Ports of this machine that nobody listens on, each another."""
    listeners = [socket.create_server((HOST, 0)) for _ in range(count)]
    try:
        return tuple(int(listener.getsockname()[1]) for listener in listeners)
    finally:
        for listener in listeners:
            listener.close()


@dataclass(frozen=True, slots=True)
class Ports:
    """Where to listen on loopback; 0 takes a free one. Further gateways follow the first one's."""

    http: int
    rpc: int

    def chosen(self) -> "Ports":
        """The same with free ports in place of zeros: a restarted process must come back where it was."""
        http, rpc = free_ports(2)
        return Ports(self.http or http, self.rpc or rpc)

    def of_gateways(self, count: int) -> tuple[int, ...]:
        """One port for each gateway; the first is ``http``, the others the next ones where that was asked for."""
        if self.http:
            return tuple(range(self.http, self.http + count))
        return free_ports(count)


def names(kind: str, count: int) -> tuple[str, ...]:
    """``http``, ``http-2``, ``http-3``, …"""
    return (kind, *(f"{kind}-{number}" for number in range(2, count + 1)))


def shown(url: str) -> str:
    """A URL without the name, password and query that people must not read."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=place, query="", fragment="").geturl()


def with_addresses(variables: Mapping[str, str], database_url: str | None, rpc_url: str | None) -> dict[str, str]:
    """The environment with what the command line says about database and chain.

    Everybody on the machine can read a command line, so one with a password is refused: InvalidInput
    ``PASSWORD_ON_COMMAND_LINE``.
    """
    given = {name: url for name, url in ((DATABASE_URL, database_url), (RPC_URL, rpc_url)) if url is not None}
    for name, url in given.items():
        if urlsplit(url).password or "password" in urlsplit(url).query:
            raise InvalidInput(
                "PASSWORD_ON_COMMAND_LINE", name,
                f"everybody can read a command line: set {name} in the environment instead",
                f"命令行人人可读,请改用环境变量 {name}",
            )  # fmt: skip
    return {**variables, **given}
