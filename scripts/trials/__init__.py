"""What experiments on whole ledgers share: the ledger under load, clients that insist, what the chain holds."""
