"""The store against a real chain and real contracts."""
