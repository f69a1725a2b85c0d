"""Backup and restore of a data folder, while the ledger runs.

Order is everything. **The database is copied first, the chain after it**, each as of one moment. So
whatever the copied database says was anchored stands in the copied chain, and what it says still waits
either stands there too, and the index finds it, or is sent again by the relay. The other way round the
restored outbox would take for anchored what its chain has never seen.
"""
