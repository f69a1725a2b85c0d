"""The outbox by case: waiting acts alone, so that the index does not grow with what was anchored.

A random key of every act ever accepted cost a page of its own for each new one; it is asked for waiting acts only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NAME = "ix_outbox_acts_subject"


def upgrade() -> None:
    """Leave out acts that have their verdict."""
    waiting = sa.text("block IS NULL")
    op.drop_index(_NAME, "outbox_acts")
    op.create_index(_NAME, "outbox_acts", ["subject"], sqlite_where=waiting, postgresql_where=waiting)


def downgrade() -> None:
    """All acts again."""
    op.drop_index(_NAME, "outbox_acts")
    op.create_index(_NAME, "outbox_acts", ["subject"])
