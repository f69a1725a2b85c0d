"""The ledger over HTTP: FastAPI, problem+json, everything under ``/v1``."""
