"""Checks that can fail."""
