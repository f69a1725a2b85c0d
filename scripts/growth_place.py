"""A ledger in one process whose every part can be driven by hand: accept, relay, engine, index."""

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from api.index.indexer import Indexer
from api.relay.batching import Limits
from api.relay.journal import Journal
from api.relay.relay import Pace, Relay
from api.services.examination import Examination
from api.services.submission import Submission, Submissions, keyed, owner_of
from api.store.entries import Claim
from api.store.origin import Origin
from api.store.store import Store, open_store
from ledger.calldata import Group
from ledger.crypto import address_of
from node.embedded.chain import Chain
from node.embedded.rpc.dispatch import Dispatcher
from node.embedded.rpc.server import build_dispatcher
from node.gateway.account import RelayAccount
from node.gateway.connection import Connection
from node.gateway.gateway import Gateway
from scripts.engine_chain import EngineChain
from scripts.engine_scene import EngineScene
from scripts.gas_scene import CHAIN_ID, MEMBERS, START, Scene

BATCH = 200


class _Local(Connection):
    """The gateway's connection straight into the node's dispatcher: all of JSON-RPC but HTTP."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self.url = "here"
        self._dispatcher = dispatcher

    def request(self, method: str, *params: Any) -> Any:
        return self._result(method, self._ask(_call(0, method, params)))

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        asked = [_call(place, method, params) for place, (method, params) in enumerate(calls)]
        return [self._result(method, one) for (method, _), one in zip(calls, self._ask(asked), strict=True)]

    def _ask(self, request: Any) -> Any:
        return json.loads(self._dispatcher.answer(json.dumps(request).encode()) or b"null")


def _call(place: int, method: str, params: Sequence[Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": place, "method": method, "params": list(params)}


def gateway_into(chain: Chain) -> Gateway:
    """The gateway over a chain in this process."""
    connection = _Local(build_dispatcher(chain, lambda: 1))
    with patch("node.gateway.gateway.Connection", lambda _url, _seconds: connection):
        return Gateway("here", CHAIN_ID)


@dataclass(slots=True)
class Place:
    """One ledger: chain and database in ``folder``, each part as its process would open it."""

    folder: Path
    scene: Scene
    engine: EngineChain
    gateway: Gateway
    store: Store
    submissions: Submissions
    relay: Relay
    indexer: Indexer
    opening: dict[str, float]
    """Seconds it took to open each part."""

    @classmethod
    def found(cls, folder: Path) -> "Scene":
        """Make the base of all places: contracts, agencies, officers, grants, all in the index."""
        scene = EngineScene.new(folder / "chain", START).scene
        engine = scene.chain
        assert isinstance(engine, EngineChain)  # noqa: S101 - for the type checker
        engine.chain.database.close()
        place = cls.open(folder, scene)
        while place.indexer.follow():
            pass
        place.close()
        return scene

    @classmethod
    def open(cls, folder: Path, scene: Scene) -> "Place":
        """Open every part, timed."""
        opening: dict[str, float] = {}
        started = time.perf_counter()

        def note(name: str) -> None:
            nonlocal started
            opening[name] = time.perf_counter() - started
            started = time.perf_counter()

        engine = EngineChain.open(folder / "chain")
        engine.time += 3_600  # what was entered holds from its own block on, and steps are signed before theirs
        gateway = gateway_into(engine.chain)
        note("chain")
        store = open_store(f"sqlite:///{folder / 'huxin.db'}", most=BATCH)
        note("store")
        origin = _origin(scene)
        indexer = Indexer(store.db, gateway, origin)
        indexer.is_current()
        note("index")
        clock = lambda: engine.time  # noqa: E731
        journal = Journal(store.db, lambda _connection: None)
        account = RelayAccount(engine.relay_key, CHAIN_ID)
        relay = Relay(
            journal, gateway, account, scene.world.deployment, Limits(), Pace(batch_age=0.0), clock, time.monotonic
        )
        relay.turn()
        note("relay")
        worlds = store.worlds(origin)
        known = lambda ids: len(store.outbox.statuses(ids)) == len(ids)  # noqa: E731
        submissions = Submissions(scene.world.deployment, worlds, clock, known)
        store.outbox.open_bench = Examination(worlds, clock, lambda _agency, _case: True).open_bench
        worlds.scratch()
        store.start_writer()
        note("accepting")
        return cls(folder, replace(scene, chain=engine), engine, gateway, store, submissions, relay, indexer, opening)

    def copy(self, folder: Path) -> None:
        """Another place like this one, which must be closed."""
        shutil.copytree(self.folder, folder)

    def close(self) -> None:
        """Close chain and store."""
        self.store.close()
        self.engine.chain.database.close()

    # --- the life of a batch

    def accept(self, groups: Sequence[Group]) -> None:
        """Recover the signers, judge, commit to the outbox; each under an idempotency key, as our client sends one."""
        claims = [self._claim(group) for group in groups]
        for answer in [self.store.outbox.writer.put(claim) for claim in claims]:
            receipt = answer.result()
            if any(receipt.predicted):
                raise RuntimeError(f"a step would be refused: {receipt.predicted}")

    def _claim(self, group: Group) -> Claim:
        claim = self.submissions.claim(group.signed, group.signature)
        said = Submission(type(group.signed).__name__, None, (group.signature,))
        key = keyed(claim.act_ids[0][:16].hex(), owner_of((claim.signer,)), claim.act_ids, said)
        return replace(claim, idempotency=key)

    def carry(self) -> None:
        """Batch, sign, record, send."""
        while self.relay.turn():
            pass

    def execute(self) -> None:
        """Seal what was sent."""
        self.engine.mine(())

    def index(self) -> None:
        """Read the new blocks, judge, write."""
        while self.indexer.follow():
            pass


def _origin(scene: Scene) -> Origin:
    members = frozenset(map(address_of, MEMBERS))
    return Origin(scene.world.deployment, members, 2, 0)
