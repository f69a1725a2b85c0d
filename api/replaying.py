"""Every block of a chain read, its seals checked, its transactions judged again and compared with their events."""

import gc
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from api.ahead import Ahead
from ledger.audit import Block as JudgedBlock
from ledger.audit import Executed, Replay
from ledger.errors import Fault, InvalidInput
from ledger.headers import block_hash, decode_extra_data, decode_header, verify_header_seals
from ledger.rules.signed import is_trails_call
from ledger.world import World
from node.embedded.blocks import StoredBlocks
from node.embedded.database import StoreDamaged
from node.embedded.store import STORE_FILE
from node.gateway.gateway import Gateway

BLOCKS_A_REQUEST = 32


class Block(JudgedBlock, Protocol):
    """A block with its header."""

    @property
    def header_rlp(self) -> bytes:
        """What the hash was taken of."""


@dataclass(frozen=True, slots=True)
class Found:
    """A block and what became of its transactions, by their hashes."""

    block: Block
    executed: dict[bytes, Executed]


class BlockSource(Protocol):
    """Where the blocks are read."""

    def hash_of(self, number: int) -> bytes | None:
        """A block's hash, None where there is none."""

    def read(self, first: int, last: int) -> Iterator[tuple[int, Found | None]]:
        """Each height with its block, None where there is none; may raise HuxinError."""


@contextmanager
def block_source(
    chain: Gateway, folder: Path, last: int, report: Callable[[Fault], None]
) -> Iterator[BlockSource]:  # fmt: skip
    """The chain's own store where it is on this machine (``folder``) and has the same block ``last``; else JSON-RPC.

    A block's hash stands for all before it. ``STORE_DIFFERS`` is reported of another store.
    """
    store = folder / STORE_FILE
    if not store.exists():
        yield ChainSource(chain)
        return
    with closing(StoredBlocks(store)) as blocks:
        if last < 0 or _hash_in(blocks, last) == chain.block_hash(last):
            yield StoreSource(blocks)
            return
        report(_other_store(last))
        yield ChainSource(chain)


def _hash_in(blocks: StoredBlocks, number: int) -> bytes | None:
    try:
        return blocks.hash_of(number)
    except StoreDamaged:
        return None


def _other_store(number: int) -> Fault:
    return Fault(
        "STORE_DIFFERS",
        f"block {number}",
        "本机链库中的区块与链所应答的不同",
        "the chain's store on this machine has another block than the chain answers with",
    )


@dataclass(frozen=True, slots=True)
class StoreSource:
    """The embedded chain's own file, which the audit checks byte by byte beside."""

    blocks: StoredBlocks

    def hash_of(self, number: int) -> bytes | None:
        return self.blocks.hash_of(number)

    def read(self, first: int, last: int) -> Iterator[tuple[int, Found | None]]:
        for number, block in self.blocks.read(first, last):
            if block is None:
                yield number, None
            else:
                yield (
                    number,
                    Found(block, {each.hash: Executed(each.succeeded, each.logs) for each in block.transactions}),
                )


@dataclass(frozen=True, slots=True)
class ChainSource:
    """Any chain, several blocks a request."""

    chain: Gateway

    def hash_of(self, number: int) -> bytes | None:
        return self.chain.block_hash(number)

    def read(self, first: int, last: int) -> Iterator[tuple[int, Found | None]]:
        number = first
        while number <= last:
            blocks = self.chain.blocks_with_receipts(number, min(number + BLOCKS_A_REQUEST - 1, last))
            for block, receipts in blocks:
                yield number, Found(block, {one.tx_hash: Executed(one.succeeded, one.logs) for one in receipts})
                number += 1
            if not blocks:
                yield number, None
                number += 1


def replay_blocks(
    source: BlockSource,
    world: World,
    last: int,
    report: Callable[[Fault], None],
    progress: Callable[[int, int], None] = lambda _done, _of: None,
    processes: int | None = None,
) -> Replay:
    """Judge blocks 0 to ``last`` into ``world``; ``processes`` beside this one work ahead (see ``api.ahead``)."""
    replay, seals = Replay(world), SealWatch()
    trails, domain = world.deployment.addresses["trails"], world.deployment.domain("trails")

    def batches(found: Found) -> list[bytes]:
        sent = found.block.transactions
        return [each.data for each in sent if each.to == trails and is_trails_call("trails", each.data)]

    with _few_collections(), Ahead(domain, batches, processes) as ahead:
        for number, found, known in ahead.follow(source.read(0, last)):
            if found is None:
                report(Fault("BLOCK_MISSING", f"block {number}", "缺少区块", "the chain does not give this block"))
            else:
                for fault in seals.check(found.block):
                    report(fault)
                for fault in replay.block(found.block, found.executed, known):
                    report(fault)
            progress(number, last)
    return replay


@contextmanager
def _few_collections() -> Iterator[None]:
    """A step makes and drops a dozen objects without cycles; looking for those each 700 takes 7 % of the audit."""
    usual = gc.get_threshold()
    gc.set_threshold(50_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@dataclass(slots=True)
class SealWatch:
    """Header hashes and, where the chain is QBFT-sealed, the seals of each block."""

    validators: tuple[bytes, ...] | None = None

    def check(self, block: Block) -> Iterator[Fault]:
        where = f"block {block.number}"
        try:
            extra = decode_extra_data(decode_header(block.header_rlp).extra_data)
        except InvalidInput:
            # not a QBFT header: the engine has another way of agreeing, which we cannot judge
            self.validators = None
            return
        if block_hash(block.header_rlp) != block.hash:
            yield Fault("BLOCK_HASH", where, "区块哈希与区块头不符", "the hash is not that of the header")
        if self.validators is not None:
            sealed = verify_header_seals(block.header_rlp, self.validators)
            for check in sealed.checks:
                if not check.passed:
                    yield Fault(check.code, where, f"区块签封不成立:{check.detail}", f"seal: {check.detail}")
        self.validators = extra.validators
