"""Real seals and sealed documents for the story, under an authority FOR DEVELOPMENT that nobody else trusts."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from api.client.uses import Card
from ledger import acts
from ledger.codes import LicenseId
from ledger.crypto import file_digests
from ledger.documents import ofd_making
from ledger.documents.ofd_making import Sheet, Signing
from ledger.documents.ofd_sealing import SealInHand
from ledger.holding import Holder, holder_document, key_opening
from ledger.licenses.metadata import LicenseMetadata
from ledger.licenses.share import Salts, Sealed, Share, commit
from ledger.seals.development import DAY, DevelopmentAuthority
from ledger.seals.issuing import Identity
from ledger.seals.seal import Form
from ledger.seals.times import as_text
from ledger.seals.trust import TrustStores

NAME = "食品经营许可证(演示)"
HOLDER = "91430100MA4L16JQ9D"
_YEARS = 3 * 365 * DAY


@dataclass(frozen=True, slots=True)
class HeldSeal:
    """An agency's seal (DER) and who signs with it."""

    der: bytes = field(repr=False)
    signer: Identity


@dataclass(frozen=True, slots=True)
class Paper:
    """An e-license as its holder has it: the sealed file, and the share that opens what the ledger keeps."""

    path: Path
    share: Share

    @property
    def license(self) -> acts.License:
        """What of it goes on the ledger."""
        return self.share.license

    @property
    def leaf(self) -> bytes:
        """Under which the chain keeps it."""
        return self.share.leaf

    @property
    def identifier(self) -> str:
        """证照标识."""
        return self.share.identifier


@dataclass(frozen=True, slots=True)
class OnPhone:
    """An e-license bound to a key of its holder: the sealed file, and the card that the phone keeps beside the key."""

    path: Path
    card: Card
    identifier: str
    salt: bytes = field(repr=False)
    """Of the identifier."""


class Bureau:
    """The round's seal maker; its root and revocation list go to ``folder/trust`` for ``huxin verify document``."""

    def __init__(self, folder: Path, random_bytes: Callable[[int], bytes], now: int) -> None:
        """``now`` in Unix seconds: when the authority is founded."""
        self._folder, self._random_bytes = folder, random_bytes
        self._authority = DevelopmentAuthority.found(random_bytes, now - DAY, now + _YEARS)
        self._maker = self._authority.issue("HUXIN Development Seal Maker")
        self._seals: dict[tuple[str, int], HeldSeal] = {}
        revoked = self._authority.revocation_list(now - DAY, now + _YEARS)
        self.trust: TrustStores = self._authority.trust(revoked)
        self._write("trust/root.cer", self._authority.root.certificate)
        self._write("trust/root.crl", revoked)

    def seal(self, agency: str, place: int, name: str, now: int) -> HeldSeal:
        """The agency's seal of this place, made at first."""
        if (agency, place) not in self._seals:
            signer = self._authority.issue(name, name)
            der = self._authority.seal(Form.V4, self._maker, signer, name, now, f"4300000{len(self._seals) + 1:07d}")
            self._seals[agency, place] = HeldSeal(der, signer)
            self._write(f"seals/{agency}-{place}.esl", der)
        return self._seals[agency, place]

    def held(self, agency: str, place: int) -> HeldSeal:
        """A seal that was made before."""
        return self._seals[agency, place]

    def issue(self, name: str, metadata: LicenseMetadata, held: HeldSeal, on: Sealed, now: int, **fields: Any) -> Paper:
        """A sealed OFD with its share, in ``folder/name.ofd`` and ``folder/name.share.json``.

        ``fields`` are those of the license that are other than usual.
        """
        salts = self._salts()
        path, sealed = self.sealed(name, _content(metadata), held, now)
        license_ = replace(commit(metadata, file_digests((sealed,)), on, salts), **fields)
        share = Share(license_, str(metadata.identifier), metadata.holder_code.code, salts)
        return self.shared(Paper(path, share))

    def shared(self, paper: Paper) -> Paper:
        """Write the holder's share file anew; the paper."""
        self._write(f"{paper.path.stem}.share.json", paper.share.to_json().encode())
        return paper

    def issue_to_key(
        self, name: str, metadata: LicenseMetadata, held: HeldSeal, on: Sealed, now: int, key: bytes
    ) -> OnPhone:
        """The same, bound to the holder's ``key`` (20 bytes); ``folder/name.card.json`` in the place of a share."""
        path, sealed = self.sealed(name, _content(metadata), held, now)
        holder = holder_document(Holder("001", metadata.holder_code.code, metadata.holder), key, self._random_bytes)
        salts = self._salts()
        license_ = replace(commit(metadata, file_digests((sealed,)), on, salts), holder=holder.root)
        card = Card(license_, key_opening(holder))
        self.hand_over(f"{name}.card.json", card.written())
        return OnPhone(path, card, str(metadata.identifier), salts.identifier)

    def sealed(self, name: str, sheet: Sheet, held: HeldSeal, now: int) -> tuple[Path, bytes]:
        """``folder/name.ofd``, sealed, and its bytes."""
        clock = as_text(now).replace("T", " ").removesuffix("Z")
        hand = SealInHand(Form.V4, held.der, held.signer, now)
        sealed = ofd_making.sign(ofd_making.make(sheet), hand, Signing(clock))
        return self._write(f"{name}.ofd", sealed), sealed

    def hand_over(self, name: str, body: object) -> None:
        """A JSON file of the round, with which the command line can go on."""
        self._write(name, json.dumps(body, ensure_ascii=False).encode())

    def _salts(self) -> Salts:
        return Salts(self._random_bytes(32), self._random_bytes(32))

    def _write(self, name: str, content: bytes) -> Path:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path


def _content(metadata: LicenseMetadata) -> Sheet:
    rows = (f"证照编号:{metadata.number}", f"持证主体:{metadata.holder}", f"颁发机构:{metadata.issuer}")
    return Sheet(metadata.name, rows, tuple(metadata.elements().items()), metadata.issued_on.isoformat())


def metadata_of(issuer: str, code: str, serial: str, day: str, until: str = "长期") -> LicenseMetadata:
    """A license's metadata, all made up; days as ``YYYY-MM-DD``."""
    identifier = LicenseId.make(f"{code}001", code, serial)
    return LicenseMetadata.read({
        "ZZMC": NAME, "ZZLXDM": f"{code}001", "ZZBH": f"JY{serial}", "ZZBS": str(identifier), "ZZBFJG": issuer,
        "ZZBFJGDM": code, "ZZBFRQ": day, "CZZT": "演示申请人(虚构)", "CZZTDM": HOLDER, "CZZTDMLX": "001",
        "ZZYXQQSRQ": day, "ZZYXQJZRQ": until,
    })  # fmt: skip
