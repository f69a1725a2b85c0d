"""Licenses off chain: recorded by their issuer, found by digest, identifier or leaf, proven in batches."""

import hmac
from collections.abc import Sequence
from functools import lru_cache

from api.services import decode
from api.services.ports import Now
from api.services.signin import User, require_role
from api.services.verification import Claim, Content
from api.services.words import reason_view
from api.store.documents import DocumentStore
from api.store.licenses import LicenseStore
from api.store.models import LicenseRecordRow
from api.store.registry import RegistryReads
from ledger.acts import License
from ledger.codes import LicenseId
from ledger.commitments import identifier_commitment
from ledger.crypto import Digest, keccak
from ledger.eip712 import encode_body
from ledger.errors import Forbidden, InvalidInput, NotFound
from ledger.ids import agency_of
from ledger.merkle import FlatTree, MerkleTree, lay_out
from ledger.privacy import refuse_personal_data
from ledger.procedure import Role
from ledger.reasons import Reason
from ledger.records import Status
from ledger.rules.licenses import leaf_of
from ledger.vault import Vault

_TREES = 16
"""Merkle trees kept, of at most 10,000 licenses and 640 kB each."""
_SHELF = b"huxin:license-records:1"


class Licensing:
    """Keeps records sealed, and look-ups as keyed digests: the database alone tells no identifier."""

    def __init__(
        self,
        licenses: LicenseStore,
        registry: RegistryReads,
        documents: DocumentStore,
        vault: Vault,
        lookup_key: bytes,
        now: Now,
    ) -> None:
        self._licenses, self._registry, self._documents = licenses, registry, documents
        self._vault, self._lookup_key, self._now = vault, lookup_key, now
        # a batch never changes, and each verification of a license in it needs a proof
        self._tree = lru_cache(maxsize=_TREES)(self._lay_out)

    # --- recording

    def record(self, user: User, fields: object, identifier: str, salt: bytes) -> bytes:
        """Let a license be found by its identifier; its leaf. Forbidden to others than its issuer."""
        license_ = decode.decode(License, fields, "body.license")
        _check_issuer(user, (license_,))
        refuse_personal_data(identifier, "body.identifier")
        if identifier_commitment(salt, identifier) != license_.identifier:
            raise InvalidInput(
                "IDENTIFIER_DIFFERS", "body.identifier", "license.identifier is not the commitment to this identifier",
                "license.identifier 不是该证照标识的承诺",
            )  # fmt: skip
        row = self._row(license_, self._lookup(identifier), self._sealed(license_, identifier, salt))
        if not self._licenses.put((row,)):
            self._licenses.complete(row)
        return row.leaf

    def batch(self, user: User, rows: Sequence[object]) -> tuple[bytes, tuple[bytes, ...]]:
        """Keep the licenses of a batch; root and leaves. Every fault of every license at once."""
        reader = decode.Reader()
        licenses = [reader.struct(License, row, f"body.licenses[{place}]") for place, row in enumerate(rows)]
        if reader.faults:
            raise InvalidInput.of(reader.faults)
        _check_issuer(user, licenses)
        leaves = tuple(map(leaf_of, licenses))
        if len(set(leaves)) != len(leaves):
            raise InvalidInput("LICENSE_TWICE", "body.licenses", "a license stands twice", "同一证照出现两次")
        self._licenses.put([self._row(one, b"", b"") for one in licenses])
        root = MerkleTree(leaves).root
        self._licenses.put_batch(root, user.agency, leaves, self._now())
        return root, leaves

    def proof(self, root: bytes, leaf: bytes) -> tuple[bytes, ...]:
        """The siblings from a leaf to the root; NotFound."""
        proof = self._tree(root).proof_of(leaf)
        if proof is None:
            raise _no_such_batch()
        return proof

    def _lay_out(self, root: bytes) -> FlatTree:
        leaves = self._licenses.batch_leaves(root)
        if leaves is None:
            raise _no_such_batch()
        return FlatTree(lay_out(sorted(leaves)))

    # --- finding

    def by_digest(self, digest: Digest) -> tuple[Claim, ...]:
        """Licenses whose file has this digest."""
        rows = self._licenses.by_digest(digest.value)
        leaves = {row.leaf for row in rows if _matches(row, digest)}
        for found in self._registry.licenses_by_digest(digest.value):
            if getattr(found, digest.algorithm) == digest.value:
                leaves.add(found.leaf)
        return tuple(map(self.by_leaf, sorted(leaves)))

    def by_digests(self, sm3: bytes, sha256: bytes) -> tuple[Claim, ...]:
        """Licenses whose file has both digests: one that shares only one of them is of another file."""
        one, other = (
            {claim.leaf: claim for claim in self.by_digest(Digest(*of))} for of in (("sm3", sm3), ("sha256", sha256))
        )
        return tuple(claim for leaf, claim in one.items() if leaf in other)

    def by_identifier(self, identifier: str) -> tuple[Claim, ...]:
        """Licenses that were recorded with this identifier."""
        return tuple(self.by_leaf(row.leaf) for row in self._licenses.by_lookup(self._lookup(identifier)))

    def by_leaf(self, leaf: bytes, batch: bytes | None = None, proof: Sequence[bytes] = ()) -> Claim:
        """What is known here of a leaf; ``batch`` and ``proof`` as somebody shows them, unless the ledger has more.

        Several agencies can have made something of one leaf: the one counts that has the license's item.
        """
        row, issuer = self._licenses.get(leaf), self._licenses.issuer_of(leaf)
        if issuer is None:
            return self._of_anybody(leaf, batch, proof)
        return self._of(leaf, issuer, Content.read(row.body) if row else None, batch, proof)

    def _of(self, leaf: bytes, issuer: int, body: Content | None, batch: bytes | None, proof: Sequence[bytes]) -> Claim:
        indexed, newer = self._registry.license(leaf, issuer), self._registry.superseded_by(leaf, issuer)
        if indexed is not None:
            is_single = indexed.item is not None
            return Claim(leaf, issuer, body, indexed.batch, (), newer, block=indexed.block, is_single=is_single)
        if batch is None or self._registry.batch(batch, issuer) is None:
            known = self._licenses.batch_of(leaf)
            if known is not None and (batch is None or self._registry.batch(known, issuer) is not None):
                return Claim(leaf, issuer, body, known, self.proof(known, leaf), newer)
            # of an agency that has not its item, if of any: the report says so
            others = () if batch is None else self._registry.batches_of(batch)
            issuer = others[0].issuer if others else issuer
        return Claim(leaf, issuer, body, batch, proof, newer)

    def _of_anybody(self, leaf: bytes, batch: bytes | None, proof: Sequence[bytes]) -> Claim:
        """Of a leaf whose fields nobody has shown, so that its issuer is not known: best what is not stopped."""
        touched = {row.issuer: row for row in self._registry.licenses_of(leaf)}
        for found in self._registry.batches_of(batch) if batch is not None else ():
            if found.issuer not in touched:
                return Claim(leaf, found.issuer, None, batch, proof)
        row = min(touched.values(), key=lambda one: one.status != Status.ACTIVE, default=None)
        if row is None:
            return Claim(leaf, None, None, batch, proof)
        return Claim(leaf, row.issuer, block=row.block)

    def shown(self, fields: object, batch: bytes | None, proof: Sequence[bytes]) -> Claim:
        """A license as somebody shows it, perhaps with a proof of its own."""
        license_ = decode.decode(License, fields, "body.license")
        body = Content.of(license_)
        return self._of(body.leaf, agency_of(license_.item), body, batch, proof)

    def kept_elsewhere(self) -> bool:
        """Whether the ledger has batches whose licenses are not known here: then not found is not unknown."""
        return self._licenses.are_kept_elsewhere()

    def _row(self, license_: License, lookup: bytes, sealed: bytes) -> LicenseRecordRow:
        return LicenseRecordRow(
            leaf_of(license_), agency_of(license_.item), encode_body(license_), license_.sm3, license_.sha256,
            lookup, sealed, self._now(),
        )  # fmt: skip

    def _lookup(self, identifier: str) -> bytes:
        return hmac.digest(self._lookup_key, _written(identifier).encode(), "sha256")

    def _sealed(self, license_: License, identifier: str, salt: bytes) -> bytes:
        shelf = keccak(_SHELF + agency_of(license_.item).to_bytes(4))
        wrapped = self._documents.wrapped_key(shelf)
        wrapped = wrapped or self._documents.keep_key(shelf, self._vault.new_case_key(shelf))
        return self._vault.seal(shelf, leaf_of(license_), wrapped, salt + identifier.encode())


def _written(identifier: str) -> str:
    """An identifier of GB/T 36904 in its canonical form, however it was typed; any other as it stands."""
    try:
        return str(LicenseId.parse(identifier))
    except InvalidInput:
        return identifier.strip()


def _no_such_batch() -> NotFound:
    return NotFound("BATCH_UNKNOWN", "no such license in such a batch here", "此处没有该批次或该证照")


def _matches(row: LicenseRecordRow, digest: Digest) -> bool:
    return bool(getattr(row, digest.algorithm) == digest.value)


def _check_issuer(user: User, licenses: Sequence[License]) -> None:
    require_role(user, Role.ISSUER)
    if any(agency_of(one.item) != user.agency for one in licenses):
        text = reason_view(Reason.NOT_YOUR_AGENCY)
        raise Forbidden(Reason.NOT_YOUR_AGENCY.name, text.en, text.zh)
