"""Standard Ethereum JSON-RPC (execution-apis) over HTTP on loopback."""
