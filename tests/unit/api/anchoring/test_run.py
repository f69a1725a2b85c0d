"""Bulk anchoring: once each, faulty rows aside, only what is new or changed the second time."""

import json
import sqlite3
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from api.anchoring.run import Anchoring
from api.anchoring.work import open_work
from ledger.errors import Conflict, InvalidInput, NotFound
from ledger.licenses.share import NOTHING
from scripts.license_library import HEADINGS, identifier
from tests.unit.api.anchoring.conftest import Desk, numbered

Library = list[dict[str, str]]


def test_every_license_is_under_the_root_that_the_ledger_has(desk: Desk, library: Library) -> None:
    desk.write(library)
    outcome = desk.run()
    assert outcome.batch is not None
    assert desk.office.names == {outcome.batch.root.hex()}
    assert (outcome.counts.new, outcome.batch.count, outcome.block) == (20, 20, 7)
    for number in range(1, 21):
        share = desk.share(identifier(number))
        assert share.check().overall.value == "valid"
        assert desk.office.holds(share)


def test_second_run_over_the_same_source_makes_nothing(desk: Desk, library: Library) -> None:
    desk.write(library)
    first = desk.run()
    again = desk.run()
    assert (again.counts.kept, again.counts.new, again.batch) == (20, 0, None)
    assert first.batch is not None
    assert desk.office.names == {first.batch.root.hex()}
    assert desk.office.signed == 1


def test_incremental_run_takes_only_what_is_new(desk: Desk, library: Library) -> None:
    desk.write(library[:12])
    desk.run()
    desk.write(library)
    outcome = desk.run()
    assert (outcome.counts.kept, outcome.counts.new, outcome.batch and outcome.batch.count) == (12, 8, 8)


def test_changed_license_supersedes_its_old_leaf_with_that_ones_proof(desk: Desk, library: Library) -> None:
    desk.write(library)
    desk.run()
    old = desk.share(identifier(4))
    library[3]["ZZYXQJZRQ"] = "2099-01-01"
    desk.write(library)
    outcome = desk.run()
    new = desk.share(identifier(4))
    assert (outcome.counts.changed, outcome.superseded, outcome.batch) == (1, 1, None)
    assert new.license.supersedes == old.leaf
    assert new.batch is None
    assert desk.office.holds(new)
    assert desk.run().counts.kept == 20


def test_other_writing_of_the_same_license_is_no_change(desk: Desk, library: Library) -> None:
    desk.write(library)
    desk.run()
    for one in library:
        one["ZZYXQQSRQ"] = one["ZZYXQQSRQ"].replace("-", "")
        one["CZZTDM"] = f" {one['CZZTDM'].lower()} "
        one["ZZMC"] = "另一写法"
    desk.write(library)
    outcome = desk.run()
    assert (outcome.counts.kept, outcome.counts.changed) == (20, 0)


def test_other_order_and_columns_are_no_change(desk: Desk, library: Library) -> None:
    desk.write(library)
    desk.run()
    desk.write(library[::-1], HEADINGS[::-1])
    assert desk.run().counts.kept == 20


def test_row_that_stands_twice_is_anchored_once_and_told(desk: Desk, library: Library) -> None:
    desk.write([*library, library[0], library[1] | {"ZZYXQJZRQ": "2099-01-01"}])
    outcome = desk.run()
    assert outcome.batch is not None
    assert (outcome.batch.count, outcome.counts.twice) == (20, 2)
    assert desk.faults() == [(22, "fault", "ROW_TWICE"), (23, "fault", "LICENSE_TWICE")]
    assert desk.share(identifier(2)).license.supersedes == NOTHING


def test_identifier_written_otherwise_is_still_the_same_license(desk: Desk, library: Library) -> None:
    desk.write([*library, library[0] | {"ZZBS": " " + library[0]["ZZBS"].lower()}])
    outcome = desk.run()
    assert outcome.batch is not None
    assert (outcome.batch.count, outcome.counts.twice) == (20, 1)


def test_faulty_rows_hold_nothing_up_and_are_told_with_every_reason(desk: Desk, library: Library) -> None:
    library[4] |= {"ZZBFRQ": "2023-02-30", "sm3": "zz"}
    library[6] |= {"CZZTDM": "91350100M000100Y44"}
    desk.write(library)
    outcome = desk.run()
    assert (outcome.counts.new, outcome.counts.faulty) == (19, 1)
    assert desk.faults() == [
        (6, "fault", "METADATA_DAY"), (6, "fault", "DIGEST_MALFORMED"), (8, "warning", "USCC_CHECK"),
    ]  # fmt: skip
    mended = dict(library[4]) | {"ZZBFRQ": "2023-02-28", "sm3": "ab" * 32}
    desk.write([mended if one is library[4] else one for one in library])
    assert desk.run().counts.new == 1


def test_report_of_faults_repeats_no_value(desk: Desk, library: Library) -> None:
    library[0] |= {"CZZTDM": "11010519491231002", "CZZTDMLX": "111", "ZZYXQQSRQ": "never"}
    desk.write(library)
    desk.run()
    text = (desk.folder / "faults.csv").read_text("utf-8")
    assert "RESIDENT_ID_MALFORMED" in text
    assert "11010519491231002" not in text


def test_nothing_of_a_person_is_handed_in(desk: Desk, library: Library) -> None:
    desk.write(library)
    desk.run()
    with open_work(desk.folder / "work") as work:
        act = work.act("batch:1")
    assert act is not None
    for one in library:
        assert one["CZZTDM"] not in act.request
        assert one["ZZBS"] not in act.request


def test_work_folder_is_readable_by_its_owner_alone(desk: Desk, library: Library) -> None:
    desk.write(library)
    desk.run()
    assert stat.S_IMODE((desk.folder / "work").stat().st_mode) == 0o700
    assert stat.S_IMODE((desk.folder / "work" / "work.sqlite").stat().st_mode) == 0o600


def test_two_processes_cannot_anchor_from_one_folder(desk: Desk) -> None:
    with open_work(desk.folder / "work"), pytest.raises(Conflict, match="WORK_IN_USE"):
        open_work(desk.folder / "work")


def test_refused_batch_stops_the_run_and_goes_in_later_under_the_same_root(desk: Desk, library: Library) -> None:
    desk.write(library)
    desk.office.refuses = "SEAL_SUSPENDED"
    with pytest.raises(Conflict, match="SEAL_SUSPENDED"):
        desk.run()
    with open_work(desk.folder / "work") as work:
        root = work.batches()[0].root
    desk.office.refuses = ""
    assert desk.run().counts.kept == 20
    assert desk.office.names == {root.hex()}


def test_expired_act_is_signed_anew_over_the_same_root(desk: Desk, library: Library) -> None:
    desk.write(library)
    desk.office.refuses = "SEAL_SUSPENDED"
    with pytest.raises(Conflict):
        desk.run()
    with open_work(desk.folder / "work") as work:
        act = work.act("batch:1")
        assert act is not None
        work.keep_act("batch:1", act.__class__(act.act_id, act.request, act.deadline))
        root = work.batches()[0].root
    desk.office.refuses, desk.office.expired = "", {act.act_id}
    desk.run()
    assert desk.office.names == {root.hex()}


def test_offline_batch_is_frozen_and_handed_in_by_a_later_run(desk: Desk, library: Library) -> None:
    desk.write(library)
    frozen = desk.run(offline=True).batch
    assert desk.office.names == set()
    assert frozen is not None
    assert desk.run().batch == frozen
    assert desk.office.names == {frozen.root.hex()}


def test_edited_between_two_offline_runs_the_frozen_batch_stays(desk: Desk, library: Library) -> None:
    desk.write(library)
    frozen = desk.run(offline=True).batch
    library[0]["ZZYXQJZRQ"] = "2099-01-01"
    desk.write(library)
    outcome = desk.run()
    assert frozen is not None
    assert frozen.root.hex() in desk.office.names
    assert outcome.superseded == 1


@pytest.mark.parametrize("damage", [b"", b"\0" * 32, b"\xff" * 32 * 39])
def test_damaged_tree_is_built_anew_and_never_gives_a_wrong_proof(desk: Desk, library: Library, damage: bytes) -> None:
    desk.write(library)
    desk.run()
    (desk.folder / "work" / "batch-0001.tree").write_bytes(damage)
    assert desk.share(identifier(9)).check().overall.value == "valid"


def test_flipped_node_inside_the_tree_never_gives_a_wrong_proof(desk: Desk, library: Library) -> None:
    desk.write(library)
    desk.run()
    path = desk.folder / "work" / "batch-0001.tree"
    for place in range(1, 39):
        nodes = bytearray(path.read_bytes())
        nodes[32 * place] ^= 1
        path.write_bytes(nodes)
        assert desk.share(identifier(1 + place % 20)).check().overall.value == "valid"


ALTERED = (
    "UPDATE licenses SET leaf = zeroblob(32) WHERE id = 9",
    "UPDATE licenses SET salts = zeroblob(64) WHERE id = 9",
)


@pytest.mark.parametrize("alter", ALTERED)
def test_altered_work_file_gives_no_wrong_proof_and_spoils_no_tree(desk: Desk, library: Library, alter: str) -> None:
    desk.write(library)
    desk.run()
    with sqlite3.connect(desk.folder / "work" / "work.sqlite") as work:
        work.execute(alter)
    with suppress(Conflict):  # an altered leaf alone is made good by the salts
        assert desk.share(identifier(9)).check().overall.value == "valid"
        assert "leaf" in alter
    assert desk.share(identifier(8)).check().overall.value == "valid"


def test_license_that_was_never_taken_is_not_found(desk: Desk, library: Library) -> None:
    desk.write(library)
    desk.run()
    with pytest.raises(NotFound, match="LICENSE_NOT_TAKEN"):
        desk.share(identifier(99))


def test_salts_differ_from_license_to_license(desk: Desk, library: Library) -> None:
    desk.write([one | {"CZZTDM": library[0]["CZZTDM"]} for one in library])
    desk.run()
    holders = {desk.share(identifier(number)).license.holder for number in range(1, 21)}
    assert len(holders) == 20


# --- other sources


def test_csv_json_lines_and_folder_say_the_same(desk: Desk, library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for number, one in enumerate(library, 1):
        (folder / f"{number:02d}.ofd").write_bytes(b"ofd %d" % number)
        kept = {name: text for name, text in one.items() if name not in {"sm3", "sha256"}}
        (folder / f"{number:02d}.ofd.json").write_text(json.dumps(kept), "utf-8")
        one.update({"file": f"files/{number:02d}.ofd", "sm3": "", "sha256": ""})
    desk.write(library, (*HEADINGS, "file"))
    lines = tmp_path / "library.jsonl"
    lines.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in library), "utf-8")
    assert desk.run(folder).counts.new == 20
    assert desk.run(lines).counts.kept == 20
    assert desk.run().counts.kept == 20
    (folder / "07.ofd").write_bytes(b"other")
    assert desk.run(folder).counts.changed == 1


def test_gb18030_export_is_read(desk: Desk, library: Library) -> None:
    desk.write(library)
    text = desk.source.read_text("utf-8")
    desk.run()
    desk.source.write_text(text, "gb18030")
    assert desk.run().counts.kept == 20


def test_bad_lines_of_csv_hold_nothing_up(desk: Desk, library: Library) -> None:
    desk.write(library)
    good = desk.source.read_bytes().splitlines(keepends=True)
    bad = [b"too,few\r\n", b"\xff\xfe" + good[3], b"x" * 200_000 + b"\r\n", b"\r\n"]
    desk.source.write_bytes(b"".join([*good[:5], *bad, *good[5:]]))
    outcome = desk.run()
    assert outcome.counts.new == 20
    assert [code for _, _, code in desk.faults()] == ["ROW_CELLS", "ROW_ENCODING", "ROW_CSV"]


def test_bad_lines_of_json_hold_nothing_up(desk: Desk, library: Library, tmp_path: Path) -> None:
    lines = tmp_path / "library.jsonl"
    good = [json.dumps(one).encode() for one in library]
    bad = [b"{", b"[]", b"[" * 100_000, b'{"ZZMC":"a","ZZMC":"b"}', b"\xff", b'"' + b"x" * (1 << 20) + b'"', b"NaN"]
    lines.write_bytes(b"\n".join([*good[:5], *bad, *good[5:]]) + b"\n\n")
    outcome = desk.run(lines)
    assert (outcome.counts.new, outcome.counts.faulty) == (20, len(bad))
    assert [line for line, _, _ in desk.faults()] == list(range(6, 6 + len(bad)))


@pytest.mark.parametrize("path", ["../secret.ofd", "/etc/hostname", "files/../../secret.ofd", "link.ofd"])
def test_row_cannot_reach_files_outside_the_source(desk: Desk, library: Library, tmp_path: Path, path: str) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    (tmp_path / "secret.ofd").write_bytes(b"secret")
    (inside / "link.ofd").symlink_to(tmp_path / "secret.ofd")
    lines = inside / "library.jsonl"
    lines.write_text(json.dumps(library[0] | {"file": path}) + "\n", "utf-8")
    assert desk.run(lines).counts.new == 0
    assert [code for _, _, code in desk.faults()] == ["FILE_OUTSIDE"]


def test_item_of_another_agency_than_the_seals_is_a_fault(desk: Desk, library: Library, tmp_path: Path) -> None:
    lines = tmp_path / "library.jsonl"
    lines.write_text(json.dumps(library[0] | {"item": "3-1"}) + "\n", "utf-8")
    assert desk.run(lines).counts.reasons == {"ROW_REFERENCE": 1}


@pytest.mark.parametrize("name", ["library.xlsx", "missing.csv"])
def test_unknown_kinds_of_source_are_refused(desk: Desk, name: str) -> None:
    (desk.folder / "library.xlsx").write_bytes(b"PK")
    with pytest.raises((InvalidInput, NotFound), match="SOURCE_"):
        desk.run(desk.folder / name)


def test_resume_after_rows_were_deleted_anchors_only_what_is_there(desk: Desk, library: Library) -> None:
    desk.write(library)
    with open_work(desk.folder / "work") as work:
        anchoring = Anchoring(work, numbered(), None, _dies_at_tree)
        with pytest.raises(KeyboardInterrupt):
            anchoring.run(desk.source, 2 << 32 | 1, 2 << 32 | 1, desk.folder / "faults.csv")
    desk.write(library[5:])
    outcome = desk.run()
    assert outcome.batch is not None
    assert (outcome.batch.count, outcome.counts.dropped, outcome.counts.kept) == (15, 5, 15)


def _dies_at_tree(stage: str, _done: int, _total: int) -> None:
    if stage == "tree":
        raise KeyboardInterrupt


def test_change_refused_for_a_while_is_tried_again_by_the_next_run(desk: Desk, library: Library) -> None:
    desk.write(library)
    desk.run()
    old = desk.share(identifier(4))
    library[3]["ZZYXQJZRQ"] = "2099-01-01"
    desk.write(library)
    desk.office.refuses = "SEAL_SUSPENDED"
    assert desk.run().refused == [(5, "SEAL_SUSPENDED")]
    assert desk.run().refused == [(5, "SEAL_SUSPENDED")], "once a run, and not kept silent about"
    desk.office.refuses = ""
    outcome = desk.run()
    assert (outcome.superseded, outcome.refused) == (1, [])
    assert desk.share(identifier(4)).license.supersedes == old.leaf
    assert desk.office.holds(desk.share(identifier(4)))
    assert desk.run().superseded == 0


def test_change_edited_after_it_was_refused_supersedes_what_the_ledger_has(desk: Desk, library: Library) -> None:
    desk.write(library)
    desk.run()
    old = desk.share(identifier(4))
    desk.office.refuses = "SEAL_SUSPENDED"
    for day in ("2098-01-01", "2099-01-01"):
        library[3]["ZZYXQJZRQ"] = day
        desk.write(library)
        desk.run()
    desk.office.refuses = ""
    assert desk.run().superseded == 1
    assert desk.share(identifier(4)).license.supersedes == old.leaf, "not the one that was never issued"


def test_row_gone_after_its_change_was_refused_leaves_the_old_license_as_the_newest(
    desk: Desk, library: Library
) -> None:  # fmt: skip
    desk.write(library)
    desk.run()
    old = desk.share(identifier(4))
    library[3]["ZZYXQJZRQ"] = "2099-01-01"
    desk.write(library)
    desk.office.refuses = "SEAL_SUSPENDED"
    desk.run()
    desk.write([*library[:3], *library[4:]])
    assert desk.run().counts.dropped == 1
    desk.office.refuses = ""
    outcome = desk.run()
    assert (outcome.counts.dropped, outcome.superseded) == (0, 0)
    assert desk.share(identifier(4)).leaf == old.leaf
