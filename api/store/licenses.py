"""The off-chain half of licenses: their fields, look-ups, and the leaves of batches."""

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import ColumnElement, Connection, Row, Select, insert, or_, select, union_all, update

from api.store import index_tables
from api.store.database import Database
from api.store.models import LicenseRecordRow
from api.store.own_tables import license_batches, license_leaves, license_records
from api.store.paging import one, several
from api.store.shapes import chunks


class LicenseStore:
    """License records by leaf, keyed look-up or digest, and batches by root."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept_to: Row[tuple[int, bytes]] | None = None

    def put(self, rows: Sequence[LicenseRecordRow]) -> int:
        """Keep records; those whose leaf is known stay as they are. How many were new."""
        by_leaf = {row.leaf: row for row in rows}
        with self._db.write() as connection:
            for chunk in chunks(list(by_leaf)):
                known = select(license_records.c.leaf).where(license_records.c.leaf.in_(chunk))
                for leaf in connection.execute(known).scalars().all():
                    del by_leaf[leaf]
            if by_leaf:
                names = [field.name for field in fields(LicenseRecordRow)]
                new = [{name: getattr(row, name) for name in names} for row in by_leaf.values()]
                connection.execute(insert(license_records), new)
        return len(by_leaf)

    def complete(self, row: LicenseRecordRow) -> None:
        """Add look-up and sealed identifier to a record that came without, in a batch."""
        c = license_records.c
        bare = (c.leaf == row.leaf) & (c.lookup == b"")
        with self._db.write() as connection:
            connection.execute(update(license_records).where(bare).values(lookup=row.lookup, sealed=row.sealed))

    def get(self, leaf: bytes) -> LicenseRecordRow | None:
        """The record of a license."""
        with self._db.read() as connection:
            return one(connection, LicenseRecordRow, license_records, license_records.c.leaf == leaf)

    def by_lookup(self, lookup: bytes) -> tuple[LicenseRecordRow, ...]:
        """Records whose identifier has this keyed digest."""
        return self._where(license_records.c.lookup == lookup)

    def by_digest(self, digest: bytes) -> tuple[LicenseRecordRow, ...]:
        """Records whose file has this SM3 or SHA-256 digest."""
        return self._where(or_(license_records.c.sm3 == digest, license_records.c.sha256 == digest))

    def _where(self, condition: ColumnElement[bool]) -> tuple[LicenseRecordRow, ...]:
        with self._db.read() as connection:
            return several(connection, LicenseRecordRow, license_records, condition, license_records.c.created_at)

    def put_batch(self, root: bytes, issuer: int, leaves: Sequence[bytes], created_at: int) -> bool:
        """Keep a batch's leaves in order; False where the root is known."""
        row = {"root": root, "issuer": issuer, "count": len(leaves), "created_at": created_at}
        with self._db.write() as connection:
            known = select(license_batches.c.root).where(license_batches.c.root == root)
            if connection.execute(known).first() is not None:
                return False
            connection.execute(insert(license_batches).values(**row))
            for start in range(0, len(leaves), 10_000):
                run = leaves[start : start + 10_000]
                rows = [{"root": root, "place": start + n, "leaf": leaf} for n, leaf in enumerate(run)]
                connection.execute(insert(license_leaves), rows)
        return True

    def batch_leaves(self, root: bytes) -> tuple[bytes, ...] | None:
        """A batch's leaves in order; None: the batch is not kept here."""
        query = select(license_leaves.c.leaf).where(license_leaves.c.root == root)
        with self._db.read() as connection:
            found = tuple(connection.execute(query.order_by(license_leaves.c.place)).scalars())
        return found or None

    def batch_of(self, leaf: bytes) -> bytes | None:
        """The root of the batch that a leaf is in: one that its issuer has on the ledger, where it is in several."""
        c, own, of = license_leaves.c, license_batches.c, index_tables.batches.c
        query = (
            select(c.root)
            .join(license_batches, own.root == c.root)
            .outerjoin(index_tables.batches, (of.root == c.root) & (of.issuer == own.issuer))
            .where(c.leaf == leaf)
        )
        with self._db.read() as connection:
            found: bytes | None = connection.execute(query.order_by(of.root.is_(None))).scalars().first()
        return found

    def issuer_of(self, leaf: bytes) -> int | None:
        """The agency that has a license's item, as its fields say, here or on the ledger; None: nobody has them here.

        Of all that agencies have made of a leaf its record alone counts.
        """
        record, single = license_records.c, index_tables.licenses.c
        here = select(record.issuer).where(record.leaf == leaf)
        on_ledger = select(single.issuer).where(single.leaf == leaf, single.item.is_not(None))
        with self._db.read() as connection:
            found: int | None = connection.execute(union_all(here, on_ledger)).scalars().first()
        return found

    def are_kept_elsewhere(self) -> bool:
        """Whether the ledger has a batch whose licenses are not kept here.

        What was kept here once is so for good: only what came to the index since the last look is looked at.
        """
        own, of = license_batches.c, index_tables.batches.c
        known = select(own.root).where(own.root == of.root, own.issuer == of.issuer).exists()
        with self._db.read() as connection:
            query = select(of.block).where(of.block > self._looked_at(connection), ~known)
            first = connection.execute(query.order_by(of.block).limit(1)).scalar()
            self._kept_to = connection.execute(_newest_before(first)).first()
        return first is not None

    def _looked_at(self, connection: Connection) -> int:
        """The newest block of which each batch, and of those before it, is kept here; -1: none, or of another chain."""
        block, kept = index_tables.blocks.c, self._kept_to
        if kept is None:
            return -1
        stands = connection.execute(select(block.hash).where(block.number == kept.number)).scalar()
        return int(kept.number) if stands == kept.hash else -1


def _newest_before(number: int | None) -> Select[tuple[int, bytes]]:
    block = index_tables.blocks.c
    query = select(block.number, block.hash).order_by(block.number.desc()).limit(1)
    return query if number is None else query.where(block.number < number)
