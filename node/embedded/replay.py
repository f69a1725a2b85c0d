"""Executes every block again: whether each state follows from its transactions and from nothing else.

Hashes and seals alone do not show this: whoever holds the validator's key can seal any state.
"""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from eth.exceptions import PyEVMError
from eth.vm.interrupt import EVMMissingData
from eth_utils import ValidationError

from ledger import headers
from ledger.errors import Fault, HuxinError
from node.embedded.admission import decode_transaction
from node.embedded.database import BlockRow, ChainDatabase, StateStore
from node.embedded.network import Network
from node.embedded.sealing import (
    BlockBuilder,
    ancestors,
    build_state,
    decode_header,
    encode_header,
    next_header,
)

_CANNOT = (HuxinError, sqlite3.Error, PyEVMError, EVMMissingData, ValidationError, KeyError, ValueError, TypeError)


def verify_execution(
    path: Path, network: Network, progress: Callable[[int], None] = lambda _number: None
) -> Iterator[Fault]:
    """Name each block whose state, receipts or gas do not follow from its parent's state.

    To be asked after ``verify_store``, which says whether the records themselves are sound; takes
    as long as sealing took. Code: ``EXECUTION``.
    """
    try:
        database = ChainDatabase(path)
    except (HuxinError, sqlite3.Error) as error:
        yield _fault("store", f"the store cannot be opened: {error}", "链库无法打开")
        return
    try:
        head = database.head()
        for number in range(1, 1 + (0 if head is None else head.number)):
            progress(number)
            yield from _replay(database, network, number)
    except sqlite3.Error as error:
        yield _fault("store", f"the store cannot be read: {error}", "链库无法读完")
    finally:
        database.close()


def _fault(where: str, en: str, zh: str) -> Fault:
    return Fault("EXECUTION", where, zh, en)


def _replay(database: ChainDatabase, network: Network, number: int) -> Iterator[Fault]:
    where = f"block {number}"
    parent, block = database.block(number - 1), database.block(number)
    if parent is None or block is None:
        yield _fault(where, "the block or its parent is missing", "区块或前一区块缺失")
        return
    try:
        own_hash = _execute_again(database, network, parent, block)
    except _CANNOT as error:
        yield _fault(where, f"cannot be executed again: {type(error).__name__}", "无法重新执行")
        return
    if own_hash != block.hash:
        yield _fault(
            where,
            "its transactions lead to another state, receipts or gas than it claims",
            "按其交易重新执行,得到的状态、收据或燃料与区块所载不符",
        )


def _execute_again(database: ChainDatabase, network: Network, parent: BlockRow, block: BlockRow) -> bytes:
    header = next_header(network, parent.header, decode_header(block.header).timestamp)
    before = ancestors(database, block.number)
    builder = BlockBuilder(build_state(network, StateStore(database), header, before), header)
    for row in database.transactions(block.number):
        builder.add(decode_transaction(row.raw))
    return headers.block_hash(encode_header(builder.finish().header))
