"""The OpenAttestation document store: `bulkIssue` of a hundred hashes a call; what they are of is kept beside it.

The table beside (SQLite, every batch on disk before it is sent) holds who, which case, which order, which digest, the
officer's signature and a salt: the hash alone on chain would give a short record away to whoever tries them all.
"""

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

from eth_abi.abi import encode

from ledger.calldata import selector
from ledger.crypto import address_of, keccak, recover
from node.deployment import created_address
from scripts.compare.chains import ComparedChain
from scripts.compare.packages import document_store_creation
from scripts.compare.records import Record, Row, WrongAnswer, batches, compare, signed_by_officers
from scripts.compare.rpc import Rpc
from scripts.report import progress

_TABLE = """CREATE TABLE records (hash BLOB PRIMARY KEY, officer INTEGER, case_key BLOB, place INTEGER, digest BLOB,
salt BLOB, signature BLOB) WITHOUT ROWID"""


class DocumentStore:
    """One store on a chain, owned by the gateway, and the table beside it in `folder`."""

    def __init__(self, engine: str, chain: ComparedChain, folder: Path) -> None:
        self._engine, self._chain = engine, chain
        self._address = created_address(chain.relay, chain.nonce)
        owner = encode(["string", "address"], ["records", chain.relay])
        if not chain.send(None, document_store_creation() + owner).succeeded:
            raise WrongAnswer("the document store cannot be created")
        self._path = folder / "beside.db"
        self._beside = sqlite3.connect(self._path, isolation_level=None)
        self._beside.execute("PRAGMA journal_mode=WAL")
        self._beside.execute("PRAGMA synchronous=FULL")
        self._beside.execute(_TABLE)

    def issue(self, records: Sequence[Record]) -> Row:
        """Sign, check, write beside, issue."""
        signed, signing, checking = signed_by_officers(records)
        began, calls = time.perf_counter(), []
        for run in batches(signed):
            rows = [_row(record, signature) for record, signature in run]
            self._beside.execute("BEGIN")
            self._beside.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            self._beside.execute("COMMIT")
            calls.append(selector("bulkIssue(bytes32[])") + encode(["bytes32[]"], [[row[0] for row in rows]]))
        written = time.perf_counter() - began
        fed = self._chain.feed_all([self._chain.sign(self._address, data) for data in calls])
        if not all(one.succeeded for one in fed.mined):
            raise WrongAnswer("a transaction of the document store failed")
        self._beside.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        row = Row(
            self._engine, "文档存证 document store bulkIssue ×100", len(records), fed.seconds + written,
            signing, checking, fed.busy, sum(one.gas for one in fed.mined), sum(map(len, calls)),
            fed.stored, self._path.stat().st_size,
        )  # fmt: skip
        progress(f"{self._engine}: {row.arm}: {row.alone:,.0f}/s")
        return row

    def read_back(self, rpc: Rpc, sample: Sequence[Record]) -> None:
        """From the table, with hash and signature; the chain only says that the hash was issued; WrongAnswer."""
        query = "SELECT hash, officer, case_key, place, digest, salt, signature FROM records WHERE hash = ?"
        for record in sample:
            row = self._beside.execute(query, (_hash(record),)).fetchone()
            if row is None:
                raise WrongAnswer("not in the table beside the chain")
            found = Record(row[1], row[2], row[3], row[4], b"")
            compare(record, found.answer)
            (issued,) = rpc.view(self._address, "isIssued(bytes32)", row[0], ["bool"])
            signer = recover(found.hash, row[6])
            if keccak(row[5] + found.packed) != row[0] or not issued or signer != address_of(record.key):
                raise WrongAnswer("the table and the chain do not fit together")

    def close(self) -> None:
        """Close the table."""
        self._beside.close()


def _salt(record: Record) -> bytes:
    return keccak(b"salt" + record.key + record.case)[:16]


def _hash(record: Record) -> bytes:
    return keccak(_salt(record) + record.packed)


def _row(record: Record, signature: bytes) -> tuple[object, ...]:
    return _hash(record), record.officer, record.case, record.order, record.digest, _salt(record), signature
