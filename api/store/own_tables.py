"""Our own tables: what no chain can give back. Changes here are migrations (``migrations/``)."""

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table, text

from api.store.schema import SERIAL, Unsigned, metadata, number, octets, u64

_NAMED = "child IS NOT NULL"
_UNDECIDED = "block IS NULL"

relay_batches = Table(
    "relay_batches", metadata,
    Column("id", SERIAL, primary_key=True), number("nonce", index=True),
    Column("contract", String(16), nullable=False), octets("raw"),
    octets("tx_hash", unique=True), number("gas"), number("entries"),
    Column("state", String(12), nullable=False, index=True), number("created_at"),
    number("block", nullable=True),
)  # fmt: skip
"""The relay's journal, written before anything is sent. ``state``: open, mined, failed, lost."""

outbox_entries = Table(
    "outbox_entries", metadata,
    Column("id", SERIAL, primary_key=True), Column("contract", String(16), nullable=False),
    octets("payload"), Column("lanes", JSON, nullable=False), number("gas"), number("acts"),
    number("most", nullable=True), number("received_at"),
    Column("state", String(12), nullable=False),
    Column("batch", SERIAL, ForeignKey("relay_batches.id"), index=True),
    Index("ix_outbox_entries_state_id", "state", "id"),
)  # fmt: skip
"""One signature with what it covers. ``state``: queued, sent, done; ``most`` bounds the batches it
may be in, after one failed as a whole."""

outbox_acts = Table(
    "outbox_acts", metadata,
    octets("act_id", primary_key=True),
    Column("entry", SERIAL, ForeignKey("outbox_entries.id"), nullable=False, index=True),
    number("place"), Column("name", String(32), nullable=False), u64("officer"), number("agency"),
    octets("subject"), octets("child", nullable=True),
    Column("status", String(12), nullable=False), number("reason", nullable=True),
    octets("tx_hash", nullable=True), number("block", nullable=True), number("at", nullable=True),
    octets("after_trail", nullable=True), Column("after_word", Unsigned(32)),
    Index("ix_outbox_acts_subject", "subject", sqlite_where=text(_UNDECIDED), postgresql_where=text(_UNDECIDED)),
    Index("ix_outbox_acts_child", "child", sqlite_where=text(_NAMED), postgresql_where=text(_NAMED)),
)  # fmt: skip
"""Acts of an entry. ``status``: queued, sent, applied, refused, discarded."""

WAITING = outbox_acts.c.block.is_(None) & outbox_acts.c.status.in_(("queued", "sent"))
"""Without a verdict; the first half is what the index by subject asks for."""

idempotency = Table(
    "idempotency", metadata,
    Column("owner", String(64), primary_key=True), Column("key", String(128), primary_key=True),
    octets("body_hash"), Column("acts", JSON, nullable=False), number("created_at"),
)  # fmt: skip

leases = Table(
    "leases", metadata,
    Column("name", String(32), primary_key=True), Column("holder", String(64), nullable=False),
    number("until"),
)  # fmt: skip
"""Who is the one relay; ``until`` in milliseconds."""

heartbeats = Table(
    "heartbeats", metadata,
    Column("name", String(32), primary_key=True), number("at"),
    Column("detail", JSON, nullable=False),
)  # fmt: skip

vault_keys = Table(
    "vault_keys", metadata,
    octets("case_key", primary_key=True), octets("wrapped"),
)  # fmt: skip

documents = Table(
    "documents", metadata,
    octets("case_key", primary_key=True), octets("root", primary_key=True, index=True),
    Column("kind", String(32), nullable=False), octets("sealed"), u64("officer"), number("at"),
)  # fmt: skip

reads = Table(
    "reads", metadata,
    Column("id", SERIAL, primary_key=True), octets("case_key", index=True),
    octets("root", nullable=True), u64("officer"), number("at"),
    Column("what", String(32), nullable=False),
)  # fmt: skip

sessions = Table(
    "sessions", metadata,
    octets("token_hash", primary_key=True), octets("address"), u64("officer"),
    number("created_at"), number("expires", index=True),
)  # fmt: skip

challenges = Table(
    "challenges", metadata,
    Column("nonce", String(64), primary_key=True), octets("address"), number("expires", index=True),
)  # fmt: skip

license_records = Table(
    "license_records", metadata,
    octets("leaf", primary_key=True), number("issuer", index=True), octets("body"),
    octets("sm3", index=True), octets("sha256", index=True), octets("lookup", index=True),
    octets("sealed"), number("created_at"),
)  # fmt: skip
"""``body`` is the ABI form of the license; ``lookup`` a keyed digest of the identifier; ``sealed``
the identifier and its salt, encrypted."""

license_batches = Table(
    "license_batches", metadata,
    octets("root", primary_key=True), number("issuer", index=True), number("count"),
    number("created_at"),
)  # fmt: skip

license_leaves = Table(
    "license_leaves", metadata,
    octets("root", primary_key=True), number("place", primary_key=True, autoincrement=False),
    octets("leaf", index=True),
)  # fmt: skip

owner = Table(
    "owner", metadata,
    Column("name", String(16), primary_key=True), Column("value", String(64), nullable=False),
)  # fmt: skip
"""Which ledger the database belongs to (``api.store.claim``)."""
