"""A whole Merkle-Patricia trie made from its sorted leaves, bottom up: each node is encoded once."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import rlp

from ledger.crypto import keccak

_BRANCH_ITEMS = 17
_LEAF_FLAG = 2
Leaf = tuple[str, bytes]
"""The path (64 hex digits) and the value as stored (RLP)."""


def leaf(slot: int, value: bytes) -> Leaf:
    """A storage slot with its 32-byte word."""
    return keccak(slot.to_bytes(32)).hex(), rlp.encode(value.lstrip(b"\0"))


def leaves(root: bytes, node: Callable[[bytes], bytes]) -> Iterator[Leaf]:
    """All leaves of a trie; ``node`` finds a node by its hash."""
    waiting: list[tuple[str, Any]] = [("", root)]
    while waiting:
        path, reference = waiting.pop()
        items = rlp.decode(node(reference)) if isinstance(reference, bytes) else reference
        if len(items) == _BRANCH_ITEMS:
            waiting += [(f"{path}{digit:x}", child) for digit, child in enumerate(items[:16]) if child]
            continue
        flag = items[0][0] >> 4
        rest = path + items[0].hex()[1 if flag & 1 else 2 :]
        if flag & _LEAF_FLAG:
            yield rest, items[1]
        else:
            waiting.append((rest, items[1]))


def build(content: Sequence[Leaf], put: Callable[[bytes, bytes], None]) -> bytes:
    """The root of the trie that holds ``content`` (sorted, not empty); ``put`` keeps each node."""
    encoded = _node(content, 0, len(content), 0, put)
    root = keccak(encoded)
    put(root, encoded)
    return root


def _node(content: Sequence[Leaf], first: int, end: int, depth: int, put: Callable[[bytes, bytes], None]) -> bytes:
    path, value = content[first]
    if end - first == 1:
        return _list(_string(_packed(path[depth:], is_leaf=True)) + _string(value))
    last = content[end - 1][0]
    fork = depth
    while path[fork] == last[fork]:
        fork += 1
    branch = _branch(content, first, end, fork, put)
    if fork == depth:
        return branch
    return _list(_string(_packed(path[depth:fork], is_leaf=False)) + _reference(branch, put))


def _branch(content: Sequence[Leaf], first: int, end: int, depth: int, put: Callable[[bytes, bytes], None]) -> bytes:
    parts = [b"\x80"] * _BRANCH_ITEMS
    while first < end:
        digit, after = content[first][0][depth], first + 1
        while after < end and content[after][0][depth] == digit:
            after += 1
        parts[int(digit, 16)] = _reference(_node(content, first, after, depth + 1, put), put)
        first = after
    return _list(b"".join(parts))


def _reference(encoded: bytes, put: Callable[[bytes, bytes], None]) -> bytes:
    if len(encoded) < 32:
        return encoded
    identity = keccak(encoded)
    put(identity, encoded)
    return b"\xa0" + identity


def _packed(path: str, *, is_leaf: bool) -> bytes:
    """Hex-prefix encoding (Yellow Paper, appendix C)."""
    flag = _LEAF_FLAG * is_leaf + len(path) % 2
    return bytes.fromhex(f"{flag:x}{path}" if len(path) % 2 else f"{flag:x}0{path}")


def _string(value: bytes) -> bytes:
    return rlp.encode(value) if len(value) != 32 else b"\xa0" + value


def _list(payload: bytes) -> bytes:
    if len(payload) < 56:
        return bytes((0xC0 + len(payload),)) + payload
    size = len(payload).to_bytes((len(payload).bit_length() + 7) // 8)
    return bytes((0xF7 + len(size),)) + size + payload
