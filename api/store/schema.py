"""The one MetaData, and column types that both SQLite and PostgreSQL keep exactly."""

from typing import Any

from sqlalchemy import BigInteger, Column, Dialect, Integer, LargeBinary, MetaData, Table, TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

INDEX = "index"
"""Key in ``Table.info`` of what can be dropped and replayed from the chain."""


class Unsigned(TypeDecorator[int]):
    """An unsigned number of a fixed size in bytes, big-endian, so that order is kept.

    A uint64 id of an agency beyond 2^31 does not fit any integer column that both databases have.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size

    def process_bind_param(self, value: int | None, dialect: Dialect) -> bytes | None:
        """The number's bytes."""
        del dialect
        return None if value is None else value.to_bytes(self.size, "big")

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        """Back to the number."""
        del dialect
        return None if value is None else int.from_bytes(value, "big")


class Octets(TypeDecorator[bytes]):
    """Bytes; PostgreSQL drivers hand out memoryviews, which this turns to bytes."""

    impl = LargeBinary
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> bytes | None:
        """Plain bytes."""
        del dialect
        return None if value is None else bytes(value)


SERIAL = BigInteger().with_variant(Integer(), "sqlite")
"""A number that the database gives out; SQLite does so for INTEGER alone."""


def u64(name: str, **options: Any) -> Column[int]:
    """A uint64 id."""
    return Column(name, Unsigned(8), nullable=options.pop("nullable", False), **options)


def number(name: str, **options: Any) -> Column[int]:
    """An integer up to 2^63: times, counts, agencies, regions."""
    return Column(name, BigInteger, nullable=options.pop("nullable", False), **options)


def octets(name: str, **options: Any) -> Column[bytes]:
    """Bytes: hashes, keys, payloads."""
    return Column(name, Octets, nullable=options.pop("nullable", False), **options)


def interval() -> tuple[Column[int], ...]:
    """The columns of ``ledger.records.Interval``."""
    return tuple(number(name) for name in ("valid_from", "valid_until", "status", "stopped_at"))


def tables_of(kind: str | None) -> list[Table]:
    """Tables of the index (``INDEX``) or, for None, our own, in order of creation."""
    return [table for table in metadata.sorted_tables if table.info.get("kind") == kind]
