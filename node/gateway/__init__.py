"""The one way from our programs to a chain: standard Ethereum JSON-RPC through web3.py."""
