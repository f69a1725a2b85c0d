"""What spreadsheets, editors and other agencies do to a library: told by line, and nobody else's row is lost."""

import csv
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from api.anchoring.office import ClientOffice
from api.anchoring.sources import Row, read_csv, read_folder
from ledger.errors import InvalidInput
from ledger.licenses import Share
from scripts.license_library import HEADINGS, identifier
from tests.unit.api.anchoring.conftest import Desk

Library = list[dict[str, str]]


def lines_of(desk: Desk, library: Library) -> list[str]:
    desk.write(library)
    return desk.source.read_text("utf-8").splitlines(keepends=True)


@pytest.mark.parametrize("column", ["ZZMC", "CZZT", "sha256"])
def test_quote_that_is_never_closed_costs_its_own_row_alone(desk: Desk, library: Library, column: str) -> None:
    library[4][column] = "\x00"
    lines = [line.replace("\x00", '"某') for line in lines_of(desk, library)]
    lines[12] = lines[12].replace("某某餐饮店12号", '"某某,餐饮店"')  # a lawful quote further down
    desk.source.write_text("".join(lines), "utf-8")
    outcome = desk.run()
    assert (outcome.counts.new, outcome.counts.faulty, outcome.counts.rows) == (19, 1, 20)
    assert {line for line, severity, _ in desk.faults() if severity == "fault"} == {6}


def test_quote_opened_in_the_last_row_takes_nothing_half(desk: Desk, library: Library) -> None:
    lines = lines_of(desk, library)
    desk.source.write_text("".join(lines)[:-1].rpartition(",")[0] + ',"', "utf-8")
    outcome = desk.run()
    assert (outcome.counts.new, outcome.counts.faulty) == (19, 1)
    assert [one[0] for one in desk.faults()] == [21]


def test_line_breaks_inside_quotes_are_part_of_the_row(desk: Desk, library: Library) -> None:
    for one in library:
        one["KZ_SCOPE"] = "热食类\n糕点类\n,饮品"
    desk.write(library, (*HEADINGS, "KZ_SCOPE"))
    outcome = desk.run()
    assert (outcome.counts.new, outcome.counts.faulty) == (20, 0)
    library[2]["sm3"] = "no digest"
    desk.write(library, (*HEADINGS, "KZ_SCOPE"))
    assert desk.run().counts.faulty == 1
    assert desk.faults() == [(10, "fault", "DIGEST_MALFORMED")], "the line at which the third row ends"


def test_rows_read_again_keep_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('ZZBS,b\n1,"x\n2,y\n3,"z"\n4,w\n', "utf-8")
    assert [(one.line, one.fault.code if one.fault else one.values["ZZBS"]) for one in read_csv(path)] == [
        (2, "ROW_CSV"), (3, "2"), (4, "3"), (5, "4"),
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_table_in_an_encoding_that_is_not_taken_is_told_so(desk: Desk, library: Library, encoding: str) -> None:
    text = "".join(lines_of(desk, library))
    desk.source.write_bytes(text.encode(encoding))
    with pytest.raises(InvalidInput) as caught:
        desk.run()
    assert caught.value.code == "SOURCE_HEADINGS"


@pytest.mark.parametrize("head", ["证照名称\t证照标识\n", "ZZMC;ZZBS\n", "ZZMC,CZZT\n", '"ZZBS\n', "", "\xff\xfe\n"])
def test_table_without_the_identifiers_column_is_refused_once_and_not_row_by_row(desk: Desk, head: str) -> None:
    desk.source.write_bytes(head.encode("latin-1", "replace") + b"1,2\n" * 1000)
    with pytest.raises(InvalidInput) as caught:
        desk.run()
    assert caught.value.code == "SOURCE_HEADINGS"


@pytest.mark.parametrize("name", ["a\x00b.ofd", "a" * 5000, "b/" * 3000, "\ud800.ofd"])
def test_name_that_no_file_can_have_holds_nothing_up(desk: Desk, library: Library, name: str) -> None:
    bad = {key: value for key, value in library[0].items() if key not in {"sm3", "sha256"}} | {"file": name}
    source = desk.folder / "library.jsonl"
    source.write_text("".join(json.dumps(one) + "\n" for one in (bad, *library[1:])), "utf-8")
    outcome = desk.run(source)
    assert (outcome.counts.new, outcome.counts.faulty) == (19, 1)
    assert desk.faults() == [(1, "fault", "FILE_MISSING")]


def test_byte_order_marks_of_editors_spoil_no_row(desk: Desk, library: Library, tmp_path: Path) -> None:
    source = desk.folder / "library.jsonl"
    source.write_text("\ufeff" + "".join(json.dumps(one) + "\n" for one in library), "utf-8")
    assert desk.run(source).counts.new == 20
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.ofd").write_bytes(b"document")
    (folder / "a.ofd.json").write_text("\ufeff" + json.dumps(library[0]), "utf-8")
    (row,) = read_folder(folder)
    assert row.fault is None


def test_sidecar_that_cannot_be_read_holds_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.ofd", "b.ofd"):
        (tmp_path / name).write_bytes(b"document")
        (tmp_path / f"{name}.json").write_text("{}", "utf-8")
    honest = Path.read_bytes

    def denied(path: Path) -> bytes:
        if path.name == "a.ofd.json":
            raise PermissionError
        return honest(path)

    monkeypatch.setattr(Path, "read_bytes", denied)
    rows: list[Row] = list(read_folder(tmp_path))
    assert [one.fault.code if one.fault else None for one in rows] == ["ROW_SIDECAR", None]


@pytest.mark.parametrize("name", ["=HYPERLINK(1).ofd", "+1.ofd", "-1.ofd", "@SUM(A1).ofd"])
def test_report_of_faults_holds_no_formula(desk: Desk, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / name).write_bytes(b"document")
    desk.run(folder)
    with (desk.folder / "faults.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for one in csv.reader(file) for cell in one]
    assert f"./{name}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("column", ["ZZBH", "CZZTDM"])
def test_number_that_a_spreadsheet_has_shortened_is_not_taken(desk: Desk, library: Library, column: str) -> None:
    library[3] |= {column: "3.70102E+17", "CZZTDMLX": "099"}
    desk.write(library)
    assert desk.run().counts.new == 19
    assert desk.faults() == [(5, "fault", "METADATA_SHORTENED")]


def test_type_of_holder_that_lost_its_zeros_is_a_fault(desk: Desk, library: Library) -> None:
    library[3]["CZZTDMLX"] = "1"
    desk.write(library)
    desk.run()
    assert desk.faults() == [(5, "fault", "HOLDER_TYPE_UNKNOWN")]


def test_missing_last_day_is_taken_as_without_end_and_told(desk: Desk, library: Library) -> None:
    library[3]["ZZYXQJZRQ"], library[4]["ZZYXQJZRQ"] = "", "长期"
    desk.write(library)
    assert desk.run().counts.new == 20
    assert desk.faults() == [(5, "warning", "METADATA_NO_END")]


@pytest.mark.parametrize(("checks", "holds"), [
    ({}, True), ({"license.competence": "invalid"}, False), ({"license.anchored": "invalid"}, False),
    ({"index.fresh": "indeterminate"}, False),
])  # fmt: skip
def test_root_that_another_agency_has_put_there_first_does_not_count_as_ours(
    desk: Desk, library: Library, checks: dict[str, str], *, holds: bool
) -> None:
    desk.write(library)
    desk.run()
    good = {"index.fresh": "valid", "license.anchored": "valid", "license.competence": "valid"}
    said = [SimpleNamespace(name=name, verdict=verdict) for name, verdict in (good | checks).items()]
    proofs: Any = SimpleNamespace(verify_shown=lambda *_: SimpleNamespace(checks=said))
    client: Any = SimpleNamespace(proofs=proofs)
    office = ClientOffice(client)
    share: Share = desk.share(identifier(3))
    assert office.holds(share) is holds
