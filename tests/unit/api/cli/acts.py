"""An act to be signed by hand."""

from ledger import acts
from ledger.eip712 import digest, domain_separator, struct_hash
from ledger.ids import scoped


def example_act() -> tuple[acts.AcceptGrant, bytes]:
    """An act and its digest on chain 7 under the zero address."""
    act = acts.AcceptGrant(scoped(1, 1), scoped(2, 1), 5, 99)
    return act, digest(domain_separator(7, bytes(20)), struct_hash(act))
