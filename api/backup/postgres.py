"""The same for PostgreSQL, by its own programs: ``pg_dump`` and ``pg_restore``."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy.engine import make_url

from api.backup.sqlite import TRANSIENT
from ledger.errors import Unavailable


def dump(url: str, target: Path, variables: Mapping[str, str]) -> None:
    """Write a dump in PostgreSQL's own format, as of one moment; the password goes by the environment."""
    without = [f"--exclude-table-data={table}" for table in TRANSIENT]
    _run("pg_dump", ("--format=custom", "--no-owner", "--no-privileges", *without, f"--file={target}"), url, variables)


def restore(url: str, source: Path, variables: Mapping[str, str]) -> None:
    """Read a dump into an empty database: everything or nothing."""
    whole = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")
    database = make_url(url).database or "postgres"
    _run("pg_restore", (*whole, f"--dbname={database}", str(source)), url, variables)


def _run(program: str, arguments: Sequence[str], url: str, variables: Mapping[str, str]) -> None:
    path = shutil.which(program, path=variables.get("PATH"))
    if path is None:
        raise Unavailable(
            "PG_PROGRAM_MISSING",
            f"{program} is not installed: install PostgreSQL's client programs (of the server's version or a newer one)"
            " and try again. A copy by the database's own means does as well, if it is taken before the chain's",
            f"未安装 {program}:请安装 PostgreSQL 客户端程序(版本不低于服务器)后重试;"
            "也可用数据库自带的备份方式,但须先于链的备份",
        )
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, no shell
        (path, "--no-password", *arguments),
        env={**variables, **_connection(url)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["-"])[-1][:300]
        raise Unavailable("PG_PROGRAM_FAILED", f"{program} failed: {last}", f"{program} 失败:{last}")


def _connection(url: str) -> dict[str, str]:
    """Variables of libpq: arguments could be read by every user of this machine."""
    of = make_url(url)
    host = of.host or of.query.get("host")
    found = {
        "PGHOST": host if isinstance(host, str) else None, "PGPORT": None if of.port is None else str(of.port),
        "PGUSER": of.username, "PGPASSWORD": None if of.password is None else str(of.password),
        "PGDATABASE": of.database,
    }  # fmt: skip
    return {name: value for name, value in found.items() if value}
