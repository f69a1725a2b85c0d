"""kill -9 at every point of a run: never a second root for the same rows, never a row lost or anchored twice."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.merkle import MerkleTree
from scripts.license_library import identifier, rows
from tests.unit.api.anchoring.conftest import Desk

SALTED = "SELECT identifier, salts, leaf, batch, current FROM licenses ORDER BY id"


def die_until_done(folder: Path, first: int) -> int:
    """How many runs were killed, at the first event and then each one event later."""
    command = (sys.executable, "-m", "tests.unit.api.anchoring.crashes", str(folder), str(first))
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return int(done.stdout)


def kept(desk: Desk) -> list[tuple[object, ...]]:
    with sqlite3.connect(desk.folder / "work" / "work.sqlite") as work:
        return work.execute(SALTED).fetchall()


@pytest.mark.parametrize("first", [1, 4])
def test_killed_at_every_point_one_root_is_made_of_all_rows(desk: Desk, first: int) -> None:
    desk.write(list(rows(20, seed=3)))
    died = die_until_done(desk.folder, first)
    assert died > 4
    (root,) = desk.office.names
    licenses = kept(desk)
    assert [row[0] for row in licenses] == [identifier(number) for number in range(1, 21)]
    assert MerkleTree([octets(row[2]) for row in licenses]).root.hex() == root
    assert desk.run().counts.kept == 20
    assert desk.office.names == {root}
    assert kept(desk) == licenses


def test_killed_while_changes_go_in_each_is_superseded_once(desk: Desk) -> None:
    library = list(rows(20, seed=3))
    desk.write(library)
    desk.run()
    (root,) = desk.office.names
    for one in library[4:9]:
        one["ZZYXQJZRQ"] = "2099-01-01"
    desk.write([*library, *list(rows(25, seed=3))[20:]])
    assert die_until_done(desk.folder, 1) > 10
    changed = {desk.share(identifier(number)).leaf.hex() for number in range(5, 10)}
    assert len(changed) == 5
    added = desk.share(identifier(25)).batch
    assert added is not None
    assert desk.office.names == {root, added.hex()} | changed


def octets(value: object) -> bytes:
    assert isinstance(value, bytes)
    return value
