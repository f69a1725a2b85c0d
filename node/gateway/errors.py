"""What can go wrong between us and a chain; "unreachable" is never told as anything else."""

from ledger.errors import Conflict, HuxinError, Unavailable


class ChainUnavailable(Unavailable):
    """The endpoint does not answer, or not with JSON-RPC: nothing is known of what was asked.

    A transaction whose sending ended so may have been taken all the same.
    """


class ReceiptsMissing(ChainUnavailable):
    """Transactions were not mined in time; ``missing`` are their hashes."""

    def __init__(self, missing: tuple[bytes, ...], seconds: float) -> None:
        text = ", ".join("0x" + tx_hash.hex() for tx_hash in missing)
        super().__init__(
            "RECEIPTS_MISSING",
            f"not mined within {seconds:g} s: {text}",
            f"{seconds:g} 秒内未入链:{text}",
        )
        self.missing = missing


class ChainMismatch(Conflict):
    """The endpoint is another chain, or its answers contradict one another."""


class RpcFailure(HuxinError):
    """The chain answered with a JSON-RPC error; ``rpc_code`` and ``rpc_data`` are its own."""

    http_status = 502
    exit_code = 69

    def __init__(self, code: str, rpc_code: int, message: str, rpc_data: object = None) -> None:
        super().__init__(code, f"the chain refused: {message}", f"链拒绝了请求:{message}")
        self.message = message
        self.rpc_code = rpc_code
        self.rpc_data = rpc_data


class TransactionRejected(RpcFailure):
    """A sent transaction was not taken.

    ``code`` is ``TX_NONCE_TOO_LOW``, ``TX_REPLACEMENT``, ``TX_POOL_FULL`` or ``TX_REJECTED``.
    """


class CallReverted(RpcFailure):
    """A call reverted; ``data`` is the contract's reason (ABI of its error)."""

    def __init__(self, message: str, data: bytes) -> None:
        super().__init__("CALL_REVERTED", 3, message, "0x" + data.hex())
        self.data = data


class TransactionFailed(HuxinError):
    """A mined transaction failed (its receipt's status is 0)."""


class BatchRefused(Exception):
    """The endpoint does not take several requests at once; ask one by one."""
