"""Which ledger the database belongs to; the first process that opens it says so."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An empty table: who opens the database next claims it."""
    op.create_table(
        "owner",
        sa.Column("name", sa.String(16), nullable=False, primary_key=True),
        sa.Column("value", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    """Earlier versions do not ask."""
    op.drop_table("owner")
