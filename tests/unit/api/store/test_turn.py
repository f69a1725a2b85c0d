"""Writers of an SQLite file take turns; nobody who stalls, dies or spoils the lock keeps the others from writing."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from api.store.database import Database
from api.store.turn import Turn

_HOLDER = """
import sys, time
from pathlib import Path
from api.store.turn import Turn
with Turn(Path(sys.argv[1])).taken() as mine:
    print(mine, flush=True)
    time.sleep(60)
"""


def test_one_has_the_turn_at_a_time(tmp_path: Path) -> None:
    one, other = Turn(tmp_path / "turn"), Turn(tmp_path / "turn", longest=0.02)
    with one.taken() as mine, other.taken() as theirs:
        assert (mine, theirs) == (True, False)
    with other.taken() as theirs:
        assert theirs
    one.close()
    other.close()


def test_threads_of_a_process_take_turns_too(tmp_path: Path) -> None:
    turn, inside, most = Turn(tmp_path / "turn"), [0], [0]

    def work() -> None:
        for _ in range(200):
            with turn.taken() as mine:
                assert mine
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    turn.close()
    assert (inside, most) == ([0], [1])


def test_turn_of_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    path = tmp_path / "turn"
    holder = subprocess.Popen([sys.executable, "-c", _HOLDER, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"True\n"
    with Turn(path, longest=0.02).taken() as mine:
        assert not mine
    holder.kill()
    holder.communicate()
    with Turn(path).taken() as mine:
        assert mine


_GREEDY = """
import sys, time
from pathlib import Path
from api.store.turn import Turn
turn = Turn(Path(sys.argv[1]))
while True:
    with turn.taken():
        print(flush=True)
        time.sleep(0.01)
"""


def test_process_that_always_has_more_to_write_keeps_nobody_waiting(tmp_path: Path) -> None:
    path, mine = tmp_path / "turn", 20
    greedy = subprocess.Popen([sys.executable, "-c", _GREEDY, str(path)], stdout=subprocess.PIPE)
    assert greedy.stdout is not None
    greedy.stdout.readline()
    turn = Turn(path)
    try:
        for _ in range(mine):
            with turn.taken() as had:
                assert had
    finally:
        greedy.kill()
        theirs = greedy.communicate()[0].splitlines()
    assert len(theirs) < 4 * mine


def test_turn_that_is_never_given_back_does_not_keep_others_from_writing(tmp_path: Path) -> None:
    path = tmp_path / "huxin.db"
    database = Database(f"sqlite:///{path}")
    database._turn = Turn(Path(f"{path}-turn"), longest=0.02)
    with Turn(Path(f"{path}-turn")).taken() as mine, database.write() as connection:
        assert mine
        connection.exec_driver_sql("CREATE TABLE t (a)")
    assert database.answers()
    database.close()


@pytest.mark.parametrize("place", ["missing/turn", "."])
def test_lock_file_that_cannot_be_opened_costs_the_turn_alone(tmp_path: Path, place: str) -> None:
    with Turn(tmp_path / place).taken() as mine:
        assert not mine
