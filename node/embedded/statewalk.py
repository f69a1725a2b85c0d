"""Walks a whole state from its root: every account, every slot, all code."""

from collections.abc import Callable, Iterator
from typing import Any

import rlp

from ledger.crypto import keccak
from ledger.stateproof import EMPTY_CODE_HASH, EMPTY_ROOT

_BRANCH_ITEMS = 17
_LEAF_FLAG = 0x20
_HASH_BYTES = 32
_UNREADABLE = (rlp.exceptions.RLPException, ValueError, TypeError, IndexError)


def walk_state(root: bytes, node: Callable[[bytes], bytes | None]) -> Iterator[str]:
    """What is missing or unreadable under a state root; ``node`` finds a node or code by hash."""
    for leaf in _walk(root, node):
        if isinstance(leaf, str):
            yield leaf
            continue
        try:
            _nonce, _balance, storage, code = rlp.decode(leaf)
        except _UNREADABLE:
            yield "an account is unreadable"
            continue
        yield from (problem for problem in _walk(storage, node) if isinstance(problem, str))
        if code != EMPTY_CODE_HASH:
            yield from _check(code, node(code), "code")


def _check(key: bytes, value: bytes | None, what: str) -> Iterator[str]:
    if value is None:
        yield f"{what} {key.hex()} is missing"
    elif keccak(value) != key:
        yield f"{what} {key.hex()} has other content"


def _walk(root: bytes, node: Callable[[bytes], bytes | None]) -> Iterator[bytes | str]:
    """Values of a trie's leaves as bytes, and problems as text; iterative, whatever the depth."""
    if root == EMPTY_ROOT:
        return
    waiting: list[Any] = [root]
    while waiting:
        reference = waiting.pop()
        decoded = reference
        if isinstance(reference, bytes):
            value = node(reference) if len(reference) == _HASH_BYTES else None
            problems = list(_check(reference, value, "node"))
            yield from problems
            if problems or value is None:
                continue
            try:
                decoded = rlp.decode(value)
            except _UNREADABLE:
                yield f"node {reference.hex()} is unreadable"
                continue
        children, leaf = _parts(decoded)
        waiting += children
        if leaf:
            yield leaf


def _parts(decoded: Any) -> tuple[list[Any], bytes]:
    """A node's children and the value of its leaf (empty where it has none)."""
    if len(decoded) == _BRANCH_ITEMS:
        return [child for child in decoded[:16] if child], decoded[16]
    if decoded[0][0] & _LEAF_FLAG:
        return [], decoded[1]
    return [decoded[1]], b""
