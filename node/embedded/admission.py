"""What a raw transaction must satisfy before it may wait for a block.

A transaction that a block could not hold would abort the whole block, so everything a block
requires is asked here first: encoding, chain, signature, permission, gas, price, nonce.
"""

from dataclasses import dataclass
from typing import Protocol

import rlp
from eth.abc import SignedTransactionAPI
from eth.exceptions import PyEVMError
from eth.vm.forks.london.transactions import LondonTransactionBuilder
from eth_keys.exceptions import BadSignature
from eth_utils import ValidationError

from ledger.crypto import HALF_ORDER, keccak
from ledger.errors import InvalidInput
from node.embedded.network import Network

MAX_TRANSACTION_BYTES = 128 * 1024  # geth's limit, so that what runs here runs there
_LEGACY_PREFIX = 0xC0
_SHORT = 55  # bytes of content whose length stands in the first byte (Yellow Paper, appendix B)
_MOST_DEPTH = 4
_MAX_NONCE = 2**64 - 2
_DECODING_ERRORS = (
    rlp.exceptions.RLPException,
    PyEVMError,
    ValidationError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    RecursionError,
)


class TransactionRefused(InvalidInput):
    """A transaction the chain will not take; ``en`` begins as geth's message does."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A transaction whose form, signature and permission are in order."""

    hash: bytes
    sender: bytes
    nonce: int
    raw: bytes
    transaction: SignedTransactionAPI


class AccountReader(Protocol):
    """What the head's state says of an account."""

    def nonce(self, address: bytes) -> int:
        """The account's next nonce."""

    def balance(self, address: bytes) -> int:
        """The account's balance in wei."""

    def has_code(self, address: bytes) -> bool:
        """Whether the account is a contract."""


def refuse(code: str, en: str, zh: str) -> TransactionRefused:
    """A refusal, in both languages."""
    return TransactionRefused(code, "transaction", en, zh)


def decode_transaction(raw: bytes) -> SignedTransactionAPI:
    """Read a legacy or EIP-2718 transaction; TransactionRefused ``TX_MALFORMED``."""
    if not _is_shallow(raw):
        raise refuse("TX_MALFORMED", "rlp: no transaction: lists within lists", "不是合法的交易编码")
    try:
        if raw[0] >= _LEGACY_PREFIX:
            items = rlp.decode(raw)
            transaction = LondonTransactionBuilder.deserialize(items)
        else:
            transaction = LondonTransactionBuilder.decode(raw)
        if transaction.encode() != raw:
            raise refuse("TX_MALFORMED", "the encoding is not canonical", "交易编码不规范")
        transaction.validate()
    except _DECODING_ERRORS as error:
        detail = f"{type(error).__name__}: {error}"[:200]
        raise refuse("TX_MALFORMED", f"rlp: no transaction: {detail}", "不是合法的交易编码") from error
    return transaction


def _is_shallow(raw: bytes) -> bool:
    """Whether no list lies deeper than the slots of an access list: decoding deeper ones takes seconds."""
    ends: list[int] = []
    place = int(bool(raw) and raw[0] < _LEGACY_PREFIX)
    while place < len(raw):
        while ends and place >= ends[-1]:
            ends.pop()
        first = raw[place]
        base = 0xC0 if first >= _LEGACY_PREFIX else 0x80
        if first < base:
            place += 1
            continue
        digits = max(0, first - base - _SHORT)
        size = int.from_bytes(raw[place + 1 : place + 1 + digits]) if digits else first - base
        place += 1 + digits
        if base == _LEGACY_PREFIX:
            ends.append(place + size)
        else:
            place += size
        if len(ends) > _MOST_DEPTH:
            return False
    return True


def admit(raw: bytes, network: Network) -> Admitted:
    """Check all of a transaction that does not depend on the state.

    Raises TransactionRefused: ``TX_TOO_LARGE``, ``TX_MALFORMED``, ``TX_CHAIN_ID``,
    ``TX_SIGNATURE``, ``TX_SENDER_NOT_PERMITTED``, ``TX_GAS_LIMIT``, ``TX_INTRINSIC_GAS``,
    ``TX_NONCE``.
    """
    if len(raw) > MAX_TRANSACTION_BYTES:
        raise refuse("TX_TOO_LARGE", f"oversized data: {len(raw)} bytes", "交易超过 128 KiB")
    transaction = decode_transaction(raw)
    _check_chain(transaction, network)
    sender = _recover(transaction)
    if not network.permits(sender):
        raise refuse(
            "TX_SENDER_NOT_PERMITTED",
            f"sender 0x{sender.hex()} is not permitted on this chain",
            f"发送方 0x{sender.hex()} 未获准在本链发送交易",
        )
    _check_gas(transaction, network)
    if transaction.nonce > _MAX_NONCE:
        raise refuse("TX_NONCE", "nonce has max value", "交易序号超出上限")
    return Admitted(keccak(raw), sender, transaction.nonce, raw, transaction)


def _check_chain(transaction: SignedTransactionAPI, network: Network) -> None:
    if transaction.chain_id is None:
        raise refuse(
            "TX_CHAIN_ID",
            "only replay-protected (EIP-155) transactions allowed over RPC",
            "交易须按 EIP-155 绑定链标识",
        )
    if transaction.chain_id != network.chain_id:
        raise refuse(
            "TX_CHAIN_ID",
            f"invalid chain id for signer: have {transaction.chain_id} want {network.chain_id}",
            f"交易的链标识为 {transaction.chain_id},本链为 {network.chain_id}",
        )


def _recover(transaction: SignedTransactionAPI) -> bytes:
    if not 0 < transaction.s <= HALF_ORDER:
        raise refuse("TX_SIGNATURE", "invalid transaction v, r, s values", "交易签名值有误")
    try:
        return bytes(transaction.get_sender())
    except (BadSignature, *_DECODING_ERRORS) as error:
        raise refuse("TX_SIGNATURE", "invalid sender: the signature is nobody's", "交易签名无法还原发送方") from error


def _check_gas(transaction: SignedTransactionAPI, network: Network) -> None:
    if transaction.gas > network.gas_limit:
        raise refuse(
            "TX_GAS_LIMIT",
            f"exceeds block gas limit: {transaction.gas} > {network.gas_limit}",
            f"交易燃料上限 {transaction.gas} 超过区块上限 {network.gas_limit}",
        )
    if transaction.gas < transaction.intrinsic_gas:
        raise refuse(
            "TX_INTRINSIC_GAS",
            f"intrinsic gas too low: gas {transaction.gas}, minimum {transaction.intrinsic_gas}",
            f"交易燃料 {transaction.gas} 少于下限 {transaction.intrinsic_gas}",
        )


def check_account(admitted: Admitted, accounts: AccountReader) -> None:
    """Check what depends on the head's state.

    Raises TransactionRefused: ``TX_NONCE_TOO_LOW``, ``TX_FUNDS``, ``TX_SENDER_IS_CONTRACT``.
    """
    transaction, sender = admitted.transaction, admitted.sender
    expected = accounts.nonce(sender)
    if admitted.nonce < expected:
        raise refuse(
            "TX_NONCE_TOO_LOW",
            f"nonce too low: next nonce {expected}, tx nonce {admitted.nonce}",
            f"交易序号 {admitted.nonce} 已用过,下一个为 {expected}",
        )
    cost = transaction.gas * transaction.max_fee_per_gas + transaction.value
    if cost and accounts.balance(sender) < cost:
        raise refuse(
            "TX_FUNDS",
            "insufficient funds for gas * price + value: this chain's gas price is 0",
            "余额不足:本链燃料价格为 0,请勿出价或转账",
        )
    if accounts.has_code(sender):  # EIP-3607
        raise refuse("TX_SENDER_IS_CONTRACT", "sender not an eoa", "发送方是合约账户")
