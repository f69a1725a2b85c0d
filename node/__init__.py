"""The chain: engines, the gateway to any JSON-RPC endpoint, network files."""
