"""Copies of databases that others write to."""
