"""``huxin doctor``: each thing the ledger needs is done once, and where it does not go, what to do is said."""
