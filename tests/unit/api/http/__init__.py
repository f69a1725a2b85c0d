"""Tests of the HTTP API over the whole application: store, index and relay are real, the chain is in memory."""
