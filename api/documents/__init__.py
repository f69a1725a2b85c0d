"""Documents whose formats a library reads that ``ledger`` must stay free of."""
