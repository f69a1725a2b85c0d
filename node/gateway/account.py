"""The relay's own account: it pays nothing and decides nothing, it only carries acts."""

from dataclasses import dataclass, field
from typing import Any

from eth_account import Account

from ledger import crypto


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A transaction ready to be recorded and then sent; its hash is known before sending."""

    raw: bytes
    hash: bytes
    nonce: int


@dataclass(frozen=True, slots=True)
class RelayAccount:
    """Signs transactions for one chain; ``dynamic_fee`` makes them EIP-1559, else legacy EIP-155."""

    private_key: bytes = field(repr=False)
    chain_id: int
    gas_price: int = 0
    dynamic_fee: bool = True

    @property
    def address(self) -> bytes:
        """The account's address, 20 bytes."""
        return crypto.address_of(self.private_key)

    def sign_transaction(self, nonce: int, to: bytes | None, data: bytes, gas: int) -> SignedTransaction:
        """Sign a call to ``to``, or a contract's creation where it is None."""
        fields: dict[str, Any] = {
            "chainId": self.chain_id,
            "nonce": nonce,
            "gas": gas,
            "value": 0,
            "data": data,
            **self._fees(),
        }
        if to is not None:
            fields["to"] = crypto.checksum(to)
        signed = Account.sign_transaction(fields, self.private_key)
        return SignedTransaction(bytes(signed.raw_transaction), bytes(signed.hash), nonce)

    def _fees(self) -> dict[str, int]:
        if not self.dynamic_fee:
            return {"gasPrice": self.gas_price}
        return {
            "type": 2,
            "maxFeePerGas": self.gas_price,
            "maxPriorityFeePerGas": self.gas_price,
        }
