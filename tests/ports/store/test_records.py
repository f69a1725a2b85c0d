"""Our own records: documents, sessions, licenses."""

from api.store.models import LicenseRecordRow, Session, StoredDocument
from api.store.store import Store
from ledger.crypto import keccak


def test_challenge_is_spent_once_and_forgotten_when_it_has_expired(store: Store) -> None:
    assert store.sessions.spend("once", b"a" * 20, 10)
    assert store.sessions.spend("later", b"a" * 20, 11)
    assert not store.sessions.spend("once", b"b" * 20, 10)
    store.sessions.purge(10)
    assert store.sessions.spend("once", b"a" * 20, 10)
    assert not store.sessions.spend("later", b"a" * 20, 11)


def test_session_ends_at_its_time_and_at_sign_out(store: Store) -> None:
    session = Session(keccak(b"token"), b"a" * 20, 2**33 + 1, 0, 10)
    store.sessions.add(session)
    assert store.sessions.get(session.token_hash, 9) == session
    assert store.sessions.get(session.token_hash, 10) is None
    store.sessions.remove(session.token_hash)
    assert store.sessions.get(session.token_hash, 9) is None


def test_first_document_and_first_key_of_a_case_stay(store: Store) -> None:
    document = StoredDocument(b"c" * 32, b"r" * 32, "materials", b"sealed", 5, 1)
    assert store.documents.put(document)
    assert not store.documents.put(StoredDocument(b"c" * 32, b"r" * 32, "materials", b"other", 6, 2))
    assert store.documents.get(b"c" * 32, b"r" * 32) == document
    assert store.documents.keep_key(b"c" * 32, b"first") == b"first"
    assert store.documents.keep_key(b"c" * 32, b"second") == b"first"
    store.documents.replace(b"c" * 32, b"r" * 32, b"less")
    assert [one.sealed for one in store.documents.of_case(b"c" * 32)] == [b"less"]
    assert [one.case_key for one in store.documents.find(b"r" * 32)] == [b"c" * 32]


def test_reads_are_paged_in_order(store: Store) -> None:
    for at in range(5):
        store.documents.log_read(b"c" * 32, None, 7, at, "case")
    first = store.documents.reads(b"c" * 32, 3)
    rest = store.documents.reads(b"c" * 32, 3, first.after)
    assert [one.at for one in (*first.items, *rest.items)] == [0, 1, 2, 3, 4]
    assert rest.after is None


def test_license_records_and_leaves_of_a_batch(store: Store) -> None:
    row = LicenseRecordRow(b"l" * 32, 1, b"body", b"3" * 32, b"2" * 32, b"k" * 32, b"sealed", 9)
    assert store.licenses.put([row, row]) == 1
    assert store.licenses.put([row]) == 0
    assert store.licenses.by_digest(b"3" * 32) == store.licenses.by_lookup(b"k" * 32) == (row,)
    leaves = [keccak(bytes((number,))) for number in range(5)]
    assert store.licenses.put_batch(b"r" * 32, 1, leaves, 9)
    assert not store.licenses.put_batch(b"r" * 32, 1, leaves, 9)
    assert store.licenses.batch_leaves(b"r" * 32) == tuple(leaves)
    assert store.licenses.batch_of(leaves[3]) == b"r" * 32
    assert store.licenses.batch_leaves(b"x" * 32) is None
