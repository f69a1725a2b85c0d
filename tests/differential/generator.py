"""Random transactions for a scene: mostly plausible, so that deep states are reached, often not.

All choices come from one ``random.Random``, which Hypothesis can drive and shrink. The generator
looks at the model world to find out what would be plausible; it never decides what is right.
"""

from collections.abc import Sequence
from typing import Any

from ledger import acts, calldata
from ledger.calldata import Group
from ledger.crypto import keccak
from ledger.ids import agency_of, scoped
from ledger.procedure import RULES, Action, CaseStatus, Effect, Subject
from ledger.state import NO_SUBJECT, Carried, CaseState, Flag, case_key
from ledger.world import CONTRACTS
from tests.differential.administration import AWAY, EVERYDAY, HOME, LOWER, OFFICERS, REGIONS, UPPER, Administration
from tests.scene import CENTRE, PROVINCE, Sent


class Generator(Administration):
    """Makes transactions; ``cases`` are the states the relay would know."""

    def setting(self) -> list[list[Sent]]:
        """Agencies, windows, officers, items, seals and grants, as rounds to be mined in turn."""
        scene = self.scene
        rounds = [[scene.entered(name) for name in CONTRACTS]]
        rounds.append([scene.found(a, region, CENTRE if a != LOWER else 0) for a, region in REGIONS.items()])
        rounds.append([scene.window(a, n, region) for a, region in REGIONS.items() for n in (1, 2)])
        rounds.append([
            scene.enrol(a, n, scoped(a, n - 1) if n < OFFICERS[-1] else 0, EVERYDAY)
            for a in REGIONS for n in OFFICERS
        ])  # fmt: skip
        rounds.append([
            scene.item(HOME, 1, originals=2, license=1), scene.item(HOME, 2, originals=0, grantable=0x0F),
            scene.item(UPPER, 1), scene.seal(HOME, 1, scoped(HOME, 4)), scene.seal(UPPER, 1, scoped(UPPER, 4)),
        ])  # fmt: skip
        rounds.append([
            scene.offer(scoped(HOME, 1), 2, AWAY, depth=1),
            scene.offer(scoped(HOME, 2), 1, scoped(AWAY, 1), items=(1,)),
            scene.offer(scoped(UPPER, 1), 3, PROVINCE, depth=3), scene.offer(scoped(HOME, 3), 2, LOWER, quota=3),
        ])  # fmt: skip
        rounds.append([
            scene.accept(scoped(HOME, 1), AWAY), scene.accept(scoped(HOME, 2), AWAY),
            scene.accept(scoped(UPPER, 1), UPPER), scene.accept(scoped(HOME, 3), LOWER),
        ])  # fmt: skip
        return rounds

    def transaction(self) -> Sent:
        """The next transaction; time moves on by up to ten minutes first."""
        self.scene.now += self.rng.choice((1, 1, 5, 60, 600))
        roll = self.rng.random()
        if roll < 0.66:
            made = self._trails()
        elif roll < 0.92:
            made = self.administration()
        elif roll < 0.97:
            made = self.council()
        else:
            made = self.rng.choice(self.sent) if self.sent else self._trails()
        self.sent.append(made)
        return made

    def learn(self, outcomes: Sequence[Any]) -> None:
        """Take over the states of the cases that moved."""
        for outcome in outcomes:
            if outcome.state is not None:
                if outcome.subject in self.cases:
                    self.stale.append((outcome.subject, self.cases[outcome.subject]))
                self.cases[outcome.subject] = outcome.state

    def _trails(self) -> Sent:
        groups = [self._group() for _ in range(self.rng.choice((1, 1, 2, 3)))]
        return "trails", calldata.trails_call(groups)

    def _group(self) -> Group:
        self.clean = self.rng.random() < 0.7
        case = None if self._wants_open() else self.rng.choice(list(self.cases))
        officer = self._officer() if case is None else self._fitting_officer(self.cases[case])
        moves: list[acts.Open | Carried] = [self._open(officer) if case is None else self._step(officer, case)]
        moves += [
            self._open(officer) if self._wants_open() else self._step(officer, self._other_case())
            for _ in range(self.rng.choice((0, 0, 0, 1, 3)))
        ]
        return self._damaged(self.scene.group(self._key_of(officer), *moves))

    def _other_case(self) -> bytes:
        return self.rng.choice(list(self.cases))

    def _wants_open(self) -> bool:
        return not self.cases or self.rng.random() < 0.25

    def _open(self, officer: int) -> acts.Open:
        items = (scoped(HOME, 1), scoped(HOME, 1), scoped(HOME, 2), scoped(UPPER, 1))
        item = self._pick(items, (scoped(AWAY, 9), scoped(HOME, 3)))
        grant = self._authority(officer, agency_of(item))
        parents = [parent for child, parent in self.world.links.items() if child not in self.cases][:1]
        return self.scene.open(
            self._stated(officer), item, grant,
            mode=self._pick((1, 2, 2, 2, 3), (0, 4, 5, 6, 9)), version=self._pick((1,), (2, 0)),
            parent=self._pick((NO_SUBJECT,), (bytes(31) + b"\x01", *parents, *list(self.cases)[:1])),
            signed_at=self._signed_at(), deadline=self._deadline(),
        )  # fmt: skip

    def _step(self, officer: int, case: bytes) -> Carried:
        state = self.cases[case]
        if self.stale and self.rng.random() < 0.04:
            case, state = self.rng.choice(self.stale)
        action = self._action(state, officer)
        rule = RULES.get(action)
        child, subject = None, NO_SUBJECT
        if rule is not None and rule.subject is not Subject.NONE:
            subject, child = self._subject(rule.subject, rule.effect, case)
        step = acts.Step(
            case_key=case if self.clean else self._pick((case,), (keccak(b"no case"),)), seq=(state.seq + 1) % 2**16,
            action=action, officer=self._stated(officer), grant=self._authority(officer, state.home),
            detail=self._detail(rule.effect if rule else Effect.NONE, state), subject=subject,
            evidence=keccak(b"evidence"), previous=state.trail, signed_at=self._signed_at(state.last_at),
            deadline=self._deadline(),
        )  # fmt: skip
        return Carried(step, state, child)

    def _stated(self, officer: int) -> int:
        return self._pick((officer,), (officer, scoped(HOME, 3)))

    def _authority(self, officer: int, home: int) -> int:
        if agency_of(officer) == home:
            return self._pick((0,), (self._grant(home),))
        return self._grant(home)

    def _action(self, state: CaseState, officer: int) -> int:
        home = agency_of(officer) == state.home
        fits = [
            code for code, rule in RULES.items()
            if rule.sources >> state.status & 1 and (home or not rule.home_only(state.mode or 1))
        ]  # fmt: skip
        if state.originals and not state.flags & Flag.VERIFIED and self.rng.random() < 0.5:
            return Action.VERIFY
        # onwards is rarer than sideways, so that cases get somewhere
        onwards = [code for code in fits if RULES[code].to and RULES[code].to < CaseStatus.REFUSED]
        chosen = onwards if onwards and self.rng.random() < 0.5 else fits
        return self._pick(chosen or range(26), range(26))

    def _fitting_officer(self, state: CaseState) -> int:
        agency = state.home if self.rng.random() < 0.6 else self.rng.choice((AWAY, AWAY, LOWER, UPPER))
        return scoped(agency, self.rng.choice(OFFICERS))

    def _detail(self, effect: Effect, state: CaseState) -> int:
        if effect in (Effect.NOTIFY, Effect.PROMISE, Effect.TOLERATE):
            return self._pick((1, 2, 3, 4, state.missing or 5), (31, 32, 0))
        if effect is Effect.SUPPLEMENT:
            return self._pick((0, 0, state.missing & 1), (state.missing, 63))
        if effect is Effect.RATE:
            return self._pick((1, 2, 4, 5), (0, 6))
        return self._pick((0,), (1,))

    def _subject(self, kind: Subject, effect: Effect, case: bytes) -> tuple[bytes, CaseState | None]:
        if kind is Subject.SEAL:
            home = self.cases[case].home if case in self.cases else HOME
            seal = self._pick((scoped(home, 1),), (scoped(UPPER, 1), scoped(HOME, 2), scoped(HOME, 7), 2**64, 0))
            return seal.to_bytes(32, "big"), None
        if kind is Subject.LICENSE:
            return self.rng.choice([*self.leaves[-3:], *self.leaves, NO_SUBJECT, keccak(b"no license")]), None
        linked = [child for child, parent in self.world.links.items() if parent == case]
        if effect is Effect.JOIN and linked and self.rng.random() < 0.9:
            child = self.rng.choice(linked)
            return child, self.cases.get(child)
        fresh = case_key(self._officer(), self.scene.commitment(self.scene.nonce + 1))
        child = self._pick((fresh,), (self._other_case(), NO_SUBJECT, *linked))
        return child, self.cases.get(child) if effect is Effect.JOIN else None

    def _damaged(self, group: Group) -> Group:
        if self.clean or self.rng.random() > 0.2:
            return group
        spoiled = bytearray(group.signature)
        spoiled[self.rng.choice((0, 31, 32, 33, 63))] ^= self.rng.choice((1, 0x40, 0xFF))
        return Group(group.opens, group.steps, bytes(spoiled))

    def _signed_at(self, last: int = 0) -> int:
        now = self.scene.now
        strange = (now - 1000, now - 1000, now - 300_000, now + 20, now + 100, max(last - 1, 0), last or now)
        return self._pick((now,), strange)

    def _officer(self) -> int:
        return scoped(self.rng.choice((HOME, HOME, AWAY, AWAY, UPPER, LOWER)), self.rng.choice(OFFICERS))

    def _grant(self, home: int) -> int:
        known = [grant for grant in self.world.grants if agency_of(grant) == home] or [scoped(HOME, 1)]
        return self._pick(known, (*self.world.grants, scoped(HOME, 99), 0))
