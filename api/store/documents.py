"""Documents as ciphertext, their cases' wrapped keys, and who read what."""

from sqlalchemy import Connection, insert, select, update

from api.store.database import Database
from api.store.models import Page, ReadEntry, StoredDocument
from api.store.own_tables import documents, reads, vault_keys
from api.store.paging import one, page, several


class DocumentStore:
    """Keeps what ``ledger.vault`` sealed; nothing here can be read without the master key."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def wrapped_key(self, case_key: bytes) -> bytes | None:
        """The case's wrapped data key."""
        with self._db.read() as connection:
            return _wrapped(connection, case_key)

    def keep_key(self, case_key: bytes, wrapped: bytes) -> bytes:
        """Keep a wrapped key unless the case has one already; the one that stands."""
        with self._db.write() as connection:
            standing = _wrapped(connection, case_key)
            if standing is None:
                connection.execute(insert(vault_keys).values(case_key=case_key, wrapped=wrapped))
            return standing or wrapped

    def put(self, document: StoredDocument) -> bool:
        """Keep a document; False where the case has one with this root already (the first stays)."""
        with self._db.write() as connection:
            place = (documents.c.case_key == document.case_key) & (documents.c.root == document.root)
            if one(connection, StoredDocument, documents, place) is not None:
                return False
            connection.execute(
                insert(documents).values(
                    case_key=document.case_key,
                    root=document.root,
                    kind=document.kind,
                    sealed=document.sealed,
                    officer=document.officer,
                    at=document.at,
                )
            )
            return True

    def get(self, case_key: bytes, root: bytes) -> StoredDocument | None:
        """A document of a case."""
        place = (documents.c.case_key == case_key) & (documents.c.root == root)
        with self._db.read() as connection:
            return one(connection, StoredDocument, documents, place)

    def find(self, root: bytes) -> tuple[StoredDocument, ...]:
        """Documents with this root, in whatever case."""
        with self._db.read() as connection:
            return several(connection, StoredDocument, documents, documents.c.root == root, documents.c.case_key)

    def of_case(self, case_key: bytes) -> tuple[StoredDocument, ...]:
        """All documents of a case, oldest first."""
        c = documents.c
        with self._db.read() as connection:
            return several(connection, StoredDocument, documents, c.case_key == case_key, c.at, c.root)

    def replace(self, case_key: bytes, root: bytes, sealed: bytes) -> None:
        """Put other ciphertext in a document's place: the same document with a salt destroyed."""
        place = (documents.c.case_key == case_key) & (documents.c.root == root)
        with self._db.write() as connection:
            connection.execute(update(documents).where(place).values(sealed=sealed))

    def log_read(self, case_key: bytes, root: bytes | None, officer: int, at: int, what: str) -> None:
        """Note who read what, before it is handed out."""
        row = {"case_key": case_key, "root": root, "officer": officer, "at": at, "what": what}
        with self._db.write() as connection:
            connection.execute(insert(reads).values(**row))

    def reads(self, case_key: bytes, limit: int, after: int | None = None) -> Page[ReadEntry]:
        """Who read what of a case, oldest first."""
        with self._db.read() as connection:
            return page(connection, ReadEntry, reads, reads.c.id, [reads.c.case_key == case_key], limit, after)


def _wrapped(connection: Connection, case_key: bytes) -> bytes | None:
    query = select(vault_keys.c.wrapped).where(vault_keys.c.case_key == case_key)
    return connection.execute(query).scalar_one_or_none()
