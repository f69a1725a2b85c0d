"""The judgements on a record of system calls, each shown a record in which the promise is broken."""

import random
import sqlite3
from pathlib import Path

import pytest

from scripts.trials.durability import Snapshot, acknowledgements, acts_in, cut, syncs_tried_again, unsynced
from scripts.trials.strace import Call, read_calls

ACT = bytes(range(32))
LOG = Path("/ledger/huxin.db-wal")
COMMIT, FRAME = b"\0\0\0\7\0\0\0\x09" + bytes(16), b"\0\0\0\7" + bytes(20)


def call(name: str, path: object = LOG, data: bytes = b"", offset: int = 0, *, result: int = 0, at: int) -> Call:
    return Call(1, name, str(path), data, offset, at, at, result, injected=False)


def commit(at: int, frame: bytes = COMMIT) -> list[Call]:
    page = b"page" + ACT
    return [call("pwrite64", data=frame, result=24, at=at), call("pwrite64", data=page, result=36, at=at + 1)]


def answer(at: int, status: int = 202) -> list[Call]:
    said = f'HTTP/1.1 {status} X\r\n\r\n{{"actId":"0x{ACT.hex()}"}}'.encode()
    return [call("write", "socket:[7]", said, result=len(said), at=at)]


def sync(at: int, result: int = 0) -> list[Call]:
    return [call("fdatasync", result=result, at=at)]


def test_answer_after_the_sync_of_its_commit_is_sound() -> None:
    assert unsynced(commit(1) + sync(3) + answer(4), LOG) == (1, [])


@pytest.mark.parametrize(
    "calls",
    [
        commit(1) + answer(3) + sync(4),
        commit(1) + answer(3),
        sync(0) + commit(1) + answer(3),
        commit(1) + sync(3, result=-1) + answer(4),
        commit(1, FRAME) + sync(3) + answer(4),
        answer(4),
    ],
    ids=["sync too late", "no sync", "sync before the write", "sync failed", "commit not written", "nothing written"],
)
def test_answer_that_rests_on_nothing_is_found(calls: list[Call]) -> None:
    assert unsynced(calls, LOG) == (1, [ACT])


def test_refusal_is_no_acknowledgement() -> None:
    assert acknowledgements(answer(1, status=503)) == {}


def test_sync_tried_again_after_it_failed_is_found() -> None:
    assert syncs_tried_again(commit(1) + sync(3, result=-1) + sync(4)) == [str(LOG)]


def test_sync_after_all_was_written_anew_is_sound() -> None:
    assert syncs_tried_again(commit(1) + sync(3, result=-1) + commit(4) + sync(6)) == []


def test_record_of_strace_is_read_with_threads_interleaved(tmp_path: Path) -> None:
    (tmp_path / "calls").write_text(
        '10 pwrite64(4</a-wal>, "\\0\\1x\\"\\n"..., 5, 4120 <unfinished ...>\n'
        '11 write(5<socket:[3]>, "HTTP/1.1 202", 12) = 12\n'
        "10 <... pwrite64 resumed>)         = 5\n"
        "10 fdatasync(4</a-wal>)            = -1 EIO (Input/output error) (INJECTED)\n"
        "10 fdatasync(4</a-wal> <unfinished ...>\n"
        "10 +++ killed by SIGKILL +++\n"
    )
    sent, written, failed, never = read_calls(tmp_path / "calls")
    assert (sent.name, sent.path, sent.begun) == ("write", "socket:[3]", 1)
    assert (written.data, written.offset, written.begun, written.ended) == (b'\0\1x"\n', 4120, 0, 2)
    assert (failed.result, failed.injected) == (-1, True)
    assert never.result is None


def test_cut_drops_what_was_not_synced_and_keeps_what_was(tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    database = tmp_path / "live" / "a.db"
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE outbox_acts (act_id)")
    log = database.with_name("a.db-wal")
    snapshot = Snapshot.take(database, tmp_path / "start", 0)
    before = log.read_bytes()
    connection.execute("INSERT INTO outbox_acts VALUES (?)", (ACT,))
    added = log.read_bytes()[len(before) :]
    connection.close()
    write = call("pwrite64", log, added, len(before), result=len(added), at=0)  # the very next line
    synced = call("fdatasync", log, at=1)

    class Dropping(random.Random):
        def choice(self, _seq: object) -> float:  # type: ignore[override]
            return 0.0

    assert acts_in(cut(snapshot, [write, synced], 2, Dropping(1), tmp_path / "after")) == {ACT}
    assert acts_in(cut(snapshot, [write, synced], 1, Dropping(1), tmp_path / "before")) == set()
