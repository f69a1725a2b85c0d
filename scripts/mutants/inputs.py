"""What keeps hostile input out, switched off one by one."""

from dataclasses import replace
from typing import Any

from api.http import limits, patience, rates
from api.http.doorkeeper import Use
from ledger import crypto, merkle
from ledger.ids import FOREVER
from ledger.rules import trail
from scripts.mutants import put


def high_s_accepted() -> None:
    """Signatures with s in the upper half of the curve's order are recovered as any other."""
    crypto.HALF_ORDER = crypto.CURVE_ORDER


def deadline_off() -> None:
    """The rules carry out steps whose deadline has passed."""
    begin = trail._begin  # noqa: SLF001

    def forgiving(world: Any, act: Any, *rest: Any, **more: Any) -> Any:
        return begin(world, replace(act, deadline=FOREVER), *rest, **more)

    trail._begin = forgiving  # noqa: SLF001


def any_merkle_proof() -> None:
    """Every Merkle proof is believed."""
    merkle.verify = lambda *_: True


def depth_check_off() -> None:
    """JSON is parsed however deep it is."""
    limits.check_depth = lambda body: None  # noqa: ARG005


def rate_limit_off() -> None:
    """Everybody may ask as often as they like."""
    put(rates.Buckets, "take", lambda *_: None)


def slow_clients_kept() -> None:
    """Nobody looks after connections that bring nothing."""
    put(patience.PatientProtocol, "end_if_late", lambda *_: None)


def slow_bodies_keep_their_places() -> None:
    """Only connections that ask for nothing make room for others."""
    could_go = patience.PatientProtocol.could_go

    def only_idle(self: Any, now: float) -> Any:
        found = could_go(self, now)
        return found if found is not None and found[0] is Use.IDLE else None

    put(patience.PatientProtocol, "could_go", only_idle)


def server_open() -> None:
    """All protections of the server at once, each to be missed by itself."""
    depth_check_off()
    rate_limit_off()
    slow_clients_kept()
    slow_bodies_keep_their_places()
