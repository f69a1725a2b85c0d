"""The HTTP process: ``python -m api.http --data DIR --port N``."""

import argparse
import gc
import resource
from pathlib import Path
from typing import Any

import uvicorn

from api import logs
from api.composition import build
from api.http.app import create_app
from api.http.doorkeeper import Patience
from api.http.limits import limits_of
from api.http.patience import patient
from api.settings import Settings

LATER = ("node.gateway.gateway",)
"""Imported when the chain is asked for the first time (``api.composition``); a zygote does it beforehand."""
_KEEP_ALIVE_SECONDS = 15
_STOP_SECONDS = 10
_YOUNG_OBJECTS = 20_000
_OTHER_FILES = 400
"""Descriptors beside those of connections: those that leave, databases, logs, the chain."""


def main() -> None:
    """Serve until SIGTERM; what was acknowledged is on disk already."""
    parser = argparse.ArgumentParser(prog="python -m api.http", description="互信 HTTP 服务 / Huxin over HTTP")
    parser.add_argument("--data", type=Path, help="数据目录 / data folder")
    parser.add_argument("--host", help="监听地址 / address to listen on")
    parser.add_argument("--port", type=int, help="监听端口 / port to listen on")
    asked = vars(parser.parse_args())
    names = {"data": "data", "host": "http_host", "port": "http_port"}
    given: dict[str, Any] = {names[name]: value for name, value in asked.items() if value is not None}
    settings = Settings(**given)
    logs.configure("http", settings)
    serve(settings)


def serve(settings: Settings) -> None:
    """Run uvicorn; slow clients are cut off (``api.http.patience``), bodies counted (``api.http.limits``)."""
    container = build(settings)
    app = create_app(container, limits_of(settings), on_stop=container.store.close)
    _spare_the_collector()
    patience = Patience(
        settings.head_seconds, settings.body_seconds,
        of_address=settings.address_connections, of_all=places(settings.connections),
    )  # fmt: skip
    uvicorn.run(
        app,
        http=patient(patience, app.state.callers.connected_from),
        ws="none",
        host=settings.http_host,
        port=settings.http_port,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )


def places(wanted: int) -> int:
    """How many connections there are descriptors for, at most ``wanted``; the soft limit is raised as far as needed.

    Where descriptors ran out first, connections would not be refused or given up but wait unseen in the kernel.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    most = wanted + _OTHER_FILES if hard == unlimited else min(hard, wanted + _OTHER_FILES)
    if soft != unlimited and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return min(wanted, max(1, most - _OTHER_FILES))


def _spare_the_collector() -> None:
    """What was loaded stays for good, and a request leaves no cycles: look for garbage less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 10, 10)


if __name__ == "__main__":
    main()
