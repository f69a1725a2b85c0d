"""Shorthand: one act by one officer, judged on both sides."""

from typing import Any

from ledger import acts, calldata
from ledger.acts import GrantTerms
from ledger.ids import FOREVER
from ledger.procedure import ALL_RIGHTS
from ledger.reasons import Reason
from tests.contracts.pair import Pair
from tests.contracts.province import CLERK, HOME, ITEM, SEAL


def do(pair: Pair, cls: type, officer: int, *, proof: Any = None, **fields: Any) -> Reason:
    """An act by the officer's own key at the scene's time."""
    act = pair.scene.make(cls, officer, **fields)
    signed = pair.scene.carry(act, pair.scene.key_of(officer), **(proof or {}))
    return pair.reason(acts.contract_of(cls), calldata.admin_call([signed]))


def must(pair: Pair, cls: type, officer: int, *, proof: Any = None, **fields: Any) -> None:
    """The same, and it has to be applied."""
    reason = do(pair, cls, officer, proof=proof, **fields)
    assert reason is Reason.OK, reason.name


def decide(pair: Pair, name: str, *arguments: Any) -> Reason:
    """A proposal signed by enough members."""
    return pair.reason(*pair.scene.ballot(pair.scene.proposal(name, *arguments)))


def decide_late(pair: Pair, name: str, *arguments: Any) -> Reason:
    """A proposal that waits: signed, then carried out once the delay is over."""
    proposal = pair.scene.proposal(name, *arguments)
    pair.applied(*pair.scene.ballot(proposal))
    pair.scene.now += pair.world.council.delay
    return pair.reason("council", calldata.execute_call([proposal]))


def terms(number: int, kind: int, grantee: int, *, agency: int = HOME, **fields: Any) -> GrantTerms:
    """Terms of a grant of HOME, of all rights on all items for good unless told otherwise."""
    defaults: dict[str, Any] = {
        "parent": 0, "rights": ALL_RIGHTS, "valid_from": 0, "valid_until": FOREVER, "quota": 0, "depth": 0,
        "items": (),
    }  # fmt: skip
    return GrantTerms(grant=agency << 32 | number, grantee_kind=kind, grantee=grantee, **(defaults | fields))


def license_(**fields: Any) -> acts.License:
    """An e-license of HOME's item under its seal."""
    defaults: dict[str, Any] = {
        "item": ITEM, "seal": SEAL, "sm3": b"\x01" * 32, "sha256": b"\x02" * 32, "identifier": b"\x03" * 32,
        "holder": b"\x04" * 32, "case_key": b"\x05" * 32, "supersedes": bytes(32), "valid_from": 0,
        "valid_until": FOREVER,
    }  # fmt: skip
    return acts.License(**(defaults | fields))


def issue(pair: Pair, officer: int = CLERK, *, proof: Any = None, **fields: Any) -> Reason:
    """Issue one license."""
    return do(pair, acts.IssueLicense, officer, license=license_(**fields), proof=proof)
