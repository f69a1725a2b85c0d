"""Cryptography of documents and seals: digests, SM2, SM4, public keys as certificates carry them.

The chain's own (Keccak, secp256k1) is in ``ledger.crypto``. Nothing here reads a file or a clock.
"""
