"""A batch's Merkle tree on disk: mapped, so that a proof reads twenty nodes and builds nothing."""

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.errors import InvalidInput
from ledger.merkle import FlatTree, lay_out
from node.durable import sync_folder


def tree_path(folder: Path, number: int) -> Path:
    """Where a batch's tree lies."""
    return folder / f"batch-{number:04d}.tree"


def write_tree(path: Path, leaves: list[bytes], expected: bytes | None = None) -> bytes:
    """Build over sorted leaves, on disk before this returns; the root. One other than ``expected`` is not written."""
    nodes = lay_out(leaves)
    root = FlatTree(nodes).root
    if expected not in {None, root}:
        return root
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        file.write(nodes)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)
    return root


@contextmanager
def open_tree(path: Path, root: bytes) -> Iterator[FlatTree]:
    """The tree as it lies there; InvalidInput ``TREE_DAMAGED`` where it does not end in the root."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as nodes:
            tree = FlatTree(nodes)
            if tree.root != root:
                raise _damaged(path)
            yield tree
    except (OSError, ValueError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> InvalidInput:
    return InvalidInput(
        "TREE_DAMAGED", path.name, "the tree is missing or damaged: it is built anew from the work file",
        "默克尔树文件缺失或损坏,可由工作文件重建",
    )  # fmt: skip
