"""Outbox, relay's journal, documents, sessions, license records.

A revision states the tables as they were then; it must not follow ``own_tables`` as that changes.
"""

import sqlalchemy as sa
from alembic import op

from ledger.errors import Conflict

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_LASTING = (
    "outbox_acts", "outbox_entries", "relay_batches", "vault_keys", "documents", "reads", "license_records",
    "license_leaves", "license_batches",
)  # fmt: skip
_PASSING = ("idempotency", "leases", "heartbeats", "sessions", "challenges")

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _blob(name: str, *, null: bool = False, key: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=null, primary_key=key)


def _number(name: str, *, null: bool = False, key: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null, primary_key=key, autoincrement=False)


def _text(name: str, size: int, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(size), nullable=False, primary_key=key)


def _serial() -> sa.Column[int]:
    return sa.Column("id", _SERIAL, primary_key=True)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=False)


def upgrade() -> None:
    """Create the tables."""
    _relay()
    _outbox()
    _documents()
    _sessions()
    _licenses()


def _relay() -> None:
    op.create_table(
        "relay_batches",
        _serial(), _number("nonce"), _text("contract", 16), _blob("raw"), _blob("tx_hash"),
        _number("gas"), _number("entries"), _text("state", 12), _number("created_at"),
        _number("block", null=True),
        sa.UniqueConstraint("tx_hash", name="uq_relay_batches_tx_hash"),
    )  # fmt: skip
    op.create_index("ix_relay_batches_nonce", "relay_batches", ["nonce"])
    op.create_index("ix_relay_batches_state", "relay_batches", ["state"])
    op.create_table("leases", _text("name", 32, key=True), _text("holder", 64), _number("until"))
    op.create_table("heartbeats", _text("name", 32, key=True), _number("at"), _json("detail"))


def _outbox() -> None:
    op.create_table(
        "outbox_entries",
        _serial(), _text("contract", 16), _blob("payload"), _json("lanes"), _number("gas"),
        _number("acts"), _number("most", null=True), _number("received_at"), _text("state", 12),
        sa.Column("batch", _SERIAL, sa.ForeignKey("relay_batches.id")),
    )  # fmt: skip
    op.create_index("ix_outbox_entries_state_id", "outbox_entries", ["state", "id"])
    op.create_index("ix_outbox_entries_batch", "outbox_entries", ["batch"])
    op.create_table(
        "outbox_acts",
        _blob("act_id", key=True),
        sa.Column("entry", _SERIAL, sa.ForeignKey("outbox_entries.id"), nullable=False),
        _number("place"), _text("name", 32), _blob("officer"), _number("agency"), _blob("subject"),
        _blob("child", null=True), _text("status", 12), _number("reason", null=True),
        _blob("tx_hash", null=True), _number("block", null=True), _number("at", null=True),
        _blob("after_trail", null=True), _blob("after_word", null=True),
    )  # fmt: skip
    op.create_index("ix_outbox_acts_entry", "outbox_acts", ["entry"])
    op.create_index("ix_outbox_acts_subject", "outbox_acts", ["subject"])
    named = sa.text("child IS NOT NULL")
    op.create_index("ix_outbox_acts_child", "outbox_acts", ["child"], sqlite_where=named, postgresql_where=named)
    op.create_table(
        "idempotency",
        _text("owner", 64, key=True), _text("key", 128, key=True), _blob("body_hash"), _json("acts"),
        _number("created_at"),
    )  # fmt: skip


def _documents() -> None:
    op.create_table("vault_keys", _blob("case_key", key=True), _blob("wrapped"))
    op.create_table(
        "documents",
        _blob("case_key", key=True), _blob("root", key=True), _text("kind", 32), _blob("sealed"),
        _blob("officer"), _number("at"),
    )  # fmt: skip
    op.create_index("ix_documents_root", "documents", ["root"])
    op.create_table(
        "reads",
        _serial(), _blob("case_key"), _blob("root", null=True), _blob("officer"), _number("at"),
        _text("what", 32),
    )  # fmt: skip
    op.create_index("ix_reads_case_key", "reads", ["case_key"])


def _sessions() -> None:
    op.create_table(
        "sessions",
        _blob("token_hash", key=True), _blob("address"), _blob("officer"), _number("created_at"),
        _number("expires"),
    )  # fmt: skip
    op.create_index("ix_sessions_expires", "sessions", ["expires"])
    op.create_table("challenges", _text("nonce", 64, key=True), _blob("address"), _number("expires"))
    op.create_index("ix_challenges_expires", "challenges", ["expires"])


def _licenses() -> None:
    op.create_table(
        "license_records",
        _blob("leaf", key=True), _number("issuer"), _blob("body"), _blob("sm3"), _blob("sha256"),
        _blob("lookup"), _blob("sealed"), _number("created_at"),
    )  # fmt: skip
    for name in ("issuer", "sm3", "sha256", "lookup"):
        op.create_index(f"ix_license_records_{name}", "license_records", [name])
    op.create_table(
        "license_batches", _blob("root", key=True), _number("issuer"), _number("count"), _number("created_at")
    )
    op.create_index("ix_license_batches_issuer", "license_batches", ["issuer"])
    op.create_table("license_leaves", _blob("root", key=True), _number("place", key=True), _blob("leaf"))
    op.create_index("ix_license_leaves_leaf", "license_leaves", ["leaf"])


def downgrade() -> None:
    """Drop the tables, while nothing is in them that no chain can give back."""
    connection = op.get_bind()
    for name in _LASTING:
        if connection.execute(sa.select(sa.literal(1)).select_from(sa.table(name)).limit(1)).first():
            raise Conflict(
                "DOWNGRADE_LOSES", f"{name} holds what no chain can give back: make a backup, or keep this version",
                f"{name} 中有链上没有的数据:请先备份,或保留此版本",
            )  # fmt: skip
    for name in (*_LASTING, *_PASSING):
        op.drop_table(name)
