"""The index's tables: what the contracts keep, with the public fields only the acts show.

``VERSION`` counts changes here; an index of another version is dropped and replayed.
"""

from sqlalchemy import JSON, Boolean, Column, Index, String, Table, Text, text

from api.store.schema import INDEX, Unsigned, interval, metadata, number, octets, u64

VERSION = 7

_REFUSED = "reason <> 0"
_ON_A_LICENSE = "license IS NOT NULL"
_SEALED = "action IN (14, 15)"
"""Decisions, APPROVE and REJECT: their subject is the seal they are under."""
ON_SEALS = "name IN ('ChangeSeal', 'RegisterSeal', 'SetSealStatus') AND result = 'applied'"
"""Acts that make a seal's history; a query that uses the index below has this word for word. With ``result`` it is the
better one to SQLite, which would else take whichever of the agency's indexes was made last."""

_KIND = {"kind": INDEX}

blocks = Table(
    "blocks", metadata,
    number("number", primary_key=True, autoincrement=False),
    octets("hash"), octets("parent_hash"), number("timestamp"), number("acts"),
    info=_KIND,
)  # fmt: skip

facts = Table(
    "facts", metadata,
    Column("name", String(32), primary_key=True), Column("value", JSON, nullable=False),
    info=_KIND,
)  # fmt: skip

agencies = Table(
    "agencies", metadata,
    number("id", primary_key=True, autoincrement=False), *interval(),
    number("region"), number("flags"),
    Column("name", Text), Column("uscc", String(18)), number("block"),
    info=_KIND,
)  # fmt: skip

windows = Table(
    "windows", metadata,
    u64("id", primary_key=True), number("agency", index=True), *interval(),
    number("region"), Column("name", Text), number("block"),
    info=_KIND,
)  # fmt: skip

keys = Table(
    "keys", metadata,
    octets("address", primary_key=True), u64("officer", index=True), number("agency"), *interval(),
    number("window"), number("roles"), number("block"),
    info=_KIND,
)  # fmt: skip

officers = Table(
    "officers", metadata,
    u64("id", primary_key=True), number("agency", index=True), octets("key"), number("block"),
    info=_KIND,
)  # fmt: skip

items = Table(
    "items", metadata,
    u64("id", primary_key=True), number("agency", index=True), number("retired_from"),
    number("latest"), number("block"),
    info=_KIND,
)  # fmt: skip

item_versions = Table(
    "item_versions", metadata,
    u64("item", primary_key=True), number("version", primary_key=True, autoincrement=False),
    number("effective_from"), number("entries"), number("tolerable"), number("promisable"),
    number("grantable"), number("originals"), number("modes"), number("license"),
    Column("code", Text), Column("name", Text), octets("materials", nullable=True),
    number("accept_days", nullable=True), number("decide_days", nullable=True), number("block"),
    info=_KIND,
)  # fmt: skip

grants = Table(
    "grants", metadata,
    u64("id", primary_key=True), number("agency", index=True), *interval(),
    u64("parent", index=True), number("kind"), u64("grantee", index=True), number("rights"),
    number("depth"), number("quota"), number("used"), Column("items", JSON), number("stopper"),
    u64("agreement", nullable=True), number("block"),
    info=_KIND,
)  # fmt: skip

agreements = Table(
    "agreements", metadata,
    u64("id", primary_key=True), number("agency", index=True), octets("terms", nullable=True),
    number("other", nullable=True), number("block"),
    info=_KIND,
)  # fmt: skip

seals = Table(
    "seals", metadata,
    u64("id", primary_key=True), number("agency", index=True), *interval(),
    octets("digest"), number("version"), Column("name", Text),
    octets("sm3", nullable=True, index=True), octets("sha256", nullable=True, index=True),
    octets("certificate", nullable=True), number("block"),
    info=_KIND,
)  # fmt: skip

licenses = Table(
    "licenses", metadata,
    octets("leaf", primary_key=True), number("issuer", primary_key=True, autoincrement=False),
    *interval(), number("seal"), Column("case_tag", Unsigned(11), nullable=False),
    u64("item", nullable=True), octets("sm3", nullable=True, index=True),
    octets("sha256", nullable=True, index=True), octets("identifier", nullable=True, index=True),
    octets("holder", nullable=True), octets("case_key", nullable=True),
    octets("supersedes", nullable=True), octets("batch", nullable=True), number("block"),
    # one of the issuer alone would be as good to SQLite, and lead through all that the agency ever issued
    Index("ix_licenses_supersedes", "supersedes", "issuer"),
    info=_KIND,
)  # fmt: skip
"""One leaf can have a row of each of several agencies: what an agency says of a leaf is its own (ADR 13). ``item`` and
the digests are of licenses that were issued singly: these rows are of the agency that has the item."""

batches = Table(
    "batches", metadata,
    octets("root", primary_key=True), number("issuer", primary_key=True, autoincrement=False),
    number("seal"), number("issued_at"), number("count"), number("block", index=True),
    info=_KIND,
)  # fmt: skip

license_uses = Table(
    "license_uses", metadata,
    octets("authorization", primary_key=True), u64("officer"), number("used_at"),
    octets("license", nullable=True, index=True), u64("window", nullable=True), octets("purpose", nullable=True),
    octets("case_key", nullable=True, index=True), number("not_before", nullable=True),
    number("not_after", nullable=True), number("block"),
    info=_KIND,
)  # fmt: skip

cases = Table(
    "cases", metadata,
    octets("case_key", primary_key=True), octets("head"), octets("trail"),
    Column("word", Unsigned(32), nullable=False),
    u64("item"), number("version"), number("mode"), number("status"), number("seq"),
    number("opened_at"), number("last_at"), number("home", index=True), u64("officer"),
    number("agency", index=True), octets("parent"), number("block"),
    info=_KIND,
)  # fmt: skip

steps = Table(
    "steps", metadata,
    octets("case_key", primary_key=True), number("seq", primary_key=True, autoincrement=False),
    number("action"), u64("officer"), number("agency"), u64("grant"), number("detail"),
    octets("subject"), octets("evidence"), octets("previous"), number("signed_at"),
    number("deadline"), octets("trail"), Column("word", Unsigned(32), nullable=False),
    Column("late", Boolean, nullable=False), number("position", unique=True),
    Index("ix_steps_seal", "subject", "position", sqlite_where=text(_SEALED), postgresql_where=text(_SEALED)),
    info=_KIND,
)  # fmt: skip

links = Table(
    "links", metadata,
    octets("child", primary_key=True), octets("parent"), number("block"),
    info=_KIND,
)  # fmt: skip

outcomes = Table(
    "outcomes", metadata,
    number("position", primary_key=True, autoincrement=False), number("block"), octets("tx_hash"),
    octets("act_id"), Column("contract", String(16), nullable=False),
    Column("name", String(32), nullable=False), u64("officer"), number("agency"),
    number("other"), octets("subject"), number("reason"),
    Column("result", String(12), nullable=False), Column("judged", Boolean, nullable=False),
    number("at"), Column("act", JSON), octets("license", nullable=True),
    Index("ix_outcomes_act_id", "act_id"),
    Index("ix_outcomes_subject", "subject", sqlite_where=text(_REFUSED), postgresql_where=text(_REFUSED)),
    Index("ix_outcomes_agency_position", "agency", "position"),
    Index("ix_outcomes_other_position", "other", "position"),
    Index(
        "ix_outcomes_on_seals", "agency", "result", "position",
        sqlite_where=text(ON_SEALS), postgresql_where=text(ON_SEALS),
    ),
    Index(
        "ix_outcomes_license", "license", "agency", "result", "position",
        sqlite_where=text(_ON_A_LICENSE), postgresql_where=text(_ON_A_LICENSE),
    ),
    info=_KIND,
)  # fmt: skip
"""One row per act of each transaction. ``position = block << 28 | transaction << 14 | place`` is the
cursor of the event stream, the same after a rebuild; ``act`` is the signed struct as JSON, except
for steps that were taken, which are in ``steps``. ``other`` is the second agency concerned or 0, ``license`` the leaf
of the license that an act issues by itself or changes."""
