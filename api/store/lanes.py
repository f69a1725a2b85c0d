"""Which acts must keep their order: steps of one case, and acts that concern one agency."""

from typing import Any

from ledger import acts
from ledger.ids import agency_of
from ledger.reasons import Refusal
from ledger.records import GranteeKind
from ledger.rules.council import CALLS, decode_arguments
from ledger.world import Deployment

COUNCIL = "council"


def lanes_of(act: Any) -> tuple[str, ...]:
    """Lanes of an act of administration: the signer's agency and the others it builds upon.

    An offer needs the grantee's window, an acceptance the offer: neither may overtake the other,
    for a refusal is final.
    """
    agencies = {agency_of(act.officer), *_others(act)}
    return tuple(sorted(f"agency {agency}" for agency in agencies if agency))


def lanes_of_proposal(deployment: Deployment, proposal: acts.Proposal) -> tuple[str, ...]:
    """The council's lane, and that of the agency it decides on."""
    target = deployment.name_of(proposal.target)
    for call in CALLS:
        if (call.contract, call.selector) == (target, proposal.data[:4]) and target in ("registry", "grants"):
            try:
                first = decode_arguments(call, proposal.data)[0]
            except Refusal:
                break
            return (f"agency {first if target == 'registry' else agency_of(first)}", COUNCIL)
    return (COUNCIL,)


def _others(act: Any) -> set[int]:
    if isinstance(act, acts.OfferGrant):
        return _of_terms(act.terms)
    if isinstance(act, (acts.OfferAgreement, acts.AcceptAgreement)):
        terms = (*act.given, *act.received)
        return {agency_of(act.agreement)}.union(*(_of_terms(one) for one in terms))
    if isinstance(act, (acts.AcceptGrant, acts.DeclineGrant, acts.SetGrantStatus)):
        return {agency_of(act.grant)}
    return set()


def _of_terms(terms: acts.GrantTerms) -> set[int]:
    named = {agency_of(terms.grant), agency_of(terms.parent)}
    if terms.grantee_kind == GranteeKind.WINDOW:
        named.add(agency_of(terms.grantee))
    elif terms.grantee_kind == GranteeKind.AGENCY:
        named.add(terms.grantee)
    return named
