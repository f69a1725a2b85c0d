"""Tests of api.relay."""
