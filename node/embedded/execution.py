"""Calls and gas estimates: executed on a state, never written."""

from dataclasses import dataclass
from typing import cast

from eth.abc import ComputationAPI, SignedTransactionAPI, StateAPI
from eth.constants import CREATE_CONTRACT_ADDRESS
from eth.exceptions import Revert, VMError
from eth.vm.forks.london.transactions import LondonUnsignedLegacyTransaction
from eth.vm.spoof import SpoofTransaction
from eth_typing import Address
from eth_utils import ValidationError

_BARE_TRANSFER = 21_000
_TOLERANCE = 0.015  # geth's estimateGasErrorRatio


class ExecutionReverted(Exception):
    """The contract reverted; ``data`` is what it gave as its reason."""

    def __init__(self, data: bytes) -> None:
        super().__init__("execution reverted")
        self.data = data


class ExecutionFailed(Exception):
    """The call cannot be executed or ran into a VM error; the text says which."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call to execute; ``to`` None creates a contract; addresses of 20 bytes, value in wei."""

    sender: bytes
    to: bytes | None
    data: bytes
    gas: int
    value: int = 0


def _run(state: StateAPI, call: Call, gas: int) -> tuple[ComputationAPI, int]:
    """Execute on a snapshot; the computation and the gas it used."""
    sender = Address(call.sender)
    transaction = LondonUnsignedLegacyTransaction(
        nonce=state.get_nonce(sender),
        gas_price=0,
        gas=gas,
        to=CREATE_CONTRACT_ADDRESS if call.to is None else call.to,
        value=call.value,
        data=call.data,
    )
    if gas < transaction.intrinsic_gas:
        raise ExecutionFailed(f"intrinsic gas too low: have {gas}, want {transaction.intrinsic_gas}")
    unsigned = cast("SignedTransactionAPI", SpoofTransaction(transaction, from_=sender, s=1))
    snapshot = state.snapshot()
    try:
        computation = state.apply_transaction(unsigned)
    except ValidationError as error:
        raise ExecutionFailed(f"insufficient funds or invalid call: {error}") from error
    finally:
        state.revert(snapshot)
        state.lock_changes()
    used = transaction.intrinsic_gas + computation.get_gas_used()
    refund = min(computation.get_gas_refund(), used // 5)
    return computation, used - refund


def _check(computation: ComputationAPI) -> None:
    if computation.is_success:
        return
    error = computation.error
    if isinstance(error, Revert):
        raise ExecutionReverted(bytes(computation.output))
    if isinstance(error, VMError):
        raise ExecutionFailed(f"{type(error).__name__}: {error}"[:300])
    raise error


def call_contract(state: StateAPI, call: Call) -> bytes:
    """What the call returns; raises ExecutionReverted, ExecutionFailed."""
    computation, _ = _run(state, call, call.gas)
    _check(computation)
    return bytes(computation.output)


def estimate_gas(state: StateAPI, call: Call) -> int:
    """A gas limit with which the call succeeds, at most 1.5 % above the smallest.

    ``call.gas`` bounds it. Raises ExecutionReverted, ExecutionFailed where even that fails.
    """
    computation, used = _run(state, call, call.gas)
    _check(computation)
    failing, working = max(used, _BARE_TRANSFER) - 1, call.gas
    guess = (used + computation.get_gas_refund()) * 64 // 63
    while failing + 1 < working and (working - failing) / working > _TOLERANCE:
        middle = min((failing + working) // 2, failing * 2)
        middle = guess if failing < guess < working else middle
        guess = 0
        if _succeeds(state, call, middle):
            working = middle
        else:
            failing = middle
    return working


def _succeeds(state: StateAPI, call: Call, gas: int) -> bool:
    try:
        computation, _ = _run(state, call, gas)
    except ExecutionFailed:
        return False
    return bool(computation.is_success)
