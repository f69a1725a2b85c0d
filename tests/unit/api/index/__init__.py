"""Tests of api.index."""
