"""The rules' word on steps while they are written: many at once, by what one transaction sees."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from api.services.doors import error_of, error_of_replaced, error_of_several, signing_key
from api.services.forecast import Forecast
from api.services.ports import Now
from api.store.entries import Claim, Entry, entry_of_claim
from api.store.heads import latest_states
from api.store.lazy import LazyMap
from api.store.outbox import Bench
from api.store.worlds import Worlds
from ledger import calldata
from ledger.errors import HuxinError
from ledger.ids import agency_of
from ledger.reasons import Reason
from ledger.records import Key
from ledger.state import CaseState


class Examination:
    """Opens the benches of the outbox (``Outbox.open_bench``)."""

    def __init__(self, worlds: Worlds, now: Now, is_party: Callable[[int, bytes], bool]) -> None:
        """``is_party(agency, case key)``: whether a stale step may be answered with the case's present state."""
        self._worlds, self._now, self._is_party = worlds, now, is_party

    def open_bench(self, connection: Connection, claims: Sequence[Claim]) -> Bench:
        """A bench that has read all that the claims are about."""
        states: LazyMap[bytes, CaseState] = LazyMap(lambda keys: latest_states(connection, keys))
        cases = [case for claim in claims for case in claim.cases]
        states.prefetch(cases)
        world = self._worlds.over(connection, states)
        world.heads.prefetch(cases)  # type: ignore[attr-defined]  # a LazyMap
        world.keys.prefetch([claim.signer for claim in claims])  # type: ignore[attr-defined]  # a LazyMap
        return _Bench(Forecast(states, world, self._now()), self._is_party)


class _Bench:
    def __init__(self, forecast: Forecast, is_party: Callable[[int, bytes], bool]) -> None:
        self._forecast, self._is_party = forecast, is_party

    def admit(self, claim: Claim) -> None:
        officers = [*[act.officer for act in claim.opens], *[act.officer for act in claim.steps]]
        signing_key(self._forecast.world, claim.signer, officers)

    def judge(self, claim: Claim) -> tuple[Entry, tuple[Reason, ...]]:
        forecast = self._forecast
        key = forecast.world.keys[claim.signer]
        run = forecast.begin(key)
        for act, case, hashed in zip(claim.opens, claim.cases, claim.hashes, strict=False):
            run.open(act, case, hashed)
        carried = tuple(map(run.step, claim.steps, claim.hashes[len(claim.opens) :]))
        error = error_of_several(run.reasons)
        if error is None:
            error = error_of_replaced(forecast.world, claim.signer, key, run.reasons)
        if error is not None:
            run.undo()
            raise self._explained(error, key, claim)
        group = calldata.Group(claim.opens, carried, claim.signature)
        return entry_of_claim(claim, group, run.after), tuple(run.reasons)

    def _explained(self, error: HuxinError, key: Key, claim: Claim) -> HuxinError:
        """Tell a party where the case stands now; strangers learn only that the step is stale."""
        if error.code != Reason.STALE_STATE.name or not claim.steps:
            return error
        case = claim.steps[0].case_key
        state = self._forecast.states.get(case)
        if state is None or not self._is_party(agency_of(key.officer), case):
            return error
        now_at = f"seq={state.seq} trail=0x{state.trail.hex()}"
        return error_of(Reason.STALE_STATE, hint=(f";当前状态 {now_at}", f"; it stands at {now_at}"))
