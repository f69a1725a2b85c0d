"""Any document: written and read back, disclosed in part, destroyed in part, one root throughout."""

import unicodedata
from collections.abc import Callable, Iterator

from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Fault, InvalidInput
from ledger.evidence import Document, DocumentKind, check_disclosure
from ledger.evidence_json import read_disclosure, read_document, read_draft, write_disclosure, write_document
from ledger.evidence_rules import Entry
from ledger.verdict import Verdict

NAMES = st.from_regex(r"\A[a-z][a-z_.-]{0,20}\Z")
TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=60).map(
    lambda text: unicodedata.normalize("NFC", text)
)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """One to twelve private fields of text or bytes under drawn salts."""
    names = draw(st.lists(NAMES, min_size=1, max_size=12, unique=True))
    entries = [Entry(name, draw(TEXTS | st.binary(max_size=60))) for name in names]
    salts: Iterator[bytes] = iter(
        draw(st.lists(st.binary(min_size=32, max_size=32), min_size=len(names), max_size=len(names)))
    )
    return Document.make(draw(st.sampled_from(DocumentKind)), entries, lambda _: next(salts))


@given(documents(), st.data())
def test_some_destroyed_some_disclosed_one_root(document: Document, data: st.DataObject) -> None:
    """Whatever is destroyed, the root stays; whatever is left opens under it, and under no other."""
    names = [each.name for each in document.fields]
    gone = data.draw(st.sets(st.sampled_from(names)))
    left = document
    for name in gone:
        left = left.destroy_salt(name)
    again = read_document(write_document(left))
    assert again == left
    assert write_document(again) == write_document(left)
    assert again.root == document.root
    chosen = set(names) - gone
    if chosen:
        shown = read_disclosure(write_disclosure(again.disclose(chosen)))
        assert check_disclosure(shown, document.root).overall is Verdict.VALID
        other_root = bytes((document.root[0] ^ 1,)) + document.root[1:]
        assert check_disclosure(shown, other_root).overall is Verdict.INVALID


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["version", "kind", "fields", "name", "public", "text", "bytes", "salt", "proof", "destroyed"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@given(JSON)
def test_any_json_is_read_or_refused_by_name(body: object) -> None:
    """No body makes a reader fail in another way than InvalidInput with faults."""
    source = {"version": 1, "kind": "decision", "fields": [body]} if isinstance(body, dict) else body
    for read in (read_document, read_draft, read_disclosure):
        faults = _faults_of(read, source)
        assert all(fault.code.isupper() and fault.zh for fault in faults)


def _faults_of(read: Callable[[object], object], source: object) -> tuple[Fault, ...]:
    try:
        read(source)
    except InvalidInput as error:
        return error.faults
    return ()
