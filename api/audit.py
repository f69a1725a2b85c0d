"""``huxin audit``: everything recomputed, from the chain store's bytes up to the index.

What is read: the chain (its store on this machine, and JSON-RPC), the index. What is believed: the
trust anchor in ``network.json`` and the contracts' code as published in ``contracts/artifacts``.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from eth_abi.abi import encode as abi_encode

from api.index.check import compare_index
from api.replaying import block_source, replay_blocks
from api.settings import Settings
from api.store.origin import Origin
from ledger.audit import Question, compare_state, questions
from ledger.calldata import selector
from ledger.errors import Fault, HuxinError
from ledger.world import World
from node.deployment import matches_artifact, verify
from node.embedded.checks import audit_folder
from node.embedded.store import NETWORK_FILE
from node.engines import EmbeddedEngine
from node.gateway.errors import ChainUnavailable
from node.gateway.gateway import Gateway
from node.network import LedgerNetwork
from node.network import load as load_ledger

Progress = Callable[[str, int, int], None]
"""Told the stage (``store``, ``replay``, ``state``, ``index``), how far it is, and of how much."""


@dataclass(slots=True)
class AuditReport:
    """What was read, and each thing that is not as it must be. ``clean`` means that nothing differs."""

    blocks: int = 0
    transactions: int = 0
    acts: int = 0
    steps: int = 0
    refusals: int = 0
    words: int = 0
    index_rows: int = 0
    differences: list[Fault] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not self.differences


def run(settings: Settings, progress: Progress = lambda _stage, _done, _of: None) -> AuditReport:
    """Audit the ledger of a data folder; raises HuxinError only where there is nothing to audit."""
    network = load_ledger(settings.network_file)
    report = AuditReport()
    report.differences += _store_faults(settings, progress)
    try:
        with chain_of(settings, network) as chain:
            _audit_chain(chain, network, settings.data / "chain", report, progress)
            faults, report.index_rows = compare_index(settings, chain, network, progress)
            report.differences += faults
    except HuxinError as error:
        report.differences.append(
            Fault("AUDIT_INCOMPLETE", error.code, f"复核未能完成:{error.zh}", f"the audit could not go on: {error.en}")
        )
    return report


@contextmanager
def chain_of(settings: Settings, network: LedgerNetwork) -> Iterator[Gateway]:
    """The running chain; where none answers and its store is here, the store opened for the while."""
    url = settings.rpc_url or network.rpc_url
    try:
        chain = Gateway(url, network.chain_id, settings.finality_depth, settings.rpc_timeout)
    except ChainUnavailable:
        folder = settings.data / "chain"
        if not (folder / NETWORK_FILE).exists():
            raise
        with EmbeddedEngine().start(folder, network.chain_id) as engine:
            yield Gateway(engine.url, network.chain_id)
        return
    yield chain


def _store_faults(settings: Settings, progress: Progress) -> Iterator[Fault]:
    """The embedded chain's store, byte by byte; other engines have their own."""
    folder = settings.data / "chain"
    if folder.exists():
        yield from audit_folder(folder, progress=lambda _stage, number: progress("store", number or 0, 0))


def _audit_chain(
    chain: Gateway, network: LedgerNetwork, folder: Path, report: AuditReport, progress: Progress
) -> None:  # fmt: skip
    report.differences += _anchor_faults(chain, network)
    world = World(network.deployment, Origin.of(network).council(), lambda address: bool(chain.code(address)))
    last = chain.final_head()
    with block_source(chain, folder, last, report.differences.append) as source:
        replay = replay_blocks(source, world, last, report.differences.append, partial(progress, "replay"))
    report.blocks, report.transactions = replay.blocks, replay.transactions
    report.acts, report.steps, report.refusals = replay.acts, replay.steps, replay.refusals
    asked = list(questions(world))
    report.words = len(asked)
    progress("state", 0, len(asked))
    report.differences += compare_state(asked, lambda some: _answers(chain, network, some, last))
    progress("state", len(asked), len(asked))


def _anchor_faults(chain: Gateway, network: LedgerNetwork) -> Iterator[Fault]:
    for name in verify(chain, network):
        yield Fault("ANCHOR_DIFFERS", name, "链与 network.json 不符", "the chain is not the one of network.json")
    for contract in network.contracts:
        if not matches_artifact(contract.name, chain.code(contract.address)):
            yield Fault(
                "CODE_DIFFERS",
                contract.name,
                "合约代码与发布的产物不一致",
                "the contract's code is not the published artifact's",
            )


def _answers(chain: Gateway, network: LedgerNetwork, asked: list[Question], block: int) -> list[int]:
    addresses = network.deployment.addresses
    found = []
    for question in asked:
        types = question.signature[question.signature.index("(") + 1 : -1].split(",")
        data = selector(question.signature) + abi_encode(types, question.arguments)
        found.append(int.from_bytes(chain.call(addresses[question.contract], data, block)[:32], "big"))
    return found
