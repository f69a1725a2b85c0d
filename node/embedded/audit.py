"""Re-reads a chain store from its raw bytes and names everything that does not fit.

Nothing the node computed is believed: every hash, seal, root, index and node is taken again. One
changed byte anywhere in what matters is found; the audit reports, and never stops at a finding.
"""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import rlp
from eth.abc import ReceiptAPI, SignedTransactionAPI
from eth.constants import BLANK_ROOT_HASH
from eth_bloom import BloomFilter
from eth_keys.exceptions import BadSignature
from eth_utils import ValidationError

from ledger import headers
from ledger.crypto import keccak
from ledger.errors import Fault, HuxinError
from node.embedded.admission import decode_transaction
from node.embedded.database import SCHEMA, BlockRow, TxRow
from node.embedded.logs import decode_receipt, postings
from node.embedded.network import Network
from node.embedded.sealing import genesis_header, trie_root
from node.embedded.statewalk import walk_state

_UNREADABLE = (
    HuxinError,
    rlp.exceptions.RLPException,
    BadSignature,
    ValidationError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    OverflowError,
    AttributeError,
)
_BLOCKS = "SELECT number, hash, header FROM block ORDER BY number"
_TRANSACTIONS = (
    "SELECT number, position, hash, sender, raw, receipt, first_log FROM tx WHERE number=? ORDER BY position"
)


def _fault(code: str, where: str, zh: str, en: str) -> Fault:
    return Fault(code, where, zh, en)


def _as_bytes(value: object) -> bytes:
    """A damaged record can hold a number or text where bytes belong."""
    if not isinstance(value, bytes):
        raise TypeError(f"bytes expected, {type(value).__name__} found")
    return value


@dataclass(slots=True)
class _Parent:
    """What the next block must build on."""

    hash: bytes
    number: int
    timestamp: int


def verify_store(
    path: Path, network: Network, progress: Callable[[int], None] = lambda _number: None
) -> Iterator[Fault]:
    """Name every difference in the store at ``path``; nothing is yielded where it is sound.

    Reads one snapshot, also while the node writes. ``progress`` is told each block's number.
    Codes: ``STORE_UNREADABLE``, ``STORE_PAGES``, ``STORE_SCHEMA``, ``GENESIS``, ``BLOCK_MISSING``,
    ``HEADER``, ``BLOCK_HASH``, ``PARENT``, ``TIMESTAMP``, ``SEAL``, ``TRANSACTION``, ``SENDER``,
    ``TRANSACTIONS_ROOT``, ``RECEIPT``, ``RECEIPTS_ROOT``, ``GAS``, ``BLOOM``, ``LOG_INDEX``,
    ``POSTINGS``, ``NODE``, ``STATE_ROOT``, ``STATE``.
    """
    if not path.exists():
        yield _fault("STORE_UNREADABLE", str(path), "链库文件不存在", "there is no chain store")
        return
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            # damage can reach any text, names of SQLite's own included
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            connection.execute("BEGIN")
            yield from _Audit(connection, network, progress).run()
        finally:
            connection.close()
    except (sqlite3.Error, UnicodeError) as error:
        yield _fault("STORE_UNREADABLE", path.name, f"链库无法读完:{error}", f"the store is unreadable: {error}")


def _describe(connection: sqlite3.Connection) -> list[tuple[str, ...]]:
    version = connection.execute("PRAGMA user_version").fetchone()
    query = "SELECT type, name, tbl_name, COALESCE(sql, '') FROM sqlite_schema ORDER BY name"
    return [version, *connection.execute(query)]


class _Audit:
    """One pass over one store."""

    def __init__(self, connection: sqlite3.Connection, network: Network, progress: Callable[[int], None]) -> None:
        self._connection = connection
        self._network = network
        self._progress = progress
        self._postings_needed = 0

    def run(self) -> Iterator[Fault]:
        yield from self._pages()
        yield from self._schema()
        head: BlockRow | None = None
        parent: _Parent | None = None
        for row in self._connection.execute(_BLOCKS):
            block = BlockRow(*row)
            self._progress(block.number)
            yield from self._block(block, parent)
            head, parent = block, self._as_parent(block)
        if head is None:
            yield _fault("BLOCK_MISSING", "block 0", "链库中没有区块", "the store has no block")
            return
        yield from self._strays()
        yield from self._nodes()
        yield from self._state(head)

    def _pages(self) -> Iterator[Fault]:
        for (text,) in self._connection.execute("PRAGMA integrity_check(100)"):
            if text != "ok":
                yield _fault("STORE_PAGES", "pages", f"库文件结构受损:{text}", f"damaged pages: {text}")

    def _schema(self) -> Iterator[Fault]:
        fresh = sqlite3.connect(":memory:")
        fresh.executescript(SCHEMA)
        if _describe(fresh) != _describe(self._connection):
            yield _fault("STORE_SCHEMA", "schema", "库表定义不符", "the tables are not the store's own")
        fresh.close()

    # --- blocks

    def _as_parent(self, block: BlockRow) -> _Parent | None:
        try:
            header = headers.decode_header(block.header)
            return _Parent(headers.block_hash(block.header), block.number, header.timestamp)
        except _UNREADABLE:
            return None

    def _block(self, block: BlockRow, parent: _Parent | None) -> Iterator[Fault]:
        where = f"block {block.number}"
        try:
            header = headers.decode_header(_as_bytes(block.header))
            own_hash = headers.block_hash(block.header)
        except _UNREADABLE as error:
            yield _fault("HEADER", where, "区块头无法解读", f"the header is unreadable: {error}")
            return
        if own_hash != block.hash:
            yield _fault("BLOCK_HASH", where, "区块哈希不符", "the stored hash is not the header's")
        if header.number != block.number:
            yield _fault("HEADER", where, "区块头高度不符", f"the header has number {header.number}")
        if block.number == 0:
            if block.header != genesis_header(self._network):
                yield _fault("GENESIS", where, "创世区块与网络文件不符", "not the network's genesis")
        else:
            yield from self._link(block, header, parent, where)
        yield from self._body(header, block.number, where)
        if header.state_root != BLANK_ROOT_HASH and not self._has_node(header.state_root):
            yield _fault("STATE_ROOT", where, "状态根缺失", "the state root's node is missing")

    def _link(self, block: BlockRow, header: headers.Header, parent: _Parent | None, where: str) -> Iterator[Fault]:
        if parent is None or parent.number != block.number - 1:
            yield _fault("BLOCK_MISSING", where, "前一区块缺失或受损", "the block before is not there")
        else:
            if header.parent_hash != parent.hash:
                yield _fault("PARENT", where, "父哈希不符", "the parent hash is not the parent's")
            if header.timestamp <= parent.timestamp:
                yield _fault("TIMESTAMP", where, "时间未递增", "time does not rise")
        report = headers.verify_header_seals(block.header, (self._network.validator,))
        for check in report.checks:
            if not check.passed:
                yield _fault("SEAL", where, f"封印校验 {check.code} 不通过", f"{check.code}: {check.detail}")

    # --- transactions and receipts

    def _body(self, header: headers.Header, number: int, where: str) -> Iterator[Fault]:
        rows = tuple(TxRow(*row) for row in self._connection.execute(_TRANSACTIONS, (number,)))
        transactions: list[SignedTransactionAPI] = []
        receipts: list[ReceiptAPI] = []
        first_log = 0
        for expected, row in enumerate(rows):
            place = f"{where} transaction {row.position}"
            if row.position != expected:
                yield _fault("TRANSACTION", place, "交易位置不连续", f"position {expected} is missing")
            try:
                transactions.append(decode_transaction(_as_bytes(row.raw)))
                receipts.append(decode_receipt(_as_bytes(row.receipt)))
            except _UNREADABLE as error:
                yield _fault("TRANSACTION", place, "交易或收据无法解读", f"unreadable: {error}")
                return
            yield from self._row(row, transactions[-1], place)
            if row.first_log != first_log:
                yield _fault("LOG_INDEX", place, "日志序号不符", f"logs start at {first_log}")
            first_log += len(receipts[-1].logs)
        yield from self._roots(header, transactions, receipts, where)
        yield from self._postings(number, receipts, where)

    def _row(self, row: TxRow, transaction: SignedTransactionAPI, place: str) -> Iterator[Fault]:
        if keccak(row.raw) != row.hash:
            yield _fault("TRANSACTION", place, "交易哈希不符", "the stored hash is not the bytes'")
        try:
            sender = bytes(transaction.get_sender())
        except _UNREADABLE:
            yield _fault("SENDER", place, "交易签名无法还原发送方", "the signature is nobody's")
            return
        if sender != row.sender:
            yield _fault("SENDER", place, "交易发送方不符", "the stored sender did not sign it")
        if not self._network.permits(sender):
            yield _fault("SENDER", place, "发送方未获准", "the sender is not permitted")

    def _roots(
        self,
        header: headers.Header,
        transactions: list[SignedTransactionAPI],
        receipts: list[ReceiptAPI],
        where: str,
    ) -> Iterator[Fault]:
        if trie_root(transactions) != header.transactions_root:
            yield _fault("TRANSACTIONS_ROOT", where, "交易根不符", "the transactions are others")
        if trie_root(receipts) != header.receipts_root:
            yield _fault("RECEIPTS_ROOT", where, "收据根不符", "the receipts are others")
        used = receipts[-1].gas_used if receipts else 0
        if used != int.from_bytes(header.fields[10]):
            yield _fault("GAS", where, "燃料用量不符", f"the receipts used {used}")
        bloom = BloomFilter(0)
        for receipt in receipts:
            bloom |= receipt.bloom
        if int(bloom) != int.from_bytes(header.fields[6]):
            yield _fault("BLOOM", where, "日志布隆过滤器不符", "the bloom is not that of the logs")

    def _postings(self, number: int, receipts: list[ReceiptAPI], where: str) -> Iterator[Fault]:
        # the table is keyed by what is looked up; what this block needs is asked for one by one
        for row in chain.from_iterable(postings(number, place, receipt) for place, receipt in enumerate(receipts)):
            self._postings_needed += 1
            query = "SELECT 1 FROM posting WHERE key=? AND number=? AND position=?"
            if self._connection.execute(query, row).fetchone() is None:
                yield _fault("POSTINGS", where, "日志索引缺项", "a log cannot be found by its index")

    def _strays(self) -> Iterator[Fault]:
        """Rows that belong to no block, and postings beyond those that the logs need."""
        query = "SELECT COUNT(*) FROM tx WHERE number NOT IN (SELECT number FROM block)"
        (strays,) = self._connection.execute(query).fetchone()
        if strays:
            yield _fault("TRANSACTION", "tx", "有不属于任何区块的交易", f"{strays} without a block")
        needed = self._postings_needed
        (stored,) = self._connection.execute("SELECT COUNT(*) FROM posting").fetchone()
        if stored != needed:
            yield _fault("POSTINGS", "posting", "日志索引项数不符", f"{stored} stored, {needed} needed")

    # --- state

    def _has_node(self, key: bytes) -> bool:
        query = "SELECT 1 FROM node WHERE hash=?"
        return self._connection.execute(query, (key,)).fetchone() is not None

    def _nodes(self) -> Iterator[Fault]:
        for rowid, key, value in self._connection.execute("SELECT rowid, hash, value FROM node"):
            if not isinstance(value, bytes) or keccak(value) != key:
                where = f"node {rowid} {key.hex() if isinstance(key, bytes) else key!r}"
                yield _fault("NODE", where, "状态节点内容与其哈希不符", "the node is not its hash's")

    def _state(self, head: BlockRow) -> Iterator[Fault]:
        def node(key: bytes) -> bytes | None:
            query = "SELECT value FROM node WHERE hash=?"
            row = self._connection.execute(query, (key,)).fetchone()
            return row[0] if row is not None and isinstance(row[0], bytes) else None

        try:
            root = headers.decode_header(head.header).state_root
        except _UNREADABLE:
            return
        for problem in walk_state(root, node):
            where = f"block {head.number} state"
            yield _fault("STATE", where, f"链首状态不完整:{problem}", f"the head's state: {problem}")
