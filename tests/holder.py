"""A holder with a key of his own, and what he signs."""

from random import Random
from typing import Any

from ledger import acts
from ledger.crypto import address_of
from ledger.holding import Holder, holder_document, holder_proof, key_opening
from ledger.ids import FOREVER
from ledger.rules.licenses import leaf_of
from tests.scene import Scene, secret

HOLDER_KEY = secret("holder")
DOCUMENT = holder_document(Holder("111", "代码", "持证人"), address_of(HOLDER_KEY), Random(1).randbytes)
OPENING = key_opening(DOCUMENT)


def authorization(license_: acts.License, window: int, **fields: Any) -> acts.UseAuthorization:
    """For good and for one purpose unless told otherwise."""
    defaults: dict[str, Any] = {"purpose": b"\x0a" * 32, "not_before": 0, "not_after": FOREVER}
    return acts.UseAuthorization(license=leaf_of(license_), window=window, **(defaults | fields))


def proof_of(
    scene: Scene, license_: acts.License, terms: acts.UseAuthorization, key: bytes = HOLDER_KEY
) -> acts.HolderProof:
    """The authorization signed by the holder, with the way from his key to the license."""
    return holder_proof(license_, OPENING, scene.signed(terms, key, contract="licenses"))
