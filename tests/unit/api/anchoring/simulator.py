"""A ledger in a folder that outlives the process: takes an act once, a root once, a leaf once."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from api.anchoring.run import Verdict
from api.anchoring.work import Batch, SignedAct
from ledger.acts import License
from ledger.crypto import keccak
from ledger.licenses import Share
from ledger.licenses.packing import fast_leaf
from ledger.merkle import verify


@dataclass
class SimOffice:
    """Implements ``api.anchoring.run.Office``; ``refuses`` is what the ledger answers to every act, if anything."""

    folder: Path
    signed: int = 0
    refuses: str = ""
    expired: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)

    def sign_batch(self, batch: Batch) -> SignedAct:
        return self._sign({"root": batch.root.hex(), "count": batch.count})

    def sign_change(self, license_: License, batch: bytes | None, proof: tuple[bytes, ...]) -> SignedAct:
        if batch is not None:
            assert verify(batch, license_.supersedes, proof)
        return self._sign({"leaf": fast_leaf(license_).hex(), "supersedes": license_.supersedes.hex()})

    def _sign(self, body: dict[str, object]) -> SignedAct:
        self.signed += 1
        text = json.dumps(body | {"nonce": len(list(self.folder.iterdir())) * 1000 + self.signed})
        return SignedAct(keccak(text.encode()), text, 0)

    def carry(self, act: SignedAct) -> Verdict:
        if self.refuses:
            return Verdict(applied=False, reason=self.refuses)
        if act.act_id in self.expired:
            return Verdict(applied=False, reason="ACT_EXPIRED")
        body = json.loads(act.request)
        name = body.get("root") or body["leaf"]
        path = self.folder / name
        if path.exists():
            same = path.read_text() == act.act_id.hex()
            return Verdict(same, "OK" if same else "BATCH_EXISTS" if "root" in body else "LICENSE_EXISTS", 7)
        path.write_text(act.act_id.hex())
        return Verdict(applied=True, block=7)

    def holds(self, share: Share) -> bool:
        under = share.batch is not None and verify(share.batch, share.leaf, share.proof)
        return (under and share.batch is not None and share.batch.hex() in self.names) or share.leaf.hex() in self.names

    @property
    def names(self) -> set[str]:
        """Roots and leaves on the ledger."""
        return {path.name for path in self.folder.iterdir()}
