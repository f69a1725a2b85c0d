"""Licenses in the scene of `gas_scene`, and their use at windows as their holders have authorised."""

from collections.abc import Sequence
from itertools import count
from typing import Any

from ledger import acts
from ledger.crypto import address_of, keccak, sign
from ledger.holding import Holder, authorization_digest, holder_document, holder_proof, key_opening
from ledger.ids import FOREVER, scoped
from ledger.merkle import MerkleTree
from ledger.procedure import Role
from ledger.rules.licenses import leaf_of
from scripts.gas_chain import Mined
from scripts.gas_scene import NOTHING, SEAL, Officer, Scene, home_of, reviewer, secret

LIBRARY = 1_000_000
"""Licenses in the batch, as far as the length of a proof goes: its siblings are made up."""
DEPTH = 20


def uses_singly(scene: Scene, officers: Sequence[Officer]) -> Mined:
    """One license of each officer's visitor, issued singly, then all used in one transaction."""
    licenses = [_license(b"single", place) for place in range(len(officers))]
    by = _issuer(scene)
    scene.administer("licenses", [(by.key, by.officer, acts.IssueLicense, {"license": one}) for one in licenses])
    return _use(scene, officers, licenses, {})


def uses_of_batch(scene: Scene, officers: Sequence[Officer]) -> Mined:
    """The same of licenses of one batch, each with a proof of ``DEPTH`` siblings."""
    by = _issuer(scene)
    licenses = [_license(b"batch", place) for place in range(len(officers))]
    # the other licenses of the library are hashes, a subtree of each size from the leaves of ours upwards
    ours = MerkleTree(map(leaf_of, licenses))
    above = [keccak(b"subtree %d" % level) for level in range(DEPTH)]
    proofs = {leaf_of(one): ours.proof(place) for place, one in enumerate(licenses)}
    top = ours.root
    for sibling in above[: DEPTH - max(map(len, proofs.values()))]:
        top = MerkleTree([top, sibling], sort_leaves=False).root
        proofs = {leaf: (*proof, sibling) for leaf, proof in proofs.items()}
    fields = {"root": top, "count": LIBRARY, "seal": scoped(home_of(0), SEAL)}
    scene.administer("licenses", [(by.key, by.officer, acts.IssueBatch, fields)])
    return _use(scene, officers, licenses, {leaf: {"batch": top, "proof": proof} for leaf, proof in proofs.items()})


def _issuer(scene: Scene) -> Officer:
    """The home agency's reviewer, who now issues licenses too."""
    by = reviewer(home_of(0))
    fields = {"subject": by.officer, "window": 0, "roles": int(Role.ISSUER), "valid_until": FOREVER}
    agency = home_of(0)
    admin = (secret(f"admin {agency}"), scoped(agency, 1))
    scene.administer("registry", [(*admin, acts.AssignOfficer, fields)])
    return by


def _holder(place: int) -> tuple[bytes, Any]:
    key = secret(f"holder {place}")
    numbers = count()
    salts = lambda _size: keccak(b"salt %d %d" % (place, next(numbers)))  # noqa: E731 - the same in each run
    return key, holder_document(Holder("111", "code", "name"), address_of(key), salts)


def _license(series: bytes, place: int) -> acts.License:
    _, document = _holder(place)
    file = keccak(series + b"%d" % place)
    return acts.License(
        item=scoped(home_of(0), 1), seal=scoped(home_of(0), SEAL), sm3=file, sha256=file, identifier=file,
        holder=document.root, case_key=NOTHING, supersedes=NOTHING, valid_from=0, valid_until=FOREVER,
    )  # fmt: skip


def _use(
    scene: Scene, officers: Sequence[Officer], licenses: Sequence[acts.License], proofs: dict[bytes, dict[str, Any]]
) -> Mined:
    domain = scene.world.deployment.domain("licenses")
    moment = scene.chain.time
    rows, carried = [], {}
    for place, (by, one) in enumerate(zip(officers, licenses, strict=True)):
        leaf = leaf_of(one)
        window = _window(scene, by)
        terms = acts.UseAuthorization(leaf, window, keccak(b"purpose %d" % place), moment - 60, moment + 3600)
        key, document = _holder(place)
        proof = holder_proof(one, key_opening(document), sign(key, authorization_digest(domain, terms)))
        carried[leaf] = {"holder": proof, **proofs.get(leaf, {})}
        rows.append((by.key, by.officer, acts.UseLicense, {"authorization": terms, "case_key": keccak(leaf)}))
    return scene.administer("licenses", rows, lambda act: carried[act.authorization.license])


def _window(scene: Scene, by: Officer) -> int:
    return scoped(by.officer >> 32, scene.world.keys[scene.world.current_key[by.officer]].window)
