"""Uses of licenses and seals in the index, on each database: kept, found again, and the same after a rebuild."""

from typing import Any

from api.index.rebuild import rebuild
from api.store.entries import Entry, admin_entry
from api.store.uses import UseReads
from ledger import acts, calldata
from ledger.crypto import keccak, sign
from ledger.eip712 import digest, struct_hash
from ledger.holding import authorization_digest, holder_proof
from ledger.ids import FOREVER, agency_of
from ledger.rules.licenses import leaf_of
from tests.holder import DOCUMENT, HOLDER_KEY, OPENING, authorization
from tests.unit.api.relay.ground import DEPLOYMENT, Ground
from tests.unit.api.store.scenario import CLERK, DECIDER, ITEM, SEAL, WINDOW, key_of

LICENSE = acts.License(
    item=ITEM, seal=SEAL, sm3=keccak(b"1"), sha256=keccak(b"2"), identifier=keccak(b"3"), holder=DOCUMENT.root,
    case_key=bytes(32), supersedes=bytes(32), valid_from=0, valid_until=FOREVER,
)  # fmt: skip


def use(ground: Ground, nonce: int) -> Entry:
    """The holder's one authorization, carried by the clerk."""
    domain = DEPLOYMENT.domain("licenses")
    terms = authorization(LICENSE, WINDOW)
    act = acts.UseLicense(terms, keccak(b"case"), CLERK, nonce, ground.chain.time + 3600)
    proof = holder_proof(LICENSE, OPENING, sign(HOLDER_KEY, authorization_digest(domain, terms)))
    body = calldata.signed_body(act, holder=proof)
    signature = sign(key_of(CLERK), digest(domain, struct_hash(act)))
    signed = calldata.SignedAct(acts.kind_of(acts.UseLicense), body, signature)
    return admin_entry(DEPLOYMENT, "licenses", signed, ground.chain.time)


def seen(ground: Ground) -> list[Any]:
    found = UseReads(ground.store.db).of_license(leaf_of(LICENSE))
    return [(one.authorization, one.officer, one.window, one.purpose, one.case_key, one.not_after) for one in found]


def test_a_use_is_kept_once_and_survives_restart_and_rebuild(ground: Ground) -> None:
    ground.accept(ground.scenario.admin(acts.IssueLicense, DECIDER, license=LICENSE))
    ground.rounds(4)
    first = ground.accept(use(ground, 1))
    ground.rounds(4)
    assert ground.statuses(first) == ["applied"]
    ground.restart()  # the second is judged by what the database has kept, not by what is in memory
    second = ground.accept(use(ground, 2))
    ground.rounds(4)
    assert ground.statuses(second) == ["refused"]
    terms = authorization(LICENSE, WINDOW)
    expected = [(
        authorization_digest(DEPLOYMENT.domain("licenses"), terms), CLERK, WINDOW, terms.purpose, keccak(b"case"),
        FOREVER,
    )]  # fmt: skip
    assert seen(ground) == expected
    reads = UseReads(ground.store.db)
    found = reads.of_authorization(expected[0][0])
    assert found is not None
    assert (found.license, found.case_key) == (leaf_of(LICENSE), keccak(b"case"))
    assert reads.of_authorization(keccak(b"never used")) is None
    assert [one.name for one in reads.acts_on_license(leaf_of(LICENSE), agency_of(ITEM))] == ["IssueLicense"]
    assert reads.acts_on_license(leaf_of(LICENSE), agency_of(ITEM) + 1) == ()
    assert reads.acts_on_license(keccak(b"another"), agency_of(ITEM)) == ()
    assert reads.of_seal(SEAL, 10, 1).items == ()
    rebuild(ground.store, ground.chain, ground.origin, lambda _block, _last: None)
    assert seen(ground) == expected
