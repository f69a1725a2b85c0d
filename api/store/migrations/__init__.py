"""Alembic's revisions of our own tables; the index has none, it is replayed instead."""
