"""The store as services see it: one object over one database."""

from collections.abc import Callable

from api.store.database import Database
from api.store.documents import DocumentStore
from api.store.heads import Heads
from api.store.licenses import LicenseStore
from api.store.lookup import LicenseLookup
from api.store.origin import Origin
from api.store.outbox import Outbox
from api.store.reads import CaseReads, OutcomeReads
from api.store.registry import RegistryReads
from api.store.sessions import SessionStore
from api.store.upgrade import upgrade
from api.store.worlds import Worlds


class Store:
    """Reads, the outbox and our own records; ``start_writer`` before the outbox accepts."""

    def __init__(self, db: Database, outbox: Outbox) -> None:
        self.db = db
        self.outbox = outbox
        self.registry = RegistryReads(db)
        self.cases = CaseReads(db)
        self.outcomes = OutcomeReads(db)
        self.heads = Heads(db)
        self.documents = DocumentStore(db)
        self.sessions = SessionStore(db)
        self.licenses = LicenseStore(db)
        self.lookup = LicenseLookup(db)

    def worlds(self, origin: Origin) -> Worlds:
        """Worlds for predicting; make it once a process."""
        return Worlds(self.db, origin)

    def start_writer(self) -> None:
        """Begin to accept."""
        self.outbox.writer.start()

    def close(self) -> None:
        """Write what waits, then close all connections."""
        self.outbox.writer.close()
        self.lookup.close()
        self.db.close()


def open_store(
    url: str, *, migrate: bool = True, limit: int = 50_000, most: int = 500, longest: int = 10_000,
    on_failure: Callable[[], None] = lambda: None,
) -> Store:  # fmt: skip
    """Open the database at an SQLAlchemy URL; ``migrate`` brings it to this version first.

    ``limit``: acts waiting for the chain, ``most``: accepts a commit, ``longest``: accepts waiting. ``on_failure`` is
    called, in any thread, where the files failed and the process has to end (:class:`Database`).
    """
    db = Database(url, on_failure=on_failure)
    if migrate:
        upgrade(db)
    return Store(db, Outbox(db, limit, most, longest))
