"""A whole run: read, freeze, hand in. Every part may be interrupted and is taken up where it was.

1. What an earlier run has signed is carried to its end (1).
2. The source is read into the open batch (2), which is then frozen under its root (3): on disk before it is told.
3. The batch is signed once and handed in (4); what replaces an earlier license is issued by itself, superseding it (5).

An act is written down before it is handed in. Handing in twice is the same act; one that was never seen and has expired
is signed anew over the same root, which the ledger takes only once.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from api.anchoring import tree
from api.anchoring.faults import writing_faults
from api.anchoring.reading import Counts, Reading
from api.anchoring.rows import Terms
from api.anchoring.sources import open_source
from api.anchoring.work import ActState, Batch, SignedAct, Taken, Work
from ledger.acts import License
from ledger.errors import Conflict, InvalidInput
from ledger.licenses import Share
from ledger.licenses.packing import fast_leaf
from ledger.merkle import FlatTree, verify

_EXISTS = frozenset({"BATCH_EXISTS", "LICENSE_EXISTS"})
_EXPIRED = "ACT_EXPIRED"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the ledger said of an act."""

    applied: bool
    reason: str = "OK"
    block: int | None = None


class Office(Protocol):
    """Who signs for the issuer and reaches the ledger."""

    def sign_batch(self, batch: Batch) -> SignedAct:
        """The act ``IssueBatch``, signed and not handed in."""

    def sign_change(self, license_: License, batch: bytes | None, proof: tuple[bytes, ...]) -> SignedAct:
        """The act ``IssueLicense`` of a license that supersedes one, with that one's batch and proof."""

    def carry(self, act: SignedAct) -> Verdict:
        """Hand in, again if need be, and wait for the verdict."""

    def holds(self, share: Share) -> bool:
        """Whether the ledger holds this license, by itself or under its batch's root."""


@dataclass(slots=True)
class Outcome:
    """What one run did."""

    counts: Counts
    batch: Batch | None = None
    block: int | None = None
    superseded: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)
    """Lines of changed licenses that the ledger refused, with the reason; the next run tries them again."""
    tried: set[int] = field(default_factory=set)
    """Ids of those, which are not tried twice in one run."""
    seconds: dict[str, float] = field(default_factory=dict)
    """By phase: read, tree, chain."""


class Anchoring:
    """Over one work folder; without an ``office`` batches are frozen and wait for a later run."""

    def __init__(
        self, work: Work, random_bytes: Callable[[int], bytes], office: Office | None = None,
        tell: Callable[[str, int, int], None] = lambda *_: None, monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """``tell`` hears stage, done and total (0: not known)."""
        self._work, self._random, self._office, self._tell = work, random_bytes, office, tell
        self._monotonic = monotonic

    def run(self, source: Path, item: int, seal: int, report: Path) -> Outcome:
        """Everything; Conflict ``BATCH_REFUSED`` where the ledger does not take the batch."""
        rows, folder = open_source(source)
        outcome = Outcome(Counts())
        with self._timed(outcome, "chain"):
            self._hand_in(outcome)  # (1)
        number = 1 + max((one.number for one in self._work.batches()), default=0)
        with self._timed(outcome, "read"), writing_faults(report, folder) as faults:
            reading = Reading(self._work, Terms(item, seal, folder), number, self._random, faults)
            outcome.counts = reading.run(rows(), lambda done: self._tell("read", done, 0))  # (2)
            texts = self._work.findings()
            for line, codes in self._work.warned(number):
                for code in codes.split():
                    faults.warn(line, code, *texts[code])
        with self._timed(outcome, "tree"):
            outcome.batch = self.freeze(number, seal) or outcome.batch  # (3)
        with self._timed(outcome, "chain"):
            self._hand_in(outcome)  # (4), (5)
        return outcome

    @contextmanager
    def _timed(self, outcome: Outcome, phase: str) -> Iterator[None]:
        begun = self._monotonic()
        try:
            yield
        finally:
            outcome.seconds[phase] = outcome.seconds.get(phase, 0.0) + self._monotonic() - begun

    def freeze(self, number: int, seal: int) -> Batch | None:
        """Put the open batch under its root; None: it is empty."""
        leaves = self._work.leaves(number)
        if not leaves:
            return None
        self._tell("tree", 0, len(leaves))
        root = tree.write_tree(tree.tree_path(self._work.folder, number), leaves)
        batch = Batch(number, root, len(leaves), seal)
        self._work.freeze(batch)
        self._tell("tree", len(leaves), len(leaves))
        return batch

    # --- proofs

    def _tree(self, batch: Batch) -> AbstractContextManager[FlatTree]:
        """A frozen batch's tree, built anew where its file is missing, cut or of another root."""
        path = tree.tree_path(self._work.folder, batch.number)
        try:
            with tree.open_tree(path, batch.root):
                pass
        except InvalidInput:
            self._rebuild(batch)
        return tree.open_tree(path, batch.root)

    def _rebuild(self, batch: Batch) -> None:
        path, leaves = tree.tree_path(self._work.folder, batch.number), self._work.leaves(batch.number)
        if not leaves or tree.write_tree(path, leaves, batch.root) != batch.root:
            raise _damaged()

    def share(self, taken: Taken) -> Share:
        """A license with its proof; InvalidInput ``NOT_FROZEN`` where its batch has no root yet."""
        if taken.batch is None:
            return taken.share(None, ())
        batch = next((one for one in self._work.batches() if one.number == taken.batch), None)
        if batch is None:
            raise InvalidInput(
                "NOT_FROZEN", "license", "its batch has no root yet: run again", "所在批次尚未成批,请先续跑"
            )
        return next(self._prove(batch, iter((taken,))))

    def shares(self, batch: Batch) -> Iterator[Share]:
        """All shares of a batch."""
        return self._prove(batch, self._work.all_of(batch.number))

    def _prove(self, batch: Batch, licenses: Iterator[Taken]) -> Iterator[Share]:
        """No proof leaves this place unchecked: where one does not lead to the root, the tree is built anew."""
        with ExitStack() as stack:
            nodes = stack.enter_context(self._tree(batch))
            for taken in licenses:
                share = _proven(nodes, batch, taken)
                if share is None:
                    stack.close()
                    self._rebuild(batch)
                    nodes = stack.enter_context(
                        tree.open_tree(tree.tree_path(self._work.folder, batch.number), batch.root)
                    )
                    share = _proven(nodes, batch, taken)
                if share is None:
                    raise _damaged()
                yield share

    # --- handing in

    def _hand_in(self, outcome: Outcome) -> None:
        if self._office is None:
            return
        for batch in self._work.batches():
            self._issue(batch, outcome, self._office)
        waiting = [number for number in self._work.changes() if number not in outcome.tried]
        for done, number in enumerate(waiting, 1):
            self._change(self._work.taken(number), outcome, self._office)
            self._tell("changes", done, len(waiting))

    def _issue(self, batch: Batch, outcome: Outcome, office: Office) -> None:
        subject = f"batch:{batch.number}"
        known = self._work.act(subject)
        if known is not None and known.state is ActState.APPLIED:
            return
        first = self._work.first_of(batch.number)
        if first is None:
            raise _damaged()
        self._tell("chain", 0, 1)
        act = self._carry(subject, lambda: office.sign_batch(batch), self.share(first), office)
        if act.state is ActState.REFUSED:
            raise Conflict(
                "BATCH_REFUSED", f"the ledger refused the batch: {act.reason}", f"账本拒绝该批次:{act.reason}"
            )
        outcome.batch, outcome.block = batch, act.block
        self._tell("chain", 1, 1)

    def _change(self, taken: Taken, outcome: Outcome, office: Office) -> None:
        old = self.share(self._work.taken(taken.replaces or 0))
        share = self.share(taken)
        subject = f"license:{taken.id}"
        act = self._carry(subject, lambda: office.sign_change(taken.license, old.batch, old.proof), share, office)
        if act.state is ActState.REFUSED:
            outcome.refused.append((taken.line, act.reason))
            outcome.tried.add(taken.id)
        else:
            outcome.superseded += 1

    def _carry(self, subject: str, sign: Callable[[], SignedAct], share: Share, office: Office) -> SignedAct:
        act = self._work.act(subject)
        if act is None or act.state is ActState.REFUSED:
            act = self._signed(subject, sign)
        verdict = office.carry(act)
        if not verdict.applied and verdict.reason == _EXPIRED and not office.holds(share):
            act = self._signed(subject, sign)
            verdict = office.carry(act)
        # an act of before may have got there after all: what it issued is this very root or leaf
        applied = verdict.applied or (verdict.reason in _EXISTS | {_EXPIRED} and office.holds(share))
        act = replace(
            act, state=ActState.APPLIED if applied else ActState.REFUSED, reason="" if applied else verdict.reason,
            block=verdict.block,
        )  # fmt: skip
        self._work.keep_act(subject, act)
        return act

    def _signed(self, subject: str, sign: Callable[[], SignedAct]) -> SignedAct:
        act = sign()
        self._work.keep_act(subject, act)
        return act


def _proven(nodes: FlatTree, batch: Batch, taken: Taken) -> Share | None:
    leaf = fast_leaf(taken.license)  # what the salts make now, not what they once made
    proof = nodes.proof_of(leaf)
    return taken.share(batch.root, proof) if proof is not None and verify(batch.root, leaf, proof) else None


def _damaged() -> Conflict:
    return Conflict(
        "WORK_DAMAGED", "the work file does not make the batch's root any more: restore it",
        "工作文件已不能得出批次根值,请从备份恢复",
    )  # fmt: skip
