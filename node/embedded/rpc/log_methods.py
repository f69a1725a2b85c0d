"""Methods about logs, at once or by polling."""

from collections.abc import Callable
from itertools import groupby
from typing import Any

from node.embedded.logs import Log, LogFilter, TooManyLogs, find_logs
from node.embedded.rpc.encoding import data, parse_hash, parse_quantity, quantity
from node.embedded.rpc.errors import LIMIT_EXCEEDED, SERVER_ERROR, RpcError, invalid_params
from node.embedded.rpc.filters import Filters
from node.embedded.rpc.reading import Reader
from node.embedded.rpc.requests import parse_filter
from node.embedded.rpc.views import log_views


class LogMethods:
    """Each method takes execution-apis parameters and gives its result."""

    def __init__(self, reader: Reader, filters: Filters) -> None:
        """Over one chain; filters live as long as the process."""
        self._reader = reader
        self._database = reader.chain.database
        self._filters = filters

    def table(self) -> dict[str, Callable[..., Any]]:
        """JSON-RPC names and what answers them."""
        return {
            "eth_getLogs": self.logs,
            "eth_newFilter": self.new_filter,
            "eth_newBlockFilter": self.new_block_filter,
            "eth_getFilterChanges": self.filter_changes,
            "eth_getFilterLogs": self.filter_logs,
            "eth_uninstallFilter": self.uninstall,
        }

    def _range(self, fields: dict[str, Any]) -> tuple[int, int]:
        if "blockHash" in fields:
            if fields.get("fromBlock") or fields.get("toBlock"):
                raise invalid_params("blockHash excludes fromBlock and toBlock")
            wanted = parse_hash(fields["blockHash"], "blockHash")
            block = self._database.block_by_hash(wanted)
            if block is None:
                raise RpcError(SERVER_ERROR, "unknown block")
            return block.number, block.number
        first = self._reader.height(fields.get("fromBlock") or "latest")
        last = self._reader.height(fields.get("toBlock") or "latest")
        if first > last:
            raise RpcError(SERVER_ERROR, "invalid block range params")
        return first, min(last, self._reader.chain.head.number)

    def _find(self, wanted: LogFilter, first: int, last: int) -> list[dict[str, Any]]:
        try:
            found = find_logs(self._database, wanted, first, last)
        except TooManyLogs as error:
            raise RpcError(LIMIT_EXCEEDED, str(error)) from error
        return self._views(found)

    def _views(self, found: tuple[Log, ...]) -> list[dict[str, Any]]:
        views: list[dict[str, Any]] = []
        for number, logs in groupby(found, lambda log: log.number):
            views += log_views(logs, self._reader.block(quantity(number)).hash)
        return views

    def logs(self, fields: Any) -> list[dict[str, Any]]:
        """Logs of a range of blocks that match addresses and topics."""
        wanted = parse_filter(fields)
        return self._find(wanted, *self._range(fields))

    def new_filter(self, fields: Any) -> str:
        """Poll for logs from now on."""
        wanted = parse_filter(fields)
        self._range(fields)
        return quantity(self._filters.add(wanted, fields, self._reader.chain.head.number + 1))

    def new_block_filter(self) -> str:
        """Poll for the hashes of new blocks."""
        return quantity(self._filters.add(None, {}, self._reader.chain.head.number + 1))

    def filter_changes(self, number: Any) -> list[Any]:
        """What is new since this was last asked."""
        head = self._reader.chain.head.number
        polled, first = self._filters.take_range(parse_quantity(number, "filter"), head)
        if polled.logs is None:
            blocks = (self._reader.block(quantity(n)) for n in range(first, head + 1))
            return [data(block.hash) for block in blocks]
        return self._find(polled.logs, first, head)

    def filter_logs(self, number: Any) -> list[dict[str, Any]]:
        """All logs of a filter's own range."""
        polled = self._filters.get(parse_quantity(number, "filter"))
        if polled.logs is None:
            raise RpcError(SERVER_ERROR, "filter not found")
        return self._find(polled.logs, *self._range(polled.fields))

    def uninstall(self, number: Any) -> bool:
        """Stop polling."""
        return self._filters.remove(parse_quantity(number, "filter"))
