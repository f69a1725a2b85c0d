"""What a process must not wait for when it starts on a database that needs nothing done to it."""

import subprocess
import sys

import pytest
from alembic.script import ScriptDirectory

from api.store.upgrade import configuration, newest_revision


@pytest.mark.parametrize("program", ["api.http", "api.relay"])
def test_process_starts_without_the_tools_of_migration(program: str) -> None:
    code = f"import sys, {program}.__main__; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0


def test_last_file_is_the_last_migration() -> None:
    assert ScriptDirectory.from_config(configuration()).get_heads() == [newest_revision()]
