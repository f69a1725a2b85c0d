"""Hostile inputs against the contracts in py-evm, each verdict held against the Python rules and its kind's codes."""

import random
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from ledger import acts, calldata
from ledger.calldata import Ballot, Group, SignedAct
from ledger.crypto import keccak, sign
from ledger.eip712 import digest, struct_hash
from ledger.errors import InvalidInput
from ledger.events import first_difference, verdicts
from ledger.ids import FOREVER, scoped
from ledger.reasons import Reason
from ledger.records import GranteeKind
from ledger.rules.judge import judge
from ledger.state import Carried, CaseState
from scripts.fault_inputs_steps import AT_THE_DOOR, ON_RECORD, Codes, Desk, several
from scripts.fault_inputs_tally import Tally
from scripts.load.province import Officer
from tests.contracts.acting import must, terms
from tests.contracts.pair import Pair
from tests.contracts.province import AWAY, AWAY_ADMIN, AWAY_CLERK, AWAY_WINDOW, CLERK, HOME, HOME_ADMIN, ITEM, settle
from tests.scene import CITY, MEMBERS

PLACE = "合约 chain"
GRANT = scoped(HOME, 50)
_BATCH = 50
_REVERTED = "reverted whole"
_SIGNATURES = frozenset({"BAD_SIGNATURE", "SIGNER_UNKNOWN", "NOT_A_MEMBER"})
_BODIES = frozenset({"MALFORMED", "SIGNER_UNKNOWN", "BAD_SIGNATURE", "ACT_EXPIRED"})


class ChainArm:
    """A settled province on both sides; nothing that is tried here may change it."""

    def __init__(self, seed: int, tally: Tally) -> None:
        self._tally, self._chance = tally, random.Random(seed)  # noqa: S311 - a seed makes a run repeatable
        self.pair = Pair()
        settle(self.pair)
        must(self.pair, acts.OfferGrant, HOME_ADMIN, terms=terms(50, GranteeKind.WINDOW, AWAY_WINDOW))
        must(self.pair, acts.AcceptGrant, AWAY_ADMIN, grant=GRANT)
        scene = self.pair.scene
        people = (
            Officer(AWAY_CLERK, ITEM, GRANT, scene.key_of(AWAY_CLERK)),
            Officer(CLERK, ITEM, 0, scene.key_of(CLERK)),
        )
        scene.now += 4 * 86_400
        self.desk = Desk(self.pair.deployment, people, scene.now, self._chance)

    def run(self, count: int) -> None:
        """About ``count`` inputs: most are steps, the rest acts of administration, ballots and spoilt calldata."""
        self.steps(count * 5 // 10)
        self.taken_before(count // 20)
        self.calldata(count * 2 // 10)
        self.administration(count * 2 // 10)
        self.ballots(count // 20)

    def steps(self, count: int) -> None:
        """Every kind of hostile step, in batches."""
        hostile = several(self.desk, (*AT_THE_DOOR, *ON_RECORD), count)
        for start in range(0, count, _BATCH):
            run = hostile[start : start + _BATCH]
            groups = [self._group(one.act, one.signature) for one in run]
            self._judge("trails", calldata.trails_call(groups), [(one.kind, one.codes) for one in run])

    def _group(self, act: acts.Open | acts.Step, signature: bytes) -> Group:
        if isinstance(act, acts.Open):
            return Group((act,), (), signature)
        state = CaseState.unpack(
            act.previous, self._chance.getrandbits(256) & ~(0xFFFF << 32) | (act.seq - 1) % 65_536 << 32
        )
        return Group((), (Carried(act, state),), signature)

    def taken_before(self, count: int) -> None:
        """Steps that were taken come again; later ones come before earlier ones; states are made up."""
        desk = self.desk
        opened = desk.open(officer=AWAY_CLERK, grant=GRANT)
        group = Group((opened,), (), desk.signed(opened))
        data, now = calldata.trails_call([group]), self.pair.scene.now
        (outcome,) = judge(self.pair.world, "trails", data, now)
        result = self.pair.evm.send(self.pair.deployment.addresses["trails"], data, now)
        self._tally.judge(PLACE, "genuine opening", verdicts(result.logs)[0].reason.name, {"OK"})
        state: CaseState = outcome.state or CaseState.unpack(bytes(32), 0)
        for _ in range(count // 3):
            self._judge("trails", calldata.trails_call([group]), [("replayed opening", frozenset({"CASE_EXISTS"}))])
            ahead = desk.following(opened, 4, self._chance.randbytes(32))
            forged = replace(state, trail=ahead.previous, seq=3)
            carried = Group((), (Carried(ahead, forged),), desk.signed(ahead))
            stale = frozenset({"STALE_STATE"})
            self._judge("trails", calldata.trails_call([carried]), [("reordered step", stale)])
            step = desk.following(opened)
            word = state.word ^ 1 << self._chance.choice([*range(32), *range(48, 256)])
            flipped = Group((), (Carried(step, CaseState.unpack(state.trail, word)),), desk.signed(step))
            self._judge("trails", calldata.trails_call([flipped]), [("bit flipped in the state", stale)])

    def calldata(self, count: int) -> None:
        """One signed opening; its calldata cut, extended, or with a bit turned over: never carried out."""
        for _ in range(count):
            act = self.desk.open()
            data = calldata.trails_call([Group((act,), (), self.desk.signed(act))])
            kind, spoilt = self._spoilt(data)
            codes = {"SIGNER_UNKNOWN", "BAD_SIGNATURE", "ACT_EXPIRED", "CASE_UNKNOWN", _REVERTED}
            self._judge("trails", spoilt, [(f"calldata {kind}", frozenset(codes))], single=False)

    def _spoilt(self, data: bytes) -> tuple[str, bytes]:
        chance = self._chance
        if (choice := chance.randrange(4)) == 0:
            return "cut short", data[: chance.randrange(4, len(data))]
        if choice == 1:
            return "extended", data + chance.randbytes(chance.randrange(1, 100))
        place = chance.randrange(4 * 8, len(data) * 8)
        spoilt = bytearray(data)
        spoilt[place // 8] ^= 1 << place % 8
        return "with a bit flipped", bytes(spoilt)

    def administration(self, count: int) -> None:
        """Acts of administration with spoilt bodies, kinds and signatures of any length."""
        rows = [self._spoilt_act() for _ in range(count)]
        for start in range(0, count, _BATCH):
            run = rows[start : start + _BATCH]
            data = calldata.admin_call([signed for _, _, signed in run])
            self._judge("registry", data, [(kind, codes) for kind, codes, _ in run])

    def _spoilt_act(self) -> tuple[str, Codes, SignedAct]:
        chance, scene = self._chance, self.pair.scene
        number = chance.randrange(100, 1 << 31)
        act = acts.RegisterWindow(
            scoped(AWAY, number), "窗口", CITY, 0, FOREVER, AWAY_ADMIN, chance.getrandbits(64), scene.now + 60
        )
        good = scene.carry(act, scene.key_of(AWAY_ADMIN))
        choices: Sequence[tuple[str, Codes, SignedAct]] = (
            ("act: signature of another length", frozenset({"BAD_SIGNATURE"}),
             replace(good, signature=chance.randbytes(chance.choice([0, 1, 32, 63, 65, 66, 96, 128])))),
            ("act: 65 bytes, v 0, 1, 27, 28", frozenset({"BAD_SIGNATURE"}),
             replace(good, signature=good.signature + bytes((chance.choice([0, 1, 27, 28]),)))),
            ("act: bit flipped in the body", _BODIES, replace(good, body=self._flipped(good.body))),
            ("act: bit flipped in the signature", _SIGNATURES, replace(good, signature=self._flipped(good.signature))),
            ("act: body cut short", frozenset({"MALFORMED"}),
             replace(good, body=good.body[: chance.randrange(len(good.body))])),
            ("act: body extended", frozenset({"MALFORMED"}), replace(good, body=good.body + chance.randbytes(32))),
            ("act: read as another", frozenset({"MALFORMED", "SIGNER_UNKNOWN", "ACT_EXPIRED", "BAD_SIGNATURE"}),
             replace(good, kind=chance.choice([0, *range(2, 256)]))),
            ("act: key of the zero address", frozenset({"BAD_FIELD"}), self._zero_address(number)),
        )  # fmt: skip
        return chance.choice(choices)

    def _zero_address(self, number: int) -> SignedAct:
        scene = self.pair.scene
        act = acts.EnrolOfficer(
            scoped(AWAY, number), 0, 4, bytes(20), 0, FOREVER, AWAY_ADMIN, self._chance.getrandbits(64), scene.now + 60
        )
        return scene.carry(act, scene.key_of(AWAY_ADMIN))

    def _flipped(self, data: bytes) -> bytes:
        place = self._chance.randrange(len(data) * 8)
        spoilt = bytearray(data)
        spoilt[place // 8] ^= 1 << place % 8
        return bytes(spoilt)

    def ballots(self, count: int) -> None:
        """The council's signatures too few, twice, in the wrong order, of strangers, with bits flipped."""
        for _ in range(count):
            chance, scene = self._chance, self.pair.scene
            proposal = replace(scene.proposal("setDelay", chance.randrange(100)), nonce=chance.getrandbits(64))
            hashed = digest(self.pair.deployment.domain("council"), struct_hash(proposal))
            good = [sign(key, hashed) for key in MEMBERS]
            stranger = sign(keccak(chance.randbytes(32)), hashed)
            few, order = frozenset({"NOT_ENOUGH_SIGNATURES"}), frozenset({"BAD_SIGNATURE"})
            kind, codes, signatures = chance.choice(
                (
                    ("ballot: too few", few, good[:1]),
                    ("ballot: none", few, []),
                    ("ballot: one member twice", order, [good[0], good[0]]),
                    ("ballot: in the wrong order", order, [good[1], good[0]]),
                    ("ballot: of a stranger", _SIGNATURES, [stranger, good[1]]),
                    ("ballot: bit flipped", _SIGNATURES, [good[0], self._flipped(good[1])]),
                    ("ballot: 65 bytes", order, [good[0], good[1] + b"\x1b"]),
                )
            )
            self._judge("council", calldata.council_call([Ballot(proposal, tuple(signatures))]), [(kind, codes)])

    def _judge(self, contract: str, data: bytes, expected: Sequence[tuple[str, Codes]], *, single: bool = True) -> None:
        """One transaction on both sides: equal verdicts, each one of its kind's, and nothing carried out."""
        now, tally = self.pair.scene.now, self._tally
        try:
            outcomes: tuple[Any, ...] | None = judge(self.pair.world, contract, data, now)
        except InvalidInput:
            outcomes = None
        result = self.pair.evm.send(self.pair.deployment.addresses[contract], data, now)
        kind = expected[0][0]
        if outcomes is None or not result.succeeded:
            if outcomes is not None or result.succeeded or (single and len(expected) > 1):
                tally.fault(f"{PLACE}: {kind}", f"chain succeeded {result.succeeded}, model {outcomes}")
            tally.judge(PLACE, kind, _REVERTED, expected[0][1])
            return
        emitted = verdicts(result.logs)
        if difference := first_difference(outcomes, emitted):
            tally.fault(f"{PLACE}: 链与规则不一 differs", str(difference))
        for (name, codes), one in zip(self._named(expected, len(emitted)), emitted, strict=True):
            tally.judge(PLACE, name, one.reason.name, codes, data.hex() if one.reason is Reason.OK else "")

    def _named(self, expected: Sequence[tuple[str, Codes]], count: int) -> Iterator[tuple[str, Codes]]:
        """A bit turned over in a count of acts makes others of one, or none."""
        yield from expected if len(expected) == count else [expected[0]] * count


def snapshot(arm: ChainArm) -> Any:
    """What must be the same after the run as before it: the model's records but for what was judged."""
    world = deepcopy(arm.pair.world)
    world.judged.clear()
    return world
