"""The JSON form of evidence: strict reading with every fault at once, one way of writing.

Document: ``{"fields": [...], "kind": "materials", "version": 1}``. A field has ``name``, ``public``
and ``text`` or ``bytes`` (hex) with ``salt`` (64 hex digits); a destroyed one ``destroyed`` (its
commitment) instead. A draft, from which salts are still to come, has no ``salt``. Disclosed fields
have ``proof`` besides, a list of 32-byte words in hex. Written with sorted keys, no spaces, UTF-8.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from ledger.errors import Fault, InvalidInput
from ledger.evidence import VERSION, DisclosedField, Disclosure, Document, DocumentKind, Field
from ledger.evidence_rules import MAX_DOCUMENT, MAX_FIELDS, Entry, draft_faults, refuse_faults, shape_faults
from ledger.merkle import MAX_PROOF_LENGTH
from ledger.strict_json import loads

MAX_TEXT = 4 * MAX_DOCUMENT
_HEX = re.compile(r"(?:[0-9a-f]{2})*", re.ASCII)
_DEEPEST = 8
_WORD = re.compile(r"[0-9a-f]{64}", re.ASCII)


def write_document(document: Document) -> bytes:
    """The canonical bytes of a document: what is sealed in the vault."""
    return _canonical(document.kind, [_field_json(each) for each in document.fields])


def write_disclosure(disclosure: Disclosure) -> bytes:
    """The canonical bytes of a disclosure: what goes into a proof bundle."""
    fields = [
        _entry_json(each.entry) | {"salt": each.salt.hex(), "proof": [word.hex() for word in each.proof]}
        for each in disclosure.fields
    ]
    return _canonical(disclosure.kind, fields)


def read_document(source: bytes | str | object) -> Document:
    """Read what ``write_document`` wrote (bytes, text, or parsed JSON); InvalidInput with all faults."""
    reader = _Reader(source)
    parts = [reader.part(item, f"fields[{place}]") for place, item in enumerate(reader.items)]
    try:
        document = Document.of(reader.kind, parts)
    except InvalidInput as error:
        raise InvalidInput.of(reader.with_faults(error.faults)) from error
    refuse_faults(reader.faults)
    return document


def read_draft(source: bytes | str | object) -> tuple[DocumentKind, tuple[Entry, ...]]:
    """Read a document without salts, as a window's system hands it in; InvalidInput with all faults."""
    reader = _Reader(source)
    entries = tuple(reader.entry(item, f"fields[{place}]", set()) for place, item in enumerate(reader.items))
    refuse_faults(reader.with_faults(draft_faults(entries)))
    return reader.kind, entries


def read_disclosure(source: bytes | str | object) -> Disclosure:
    """Read what ``write_disclosure`` wrote; whether it is true is for ``check_disclosure``."""
    reader = _Reader(source)
    fields = []
    for place, item in enumerate(reader.items):
        where = f"fields[{place}]"
        entry = reader.entry(item, where, {"salt", "proof"})
        fields.append(DisclosedField(entry, reader.word(item, "salt", where), reader.proof(item, where)))
    refuse_faults(reader.with_faults(shape_faults([each.entry for each in fields])))
    return Disclosure(reader.kind, tuple(fields))


def _canonical(kind: DocumentKind, fields: list[dict[str, Any]]) -> bytes:
    body = {"version": VERSION, "kind": kind.value, "fields": fields}
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _entry_json(entry: Entry) -> dict[str, Any]:
    body: dict[str, Any] = {"name": entry.name, "public": entry.public}
    if isinstance(entry.value, str):
        return body | {"text": entry.value}
    return body | {"bytes": entry.value.hex()}


def _field_json(each: Field) -> dict[str, Any]:
    if each.entry is None or each.salt is None:
        return {"name": each.name, "public": each.public, "destroyed": each.commitment.hex()}
    return _entry_json(each.entry) | {"salt": each.salt.hex()}


class _Reader:
    """Collects faults; a faulty part is replaced by something harmless, so that reading goes on."""

    def __init__(self, source: bytes | str | object) -> None:
        self.faults: list[Fault] = []
        body = self._parse(source) if isinstance(source, bytes | str) else source
        if not isinstance(body, dict):
            raise InvalidInput.of([_fault("EVIDENCE_WRONG_TYPE", "$", "must be a JSON object", "须为 JSON 对象")])
        self.keys(body, "", {"version", "kind", "fields"})
        if "version" in body and (type(body["version"]) is not int or body["version"] != VERSION):
            self._add("EVIDENCE_VERSION", "version", f"must be {VERSION}", f"须为 {VERSION}")
        self.kind = self._read_kind(body["kind"]) if "kind" in body else DocumentKind.MATERIALS
        self.items: Sequence[Any] = self._read_items(body.get("fields", []))

    def _add(self, code: str, where: str, en: str, zh: str) -> None:
        self.faults.append(_fault(code, where, en, zh))

    def _parse(self, source: bytes | str) -> object:
        if len(source) > MAX_TEXT:
            raise InvalidInput.of([_fault("EVIDENCE_TOO_LARGE", "$", "more than 4 MiB of JSON", "JSON 超过 4 MiB")])
        try:
            return loads(source, deepest=_DEEPEST, object_pairs_hook=self._object)
        except ValueError as error:
            fault = _fault(
                "EVIDENCE_NOT_JSON", "$", "is no JSON in UTF-8 (RFC 8259)", "不是 UTF-8 编码的 JSON(RFC 8259)"
            )
            raise InvalidInput.of([fault]) from error

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        body = dict(pairs)
        if len(body) != len(pairs):
            self._add("EVIDENCE_DUPLICATE_KEY", "$", "an object has a key twice", "对象中有重复的键")
        return body

    def _read_kind(self, kind: object) -> DocumentKind:
        for known in DocumentKind:
            if kind == known.value:
                return known
        every = ", ".join(DocumentKind)
        self._add("EVIDENCE_KIND_UNKNOWN", "kind", f"must be one of {every}", f"须为下列之一:{every}")
        return DocumentKind.MATERIALS

    def _read_items(self, items: object) -> Sequence[Any]:
        if not isinstance(items, list):
            self._add("EVIDENCE_WRONG_TYPE", "fields", "must be an array", "须为数组")
            return []
        if len(items) > MAX_FIELDS:
            self._add("EVIDENCE_TOO_MANY_FIELDS", "fields", f"at most {MAX_FIELDS} fields", f"字段至多 {MAX_FIELDS} 个")
            return []
        return items

    def keys(self, item: dict[str, Any], where: str, wanted: set[str]) -> None:
        inside = f"{where}." if where else ""
        for key in sorted(wanted - item.keys()):
            self._add("EVIDENCE_KEY_MISSING", f"{inside}{key}", "is missing", "缺失")
        for key in sorted(map(str, item.keys() - wanted)):
            self._add(
                "EVIDENCE_KEY_UNKNOWN", f"{inside}{key[:64]}", "is not known; leave it out", "不是已知的键,请删去"
            )

    def name_and_public(self, item: dict[str, Any], where: str) -> tuple[str, bool]:
        name, public = item.get("name", ""), item.get("public", False)
        if not isinstance(name, str):
            self._add("EVIDENCE_WRONG_TYPE", f"{where}.name", "must be a string", "须为字符串")
        if not isinstance(public, bool):
            self._add("EVIDENCE_WRONG_TYPE", f"{where}.public", "must be true or false", "须为 true 或 false")
        return str(name), public is True

    def entry(self, item: Any, where: str, also: set[str]) -> Entry:
        if not isinstance(item, dict):
            self._add("EVIDENCE_WRONG_TYPE", where, "must be an object", "须为对象")
            return Entry("", "")
        form = "bytes" if "bytes" in item else "text"
        self.keys(item, where, {"name", "public", form} | also)
        name, public = self.name_and_public(item, where)
        return Entry(name, self._value(item.get(form, ""), form, f"{where}.{form}"), public)

    def _value(self, value: object, form: str, where: str) -> str | bytes:
        if not isinstance(value, str):
            self._add("EVIDENCE_WRONG_TYPE", where, "must be a string", "须为字符串")
            return ""
        if form == "text":
            return value
        if not _HEX.fullmatch(value):
            self._add("EVIDENCE_NOT_HEX", where, "must be lower-case hexadecimal", "须为小写十六进制")
            return b""
        return bytes.fromhex(value)

    def word(self, item: Any, key: str, where: str) -> bytes:
        return self._word(item.get(key), f"{where}.{key}") if isinstance(item, dict) and key in item else bytes(32)

    def _word(self, value: object, where: str) -> bytes:
        if isinstance(value, str) and _WORD.fullmatch(value):
            return bytes.fromhex(value)
        self._add("EVIDENCE_NOT_HEX", where, "must be 64 lower-case hexadecimal digits", "须为 64 位小写十六进制")
        return bytes(32)

    def proof(self, item: Any, where: str) -> tuple[bytes, ...]:
        words = item.get("proof", []) if isinstance(item, dict) else []
        if not isinstance(words, list) or len(words) > MAX_PROOF_LENGTH:
            self._add("EVIDENCE_WRONG_TYPE", f"{where}.proof", "must be an array of at most 64", "须为至多 64 项的数组")
            return ()
        return tuple(self._word(word, f"{where}.proof[{place}]") for place, word in enumerate(words))

    def part(self, item: Any, where: str) -> tuple[Entry, bytes] | Field:
        if not (isinstance(item, dict) and "destroyed" in item):
            return self.entry(item, where, {"salt"}), self.word(item, "salt", where)
        self.keys(item, where, {"name", "public", "destroyed"})
        return Field(*self.name_and_public(item, where), self.word(item, "destroyed", where))

    def with_faults(self, found: Sequence[Fault]) -> list[Fault]:
        """The reader's faults and those others found, except where the reader put in a stand-in."""
        known = [fault.where for fault in self.faults]
        fresh = [fault for fault in found if not any(_same_place(fault.where, where) for where in known)]
        return [*self.faults, *fresh]


def _same_place(found: str, stand_in: str) -> bool:
    return stand_in in {found, f"{found}.text", f"{found}.bytes"} or found.startswith(f"{stand_in}.")


def _fault(code: str, where: str, en: str, zh: str) -> Fault:
    return Fault(code, where, f"{where} {zh}", f"{where} {en}")
