"""Cells of what the council decides, of carrying out what waited, and of functions open to one contract alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode as abi_encode

from ledger import acts, calldata
from ledger.calldata import Ballot
from ledger.crypto import address_of, keccak, sign
from ledger.eip712 import digest, struct_hash
from ledger.reasons import Reason
from tests.access import stage as at
from tests.access.cast import ACTORS, SPARE, Actor, Condition, Kind
from tests.access.stage import Stage
from tests.access.table import COUNCIL_ROWS, CouncilRow
from tests.scene import DELAY, MEMBERS, THRESHOLD, Sent, secret

NEWCOMER = secret("access newcomer")
KEPT = tuple(sorted((*MEMBERS[1:], NEWCOMER), key=address_of))
"""The members after the change that is carried out in the block of the ballots: the first has gone."""


@dataclass(frozen=True, slots=True)
class BallotCell:
    """A ballot for one call by one actor under one condition."""

    row: CouncilRow
    actor: Actor
    condition: Condition

    @property
    def expected(self) -> Reason:
        """By the table."""
        return self.row.expected(self.actor, self.condition)


def cells() -> Iterator[BallotCell]:
    """Membership begins and ends for members alone; a ballot's deadline is everybody's."""
    for row in COUNCIL_ROWS:
        for actor in ACTORS:
            yield BallotCell(row, actor, Condition.ACTIVE)
            yield BallotCell(row, actor, Condition.KEY_EXPIRED)
            if actor.kind in (Kind.QUORUM, Kind.MEMBER):
                yield BallotCell(row, actor, Condition.KEY_BEFORE)
                yield BallotCell(row, actor, Condition.KEY_REVOKED)


def arguments(stage: Stage, call: str, number: int = 0) -> tuple[Any, ...]:
    """Arguments with which the call can be carried out, more than once where ``number`` differs."""
    new = stage.shown(stage.new_key(f"council {call} {number}"))
    trails = stage.shown(stage.scene.deployment.addresses["trails"])
    made: dict[str, tuple[Any, ...]] = {
        "registerAgency": (100 + number, "11430000MB28000100", "机构", at.REGIONS[SPARE], 0, 1, new),
        "setAgencyStatus": (SPARE, 2, 0),
        "revokeAgency": (SPARE, 0),
        "appointAdmin": (SPARE, 50 + number, new),
        "setGrantStatus": (at.SPARED, 2, 0),
        "enter": (keccak(f"entry {number}".encode()), trails),
        "replace": (b"trails".ljust(32, b"\0"), trails),
        "setMembers": ([stage.shown(address_of(member)) for member in MEMBERS], THRESHOLD),
        "setDelay": (DELAY,),
        "setClock": (30, 900, 259_200),
    }
    return made[call]


def proposal(stage: Stage, call: str, *values: Any, deadline: int | None = None) -> acts.Proposal:
    """The council's call; it may be judged for a month unless told otherwise."""
    made = stage.scene.proposal(call, *(values or arguments(stage, call)))
    until = stage.scene.now + 30 * 86_400 if deadline is None else deadline
    return acts.Proposal(made.target, made.data, made.nonce, until)


def scheduled(stage: Stage, call: str, *values: Any) -> acts.Proposal:
    """A proposal that waits, decided by enough members."""
    made = proposal(stage, call, *values)
    stage.must(stage.scene.ballot(made))
    return made


def identity(stage: Stage, made: acts.Proposal) -> bytes:
    """The proposal's id."""
    return digest(stage.scene.deployment.domain("council"), struct_hash(made))


def ballot(stage: Stage, cell: BallotCell, waiting: acts.Proposal) -> Ballot:
    """The cell's ballot, signed by who tries; ``waiting`` is what ``cancel`` is about."""
    late = cell.condition is Condition.KEY_EXPIRED
    values = (identity(stage, waiting),) if cell.row.call == "cancel" else ()
    made = proposal(stage, cell.row.call, *values, deadline=stage.scene.now if late else None)
    hashed = identity(stage, made)
    return Ballot(made, tuple(sign(key, hashed) for key in _signers(stage, cell)))


def ballots(several: Sequence[Ballot]) -> Sent:
    """As one transaction."""
    return "council", calldata.council_call(several)


def decided(stage: Stage, made: acts.Proposal) -> Ballot:
    """A proposal signed by enough members."""
    hashed = identity(stage, made)
    return Ballot(made, tuple(sign(key, hashed) for key in MEMBERS[:THRESHOLD]))


def executed(made: acts.Proposal) -> Sent:
    """The carrying out of a proposal as a transaction."""
    return "council", calldata.execute_call([made])


def _signers(stage: Stage, cell: BallotCell) -> tuple[bytes, ...]:
    if cell.actor.kind is Kind.CARRIER:
        return ()
    if cell.actor.kind in (Kind.QUORUM, Kind.MEMBER):
        many = THRESHOLD if cell.actor.kind is Kind.QUORUM else 1
        if cell.condition is Condition.KEY_BEFORE:
            return tuple(sorted((NEWCOMER, *MEMBERS[: many - 1]), key=address_of))
        return MEMBERS[:many]
    return (_key(stage, cell.actor),)


def _key(stage: Stage, actor: Actor) -> bytes:
    if actor.kind is Kind.STRANGER:
        return secret("stranger")
    return stage.scene.key_of(actor.officer(Condition.ACTIVE))


def own_account(stage: Stage, actor: Actor) -> bytes:
    """The key of the account from which the actor sends transactions."""
    if actor.kind in (Kind.QUORUM, Kind.MEMBER):
        return MEMBERS[actor.kind is Kind.MEMBER]
    return secret("carrier") if actor.kind is Kind.CARRIER else _key(stage, actor)


def direct_calls(stage: Stage) -> dict[str, bytes]:
    """Calldata, well formed, of every function that looks at who calls."""
    calls = {}
    for row in COUNCIL_ROWS:
        values = (bytes(32),) if row.call == "cancel" else arguments(stage, row.call)
        made = stage.scene.proposal(row.call, *values)
        calls[f"{stage.scene.deployment.name_of(made.target)}.{row.call}"] = made.data
    calls["grants.consume"] = calldata.selector("consume(uint64)") + abi_encode(("uint64",), (at.ACTIVE,))
    signed_act = "(uint8,bytes,bytes)"
    for contract in acts.ACTS:
        body = abi_encode((signed_act,), ((1, b"", bytes(64)),))
        calls[f"{contract}.judge"] = calldata.selector(f"judge({signed_act})") + body
    plain = "(address,bytes,uint64,uint32)"
    made = proposal(stage, "setDelay")
    row_ = (made.target, made.data, made.nonce, made.deadline)
    signatures = [sign(member, identity(stage, made)) for member in MEMBERS[:THRESHOLD]]
    calls["council.judge"] = calldata.selector(f"judge(({plain},bytes[]))") + abi_encode(
        (f"({plain},bytes[])",), ((row_, signatures),)
    )
    calls["council.carryOut"] = calldata.selector(f"carryOut({plain})") + abi_encode((plain,), (row_,))
    return calls
