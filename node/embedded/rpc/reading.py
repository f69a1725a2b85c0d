"""Finding the block, the state and the transaction that a request's parameters name."""

from typing import Any

from eth.abc import StateAPI

from node.embedded.chain import Chain
from node.embedded.database import BlockRow, TxRow
from node.embedded.logs import stored_receipt
from node.embedded.rpc.encoding import parse_hash, parse_quantity
from node.embedded.rpc.errors import SERVER_ERROR, RpcError, invalid_params

LATEST, PENDING = "latest", "pending"
_HEAD_TAGS = frozenset({LATEST, "safe", "finalized"})


class Reader:
    """Reads by number, hash or tag; a sealed block of a chain of one is final at once."""

    def __init__(self, chain: Chain) -> None:
        """Over one chain."""
        self.chain = chain

    def height(self, tag: Any) -> int:
        """The height a number or tag names; pending is the one after the head."""
        head = self.chain.head.number
        if not isinstance(tag, str):
            raise invalid_params("invalid argument block: want a hex quantity or a tag")
        if tag in _HEAD_TAGS:
            return head
        if tag == PENDING:
            return head + 1
        if tag == "earliest":
            return 0
        return parse_quantity(tag, "block")

    def find_block(self, tag: Any) -> BlockRow | None:
        """The sealed block of a number or tag, or of an EIP-1898 object."""
        if isinstance(tag, dict):
            return self._find_by_object(tag)
        return self.chain.database.block(self.height(tag))

    def _find_by_object(self, named: dict[str, Any]) -> BlockRow | None:
        if "blockHash" in named:
            return self.chain.database.block_by_hash(parse_hash(named["blockHash"], "blockHash"))
        if "blockNumber" in named:
            return self.find_block(str(named["blockNumber"]))
        raise invalid_params("want blockHash or blockNumber (EIP-1898)")

    def block(self, tag: Any) -> BlockRow:
        """The sealed block, or the error geth gives where there is none."""
        found = self.find_block(tag)
        if found is None:
            raise RpcError(SERVER_ERROR, "header not found")
        return found

    def state(self, tag: Any) -> StateAPI:
        """The state after the named block; for pending the head's, at the time of now."""
        if tag == PENDING:
            return self.chain.pending_state()
        return self.chain.state_after(self.block(tag))

    def gas_used_before(self, row: TxRow) -> int:
        """Gas of a block's transactions before this one."""
        if row.position == 0:
            return 0
        before = self.chain.database.transaction(row.number, row.position - 1)
        return 0 if before is None else stored_receipt(before.receipt).cumulative_gas
