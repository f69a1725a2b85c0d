"""Real seals and sealed documents for the story, under an authority FOR DEVELOPMENT that nobody else trusts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ledger import acts
from ledger.codes import LicenseId
from ledger.crypto import file_digests
from ledger.documents import ofd_making
from ledger.documents.ofd_making import Sheet, Signing
from ledger.documents.ofd_sealing import SealInHand
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

    def issue(self, name: str, metadata: LicenseMetadata, held: HeldSeal, on: Sealed, now: int) -> Paper:
        """A sealed OFD with its share, in ``folder/name.ofd`` and ``folder/name.share.json``."""
        rows = (f"证照编号:{metadata.number}", f"持证主体:{metadata.holder}", f"颁发机构:{metadata.issuer}")
        elements = tuple(metadata.elements().items())
        sheet = Sheet(metadata.name, rows, elements, metadata.issued_on.isoformat())
        clock = as_text(now).replace("T", " ").removesuffix("Z")
        sealed = ofd_making.sign(
            ofd_making.make(sheet), SealInHand(Form.V4, held.der, held.signer, now), Signing(clock)
        )
        salts = Salts(self._random_bytes(32), self._random_bytes(32))
        license_ = commit(metadata, file_digests((sealed,)), on, salts)
        share = Share(license_, str(metadata.identifier), metadata.holder_code.code, salts)
        self._write(f"{name}.share.json", share.to_json().encode())
        return Paper(self._write(f"{name}.ofd", sealed), share)

    def _write(self, name: str, content: bytes) -> Path:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path


def metadata_of(issuer: str, code: str, serial: str, day: str, until: str = "长期") -> LicenseMetadata:
    """A license's metadata, all made up; days as ``YYYY-MM-DD``."""
    identifier = LicenseId.make(f"{code}001", code, serial)
    return LicenseMetadata.read({
        "ZZMC": NAME, "ZZLXDM": f"{code}001", "ZZBH": f"JY{serial}", "ZZBS": str(identifier), "ZZBFJG": issuer,
        "ZZBFJGDM": code, "ZZBFRQ": day, "CZZT": "演示申请人(虚构)", "CZZTDM": HOLDER, "CZZTDMLX": "001",
        "ZZYXQQSRQ": day, "ZZYXQJZRQ": until,
    })  # fmt: skip
