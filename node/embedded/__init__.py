"""A persistent chain of one on py-evm, speaking standard Ethereum JSON-RPC, in its own process."""
