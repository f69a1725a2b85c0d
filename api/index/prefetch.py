"""Everything the steps of a transaction will be judged by, fetched in a few statements."""

from collections.abc import Sequence
from typing import Any

from ledger import calldata
from ledger.acts import Open, Step
from ledger.ids import agency_of, scoped
from ledger.procedure import RULES, Subject
from ledger.state import case_key


def prefetch_steps(maps: dict[str, Any], groups: Sequence[calldata.Group]) -> None:
    """Fill the world's mappings; what is already there is not fetched again."""
    opens = [act for group in groups for act in group.opens]
    steps = [carried.step for group in groups for carried in group.steps]
    items = {act.item for act in opens} | {one.state.item for group in groups for one in group.steps}
    maps["heads"].prefetch([case_key(act.officer, act.commitment) for act in opens])
    maps["heads"].prefetch([step.case_key for step in steps])
    maps["items"].prefetch(items)
    every: list[Open | Step] = [*opens, *steps]
    _prefetch_officers(maps, {act.officer for act in every})
    _prefetch_grants(maps, {act.grant for act in every if act.grant})
    _prefetch_subjects(maps, opens, steps)
    handed_out = [one for group in groups for one in group.steps if _subject_of(one.step) is Subject.LICENSE]
    maps["licenses"].prefetch([(one.state.home, one.step.subject) for one in handed_out])


def _prefetch_officers(maps: dict[str, Any], officers: set[int]) -> None:
    maps["current_key"].prefetch(officers)
    addresses = [maps["current_key"].get(officer) for officer in officers]
    maps["keys"].prefetch([address for address in addresses if address])
    keys = [key for address in addresses if address and (key := maps["keys"].get(address))]
    maps["windows"].prefetch({scoped(agency_of(key.officer), key.window) for key in keys if key.window})
    maps["agencies"].prefetch({agency_of(officer) for officer in officers})


def _prefetch_grants(maps: dict[str, Any], level: set[int]) -> None:
    while level:
        maps["grants"].prefetch(level)
        maps["agencies"].prefetch({agency_of(grant) for grant in level})
        found = [maps["grants"].get(grant) for grant in level]
        level = {grant.parent for grant in found if grant is not None and grant.parent}


def _prefetch_subjects(maps: dict[str, Any], opens: Sequence[Open], steps: Sequence[Step]) -> None:
    kinds: dict[Subject, set[bytes]] = {kind: set() for kind in Subject}
    for step in steps:
        kinds[_subject_of(step)].add(step.subject)
    maps["seals"].prefetch({int.from_bytes(one, "big") for one in kinds[Subject.SEAL] if not any(one[:24])})
    children = {case_key(act.officer, act.commitment) for act in opens if any(act.parent)}
    maps["links"].prefetch(kinds[Subject.CASE] | children)
    maps["heads"].prefetch(kinds[Subject.CASE])


def _subject_of(step: Step) -> Subject:
    return RULES[step.action].subject if step.action in RULES else Subject.NONE
