"""What of a license goes on the ledger, and the share that lets its holder open it.

On the ledger stand digests of the sealed file and salted commitments; the salts stay with issuer and holder.
The holder's share file has everything a stranger needs: the committed fields, identifier and holder's code
with their salts, and for a license of a batch the Merkle proof. Whoever is shown it learns who holds the license;
destroying all shares leaves the ledger with numbers that nobody can open.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger import merkle, strict_json
from ledger.acts import License
from ledger.commitments import holder_commitment, identifier_commitment
from ledger.crypto import Digest
from ledger.errors import InvalidInput
from ledger.licenses.metadata import LicenseMetadata
from ledger.licenses.packing import fast_leaf
from ledger.verdict import Check, Report, invalid, report, valid

FORMAT = "huxin.license-share.v1"
NOTHING = bytes(32)
_NAMES = (
    "item",
    "seal",
    "sm3",
    "sha256",
    "identifier",
    "holder",
    "case_key",
    "supersedes",
    "valid_from",
    "valid_until",
)
_HASHES = _NAMES[2:8]


@dataclass(frozen=True, slots=True)
class Salts:
    """32 bytes each, fresh for every license."""

    identifier: bytes = field(repr=False)
    holder: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a license refers to on the ledger: item, seal, case (zeros: none), the leaf it replaces (zeros: none)."""

    item: int
    seal: int
    case_key: bytes = NOTHING
    supersedes: bytes = NOTHING


def commit(metadata: LicenseMetadata, digests: tuple[Digest, Digest], sealed: Sealed, salts: Salts) -> License:
    """The license as the ledger has it; ``digests`` are SM3 and SHA-256 of the sealed file, in this order."""
    sm3, sha256 = digests
    if (sm3.algorithm, sha256.algorithm) != ("sm3", "sha256"):
        raise InvalidInput("DIGEST_ALGORITHM", "digests", "SM3 first, then SHA-256", "须依次为 SM3、SHA-256")
    return License(
        item=sealed.item, seal=sealed.seal, sm3=sm3.value, sha256=sha256.value,
        identifier=identifier_commitment(salts.identifier, str(metadata.identifier)),
        holder=holder_commitment(salts.holder, metadata.holder_code.code), case_key=sealed.case_key,
        supersedes=sealed.supersedes, valid_from=metadata.valid_from, valid_until=metadata.valid_until,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Share:
    """A license with what opens it; ``batch`` and ``proof`` where it was issued under a Merkle root."""

    license: License
    identifier: str = field(repr=False)
    holder: str = field(repr=False)
    salts: Salts = field(repr=False)
    batch: bytes | None = None
    proof: tuple[bytes, ...] = ()

    @property
    def leaf(self) -> bytes:
        """The name under which the ledger knows the license."""
        return fast_leaf(self.license)

    def check(self) -> Report:
        """Do the commitments open, and does the proof lead to the root? Needs no server."""
        one = self.license
        opens = identifier_commitment(self.salts.identifier, self.identifier) == one.identifier
        held = holder_commitment(self.salts.holder, self.holder) == one.holder
        checks = [
            _check(
                "share.identifier", opens, "IDENTIFIER_DIFFERS", "the identifier is that of the license", "证照标识"
            ),
            _check("share.holder", held, "HOLDER_DIFFERS", "the holder is that of the license", "持证主体"),
        ]
        if self.batch is not None:
            under = merkle.verify(self.batch, self.leaf, self.proof)
            checks.append(
                _check("share.batch", under, "BAD_PROOF", "the license is under the batch's root", "批次证明")
            )
        return report(checks)

    def to_json(self) -> str:
        """The share file."""
        fields = {name: getattr(self.license, name) for name in _NAMES}
        shown = {name: _hex(value) if isinstance(value, bytes) else value for name, value in fields.items()}
        body: dict[str, object] = {
            "format": FORMAT, "leaf": _hex(self.leaf), "license": shown, "identifier": self.identifier,
            "holder": self.holder, "identifierSalt": _hex(self.salts.identifier),
            "holderSalt": _hex(self.salts.holder), "batch": _hex(self.batch) if self.batch else None,
            "proof": [_hex(word) for word in self.proof],
        }  # fmt: skip
        return json.dumps(body, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, source: bytes | str) -> "Share":
        """Read a share file; InvalidInput ``SHARE_MALFORMED``. What it says is not checked yet: ``check``."""
        try:
            share = _read(strict_json.loads(source, deepest=4))
            share.leaf  # noqa: B018 - numbers out of their range show here
        except (ValueError, TypeError, KeyError, RecursionError, InvalidInput) as error:
            raise InvalidInput("SHARE_MALFORMED", "share", "no share file of a license", "不是证照份额文件") from error
        return share


def _check(name: str, holds: object, code: str, en: str, zh: str) -> Check:
    return valid(name, en, f"{zh}相符") if holds else invalid(name, code, f"not so: {en}", f"{zh}不符")


def _read(body: Mapping[str, Any]) -> Share:
    if body["format"] != FORMAT:
        raise ValueError(body["format"])
    one = body["license"]
    words: dict[str, Any] = {name: _word(one[name]) for name in _HASHES}
    numbers: dict[str, Any] = {name: _number(one[name]) for name in _NAMES if name not in _HASHES}
    license_ = License(**words, **numbers)
    salts = Salts(_word(body["identifierSalt"]), _word(body["holderSalt"]))
    batch = None if body["batch"] is None else _word(body["batch"])
    return Share(
        license_, _text(body["identifier"]), _text(body["holder"]), salts, batch, tuple(map(_word, body["proof"]))
    )


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _word(value: object) -> bytes:
    word = bytes.fromhex(_text(value).removeprefix("0x"))
    if len(word) != 32:
        raise ValueError
    return word


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
