"""Tests of services without HTTP."""
