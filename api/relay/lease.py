"""One relay at a time: a row that is held for a while and renewed, checked inside each write."""

from collections.abc import Callable

from sqlalchemy import Connection, delete, insert, select, update

from api.store.database import Database
from api.store.own_tables import leases
from ledger.errors import Conflict

NAME = "relay"


class LeaseLost(Conflict):
    """Another process is the relay now; what we were about to write must not be written."""

    def __init__(self) -> None:
        super().__init__("LEASE_LOST", "another process is the relay now", "已由其他进程担任中继")


class Lease:
    """``holder`` names this process for good (random); ``clock`` is Unix milliseconds."""

    def __init__(self, db: Database, holder: str, seconds: float, clock: Callable[[], int]) -> None:
        self._db = db
        self._holder = holder
        self._length = int(seconds * 1000)
        self._clock = clock

    def acquire(self) -> bool:
        """Take the lease or renew it; False where another holds it."""
        now = self._clock()
        with self._db.write() as connection:
            row = connection.execute(select(leases).where(leases.c.name == NAME)).first()
            if row is None:
                values = {"name": NAME, "holder": self._holder, "until": now + self._length}
                connection.execute(insert(leases).values(**values))
                return True
            if row.holder != self._holder and row.until > now:
                return False
            mine = update(leases).where(leases.c.name == NAME)
            connection.execute(mine.values(holder=self._holder, until=now + self._length))
            return True

    def guard(self, connection: Connection) -> None:
        """Raise LeaseLost unless the lease is ours, seen from inside a writing transaction."""
        held = select(leases.c.holder).where(leases.c.name == NAME)
        if connection.execute(held).scalar_one_or_none() != self._holder:
            raise LeaseLost

    def release(self) -> None:
        """Let another begin at once."""
        with self._db.write() as connection:
            connection.execute(delete(leases).where(leases.c.name == NAME, leases.c.holder == self._holder))
