"""Evidence: commitments made by another implementation, disclosure, destruction, and bad bodies."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import InvalidInput
from ledger.evidence import DisclosedField, Disclosure, Document, DocumentKind, check_disclosure, commit
from ledger.evidence_json import read_disclosure, read_document, read_draft, write_disclosure, write_document
from ledger.evidence_rules import MAX_VALUE, Entry
from ledger.merkle import MerkleTree, leaf_of
from ledger.verdict import Verdict

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "vectors" / "evidence.json").read_text("utf-8"))
KIND = DocumentKind.MATERIALS
ENTRIES = (
    Entry("applicant.name", "张三"),
    Entry("applicant.id", "11010519491231002X"),
    Entry("item", "营业执照", public=True),
    Entry("scan.sm3", bytes(range(32))),
)


def _salts() -> Callable[[int], bytes]:
    numbers = iter(range(1, 10_000))
    return lambda length: next(numbers).to_bytes(length)


def _document() -> Document:
    return Document.make(KIND, ENTRIES, _salts())


def _faults(broken: Callable[..., object], *arguments: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        broken(*arguments)
    assert all(fault.zh and fault.en for fault in caught.value.faults)
    return [(fault.code, fault.where) for fault in caught.value.faults]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["document"]["kind"])
def test_same_commitments_root_and_proofs_as_in_javascript(vector: dict[str, Any]) -> None:
    """The layout in the docstring, written a second time with ethers and OpenZeppelin's tree."""
    document = read_document(vector["document"])
    assert ["0x" + each.commitment.hex() for each in document.fields] == vector["commitments"]
    assert "0x" + document.root.hex() == vector["root"]
    shown = document.disclose([each.name for each in document.fields])
    assert [["0x" + word.hex() for word in each.proof] for each in shown.fields] == vector["proofs"]
    assert check_disclosure(shown, document.root).overall is Verdict.VALID


def test_disclosing_one_field_shows_no_other() -> None:
    """What a stranger is handed holds neither the other values nor their salts."""
    document = _document()
    written = write_disclosure(document.disclose(["item"]))
    assert check_disclosure(read_disclosure(written), document.root).overall is Verdict.VALID
    assert "营业执照" in written.decode()
    assert "张三" not in written.decode()
    assert "applicant" not in written.decode()
    assert [salt.hex() in written.decode() for _, salt in _opened(document)].count(True) == 1


def _opened(document: Document) -> list[tuple[str, bytes]]:
    return [(each.name, each.salt) for each in document.fields if each.salt]


@pytest.mark.parametrize(
    "forge",
    [
        lambda field: replace(field, entry=replace(field.entry, value="许可证")),
        lambda field: replace(field, entry=replace(field.entry, name="items")),
        lambda field: replace(field, entry=replace(field.entry, public=False)),
        lambda field: replace(field, entry=replace(field.entry, value="营业执照".encode())),
        lambda field: replace(field, salt=bytes(32)),
        lambda field: replace(field, salt=field.salt[:-1]),
        lambda field: replace(field, proof=field.proof[:-1]),
        lambda field: replace(field, proof=(*field.proof, bytes(32))),
        lambda field: replace(field, proof=field.proof[::-1]),
    ],
)
def test_attack_forged_disclosure(forge: Callable[[Any], Any]) -> None:
    """Value, name, publicity, type, salt, proof: a change of any is seen."""
    document = _document()
    shown = document.disclose(["item"])
    forged = Disclosure(shown.kind, (forge(shown.fields[0]),))
    report = check_disclosure(forged, document.root)
    assert [check.reason_code for check in report.checks] == ["EVIDENCE_NOT_UNDER_ROOT"]
    assert report.overall is Verdict.INVALID


def test_attack_field_shown_as_part_of_another_kind_of_document() -> None:
    """A line of the materials is not a line of the decision."""
    document = _document()
    shown = Disclosure(DocumentKind.DECISION, document.disclose(["item"]).fields)
    assert check_disclosure(shown, document.root).overall is Verdict.INVALID


def test_attack_border_between_name_and_value_moved() -> None:
    """ "ab" = "c" and "a" = "bc" do not commit to the same bytes."""
    salt = bytes(32)
    assert commit(KIND, Entry("ab", "c"), salt) != commit(KIND, Entry("a", "bc"), salt)
    assert commit(KIND, Entry("a", "b"), salt) != commit(KIND, Entry("a", b"b"), salt)


def test_attack_one_name_with_two_values() -> None:
    """A signer who commits to both is found out as soon as both are shown."""
    entries = [Entry("decision", "准予"), Entry("decision", "不予")]
    tree = MerkleTree([leaf_of(commit(KIND, entry, bytes(32))) for entry in entries], sort_leaves=False)
    shown = tuple(DisclosedField(entry, bytes(32), tree.proof(place)) for place, entry in enumerate(entries))
    report = check_disclosure(Disclosure(KIND, shown), tree.root)
    assert [check.reason_code for check in report.checks] == ["OK", "OK", "EVIDENCE_FIELD_DUPLICATE"]
    assert report.overall is Verdict.INVALID


def test_nothing_disclosed_is_nothing_shown() -> None:
    """An empty disclosure is not valid."""
    assert check_disclosure(Disclosure(KIND, ()), _document().root).overall is Verdict.INDETERMINATE


def test_destroyed_salt_leaves_the_root_and_takes_the_value() -> None:
    """The trail still verifies, the other fields open, this one never again."""
    document = _document()
    _, salt = _opened(document)[0]
    left = document.destroy_salt("applicant.id")
    assert left.root == document.root
    assert left.value("applicant.id") is None
    assert left.value("item") == "营业执照"
    written = write_document(left).decode()
    assert "11010519491231002X" not in written
    assert salt.hex() not in written
    again = read_document(written)
    assert again == left == left.destroy_salt("applicant.id")
    assert _faults(again.disclose, ["applicant.id", "nobody", "item"]) == [
        ("EVIDENCE_FIELD_UNKNOWN", "nobody"),
        ("EVIDENCE_FIELD_DESTROYED", "applicant.id"),
    ]
    assert check_disclosure(again.disclose(["item"]), document.root).overall is Verdict.VALID
    assert _faults(document.destroy_salt, "nobody") == [("EVIDENCE_FIELD_UNKNOWN", "nobody")]


def test_order_of_entries_does_not_matter_but_salts_do() -> None:
    """Fields are sorted by name; equal contents under other salts have another root."""
    document = _document()
    pairs = [(each.entry, each.salt) for each in document.fields if each.entry and each.salt]
    assert Document.of(KIND, reversed(pairs)).root == document.root
    assert Document.make(KIND, ENTRIES[::-1], _salts()).root != document.root


def test_private_values_and_salts_are_not_in_a_repr() -> None:
    """A document in a log tells nothing."""
    document = _document()
    shown = f"{document!r} {document.disclose(['applicant.name'])!r} {ENTRIES!r}"
    assert "张三" not in shown
    assert "4949" not in shown
    assert "salt" not in shown


def test_every_fault_of_a_list_at_once() -> None:
    """Six different faults, six entries in the error, each with its place."""
    entries = [
        Entry("Name", "x"),
        Entry("a", "x" * (MAX_VALUE + 1)),
        Entry("a", "e\u0301"),
        Entry("b", "\x00"),
        Entry("c", "电话 13800138000", public=True),
        Entry("d", b"13800138000", public=True),
        Entry("tel.13800138000", "private"),
        Entry("e", "13800138000"),
        Entry("f", "证照" * (MAX_VALUE // 4)),
    ]
    assert sorted(_faults(Document.make, KIND, entries, _salts())) == [
        ("EVIDENCE_FIELD_DUPLICATE", "fields[2].name"),
        ("EVIDENCE_NAME_MALFORMED", "fields[0].name"),
        ("EVIDENCE_TEXT_CONTROL", "fields[3]"),
        ("EVIDENCE_TEXT_NOT_NFC", "fields[2]"),
        ("EVIDENCE_VALUE_TOO_LONG", "fields[1]"),
        ("EVIDENCE_VALUE_TOO_LONG", "fields[8]"),
        ("PERSONAL_DATA", "fields[4]"),
        ("PERSONAL_DATA", "fields[5]"),
        ("PERSONAL_DATA", "fields[6].name"),
    ]


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], "EVIDENCE_EMPTY"),
        ([Entry(f"f{i}", "") for i in range(257)], "EVIDENCE_TOO_MANY_FIELDS"),
        ([Entry(f"f{i}", "x" * MAX_VALUE) for i in range(17)], "EVIDENCE_TOO_LARGE"),
    ],
)
def test_limits_of_the_whole(entries: list[Entry], code: str) -> None:
    """Nothing, too many, too much: one fault, before anything is hashed."""
    assert _faults(Document.make, KIND, entries, _salts()) == [(code, "fields")]


def test_salt_source_that_gives_too_little_is_refused() -> None:
    """A short salt could be searched."""
    assert _faults(Document.make, KIND, ENTRIES[:1], lambda _: b"1234") == [("EVIDENCE_SALT_LENGTH", "applicant.name")]


def test_documents_made_under_older_rules_stay_readable() -> None:
    """What looks like personal data is refused when made, never when read again."""
    old = Document.of(KIND, [(Entry("tel", "13800138000", public=True), bytes(32))])
    assert read_document(write_document(old)) == old
    assert _faults(read_draft, {"version": 1, "kind": "materials", "fields": [_draft("tel", "13800138000")]}) == [
        ("PERSONAL_DATA", "fields[0]")
    ]


def _draft(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "public": True, "text": text}


def test_all_faults_of_a_body_at_once() -> None:
    """Kind, version, keys, types, hex and contents, each where it stands."""
    body = {
        "version": 2,
        "kind": "gossip",
        "extra": 1,
        "fields": [
            7,
            {"name": 5, "public": "yes", "text": ["x"]},
            {"name": "a", "public": True, "bytes": "0G", "salt": "00"},
            {"name": "B", "public": True, "text": "13800138000", "note": ""},
            {"name": "a", "public": True},
        ],
    }
    assert _faults(read_draft, json.dumps(body)) == [
        ("EVIDENCE_KEY_UNKNOWN", "extra"),
        ("EVIDENCE_VERSION", "version"),
        ("EVIDENCE_KIND_UNKNOWN", "kind"),
        ("EVIDENCE_WRONG_TYPE", "fields[0]"),
        ("EVIDENCE_WRONG_TYPE", "fields[1].name"),
        ("EVIDENCE_WRONG_TYPE", "fields[1].public"),
        ("EVIDENCE_WRONG_TYPE", "fields[1].text"),
        ("EVIDENCE_KEY_UNKNOWN", "fields[2].salt"),
        ("EVIDENCE_NOT_HEX", "fields[2].bytes"),
        ("EVIDENCE_KEY_UNKNOWN", "fields[3].note"),
        ("EVIDENCE_KEY_MISSING", "fields[4].text"),
        ("EVIDENCE_NAME_MALFORMED", "fields[3].name"),
        ("EVIDENCE_FIELD_DUPLICATE", "fields[4].name"),
        ("PERSONAL_DATA", "fields[3]"),
    ]


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        (b"\xff", [("EVIDENCE_NOT_JSON", "$")]),
        ("", [("EVIDENCE_NOT_JSON", "$")]),
        ("NaN", [("EVIDENCE_NOT_JSON", "$")]),
        ("[" * 100_000, [("EVIDENCE_NOT_JSON", "$")]),
        ("9" * 10_000, [("EVIDENCE_NOT_JSON", "$")]),
        ("[]", [("EVIDENCE_WRONG_TYPE", "$")]),
        (" " * 5_000_000, [("EVIDENCE_TOO_LARGE", "$")]),
        ('{"version":1,"kind":"materials","fields":{}}', [("EVIDENCE_WRONG_TYPE", "fields")]),
        (
            '{"version":true,"kind":"materials","fields":[]}',
            [("EVIDENCE_VERSION", "version"), ("EVIDENCE_EMPTY", "fields")],
        ),
        ("{}", [("EVIDENCE_KEY_MISSING", key) for key in ("fields", "kind", "version")]),
        (
            '{"version":1,"kind":"materials","fields":[{"name":"a","public":true,"text":"1","text":"2"}]}',
            [("EVIDENCE_DUPLICATE_KEY", "$")],
        ),
        (
            '{"version":1,"kind":"materials","fields":[{"name":"a","public":true,"text":"\\ud800"}]}',
            [("EVIDENCE_TEXT_CONTROL", "fields[0]")],
        ),
    ],
)  # fmt: skip
def test_bad_json(source: bytes | str, faults: list[tuple[str, str]]) -> None:
    """Malformed, oversized, of another shape, ambiguous."""
    assert _faults(read_draft, source) == faults


def test_attack_nesting_that_ends_the_process() -> None:
    """With the recursion limit that an EVM sets, deep brackets are refused before they are parsed."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    try:
        for source in ("[" * 1_000_000, '{"a":' * 500_000, '"\\"[' + "[" * 1_000_000, '["]"' + "[" * 1_000_000):
            assert _faults(read_draft, source) == [("EVIDENCE_NOT_JSON", "$")]
    finally:
        sys.setrecursionlimit(limit)
    assert _faults(read_draft, json.dumps({"version": 1, "kind": "x", "fields": [_draft("a", "[" * 99)]})) == [
        ("EVIDENCE_KIND_UNKNOWN", "kind")
    ]


def test_bad_documents_and_disclosures() -> None:
    """Missing salts, bad commitments, bad proofs."""
    document = {
        "version": 1,
        "kind": "receipt",
        "fields": [_draft("a", "x"), {"name": "b", "public": 1, "destroyed": "0"}],
    }
    assert _faults(read_document, document) == [
        ("EVIDENCE_KEY_MISSING", "fields[0].salt"),
        ("EVIDENCE_WRONG_TYPE", "fields[1].public"),
        ("EVIDENCE_NOT_HEX", "fields[1].destroyed"),
    ]
    shown = {"version": 1, "kind": "receipt", "fields": [_draft("a", "\ud800") | {"salt": "0" * 64, "proof": ["x"]}]}
    assert _faults(read_disclosure, shown) == [
        ("EVIDENCE_NOT_HEX", "fields[0].proof[0]"),
        ("EVIDENCE_TEXT_CONTROL", "fields[0]"),
    ]
    shown["fields"] = [_draft("a", "x") | {"salt": "0" * 64, "proof": ["0" * 64] * 65}]
    assert _faults(read_disclosure, shown) == [("EVIDENCE_WRONG_TYPE", "fields[0].proof")]


def test_too_many_fields_are_refused_before_they_are_read() -> None:
    """One fault, not one for each of a million."""
    body = {"version": 1, "kind": "receipt", "fields": [7] * 257}
    assert ("EVIDENCE_TOO_MANY_FIELDS", "fields") in _faults(read_draft, body)
    assert len(_faults(read_draft, body)) == 1


def test_draft_gives_the_entries_as_they_stand() -> None:
    """Kind and entries, from bytes, text or parsed JSON alike."""
    body = {
        "version": 1,
        "kind": "receipt",
        "fields": [_draft("a", "x"), {"name": "b", "public": False, "bytes": "00ff"}],
    }
    expected = (DocumentKind.RECEIPT, (Entry("a", "x", public=True), Entry("b", b"\x00\xff")))
    assert read_draft(body) == read_draft(json.dumps(body)) == read_draft(json.dumps(body).encode()) == expected
