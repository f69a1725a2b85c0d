"""A persistent chain of one on py-evm, speaking standard Ethereum JSON-RPC, in its own process."""

import os

# eth-hash picks its backend at the first hash and would take the slower of the two that are installed
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")  # noqa: TID251 - the only switch eth-hash has
