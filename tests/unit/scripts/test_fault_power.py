"""How a process may end after its disk has failed."""

import signal

import pytest

from scripts.fault_power_inject import Fault, ended_cleanly

CODE_70 = 70 << 8


@pytest.mark.parametrize(
    ("name", "error", "status", "is_database", "clean"),
    [
        ("fdatasync", "EIO", CODE_70, True, True),
        ("fdatasync", "EIO", int(signal.SIGTERM), True, True),
        ("fdatasync", "EIO", None, True, False),
        ("pwrite64", "EIO", None, True, False),
        ("pwrite64", "EIO", None, False, True),
        ("pread64", "EIO", None, True, True),
        ("pwrite64", "ENOSPC", None, True, True),
        ("pwrite64", "EIO", int(signal.SIGBUS), True, False),
        ("pwrite64", "EIO", int(signal.SIGKILL), True, False),
        ("pwrite64", "SIGKILL", int(signal.SIGKILL), True, True),
    ],
)
def test_only_an_exit_is_clean_and_who_could_not_write_may_not_live_on(
    name: str, error: str, status: int | None, is_database: bool, clean: bool
) -> None:
    assert ended_cleanly(Fault("http", name, 1, error), status, is_database=is_database) is clean
