"""Licenses and seals: recorded by their issuer, verified by anybody; files never leave this machine."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

from api.client.forms import write_act
from api.client.transport import Transport
from api.wire.proofs import (
    BatchRequest,
    BatchView,
    DocumentView,
    LicenseRecorded,
    LicenseRecordRequest,
    ProofView,
    ReportView,
    VerifyDocumentRequest,
    VerifyLicenseRequest,
    VerifySealRequest,
)
from api.wire.uses import VerifyPresentationRequest
from ledger.acts import License
from ledger.crypto import Digest, file_digests
from ledger.errors import HuxinError, InvalidInput
from ledger.ids import format_id
from ledger.verdict import Check, Report, Verdict, indeterminate

_CHUNK = 1 << 20
_View = TypeVar("_View", bound=ReportView)


class Proofs:
    """``/v1/verify`` and ``/v1/licenses``."""

    def __init__(self, transport: Transport) -> None:
        """Over a client's connections."""
        self._ask = transport.ask

    def verify_digest(self, digest: Digest) -> ReportView:
        """Is the license of this file genuine, its seal competent, both in force?"""
        return self._license(VerifyLicenseRequest(digest=str(digest)))

    def verify_identifier(self, identifier: str) -> ReportView:
        """The same by the license's identifier 证照标识."""
        return self._license(VerifyLicenseRequest(identifier=identifier))

    def verify_leaf(self, leaf: bytes) -> ReportView:
        """The same by the leaf under which the chain keeps it."""
        return self._license(VerifyLicenseRequest(leaf="0x" + leaf.hex()))

    def verify_file(self, path: Path) -> ReportView:
        """The same for a file: hashed here, asked by both digests, the worse verdict counts."""
        sm3, sha256 = digests_of(path)
        return _worse(self.verify_digest(sm3), self.verify_digest(sha256))

    def verify_shown(self, license_: License, batch: bytes | None = None, proof: tuple[bytes, ...] = ()) -> ReportView:
        """The same for a license that its holder shows, with the proof of its batch."""
        return self._license(
            VerifyLicenseRequest(
                license=write_act(license_), batch=None if batch is None else "0x" + batch.hex(),
                proof=tuple("0x" + word.hex() for word in proof),
            )
        )  # fmt: skip

    def verify_code(
        self, code: str, challenge: str | None = None, license_: License | None = None, batch: bytes | None = None,
        proof: tuple[bytes, ...] = (),
    ) -> ReportView:  # fmt: skip
        """亮证: the same for a code made for ``challenge``; of a batch the license itself must be shown too."""
        asked = VerifyPresentationRequest(
            code=code, challenge=challenge, license=None if license_ is None else write_act(license_),
            batch=None if batch is None else "0x" + batch.hex(), proof=tuple("0x" + word.hex() for word in proof),
        )  # fmt: skip
        return agreed(self._ask("POST", "/v1/verify/presentation", ReportView, asked))

    def verify_document(self, asked: VerifyDocumentRequest) -> DocumentView:
        """What the ledger says of a sealed document, by digests (``api.client.documents`` makes the question)."""
        return agreed(self._ask("POST", "/v1/verify/document", DocumentView, asked))

    def _license(self, request: VerifyLicenseRequest) -> ReportView:
        return agreed(self._ask("POST", "/v1/verify/license", ReportView, request))

    def verify_seal(self, seal: int) -> ReportView:
        """Does this seal hold?"""
        return self._seal(VerifySealRequest(seal=format_id(seal)))

    def verify_seal_digest(self, digest: Digest) -> ReportView:
        """Is a seal with this object registered, and does it hold?"""
        return self._seal(VerifySealRequest(digest=str(digest)))

    def _seal(self, request: VerifySealRequest) -> ReportView:
        return agreed(self._ask("POST", "/v1/verify/seal", ReportView, request))

    def verify_seal_file(self, path: Path) -> ReportView:
        """The same for the seal's DER file, hashed here."""
        sm3, sha256 = digests_of(path)
        return _worse(self.verify_seal_digest(sm3), self.verify_seal_digest(sha256))

    def record(self, license_: License, identifier: str, salt: bytes) -> bytes:
        """Let a license be found by its identifier; its leaf. For its issuer, signed in."""
        request = LicenseRecordRequest(
            license=write_act(license_), identifier=identifier, identifier_salt="0x" + salt.hex()
        )
        recorded = self._ask("POST", "/v1/licenses/records", LicenseRecorded, request, key="record-" + salt.hex()[:32])
        return bytes.fromhex(recorded.leaf[2:])

    def batch(self, licenses: tuple[License, ...]) -> BatchView:
        """Hand in the licenses of a batch; root and count for the act IssueBatch."""
        request = BatchRequest(licenses=tuple(map(write_act, licenses)))
        return self._ask("POST", "/v1/licenses/batches", BatchView, request)

    def proof(self, root: bytes, leaf: bytes) -> ProofView:
        """That a license belongs to a batch."""
        return self._ask("GET", f"/v1/licenses/batches/0x{root.hex()}/proofs/0x{leaf.hex()}", ProofView)


def digests_of(path: Path) -> tuple[Digest, Digest]:
    """SM3 and SHA-256 of a file, in one pass."""
    with path.open("rb") as file:
        return file_digests(chunks_of(file))


def chunks_of(file: BinaryIO) -> Iterator[bytes]:
    """The file's bytes from where it stands, a MiB at a time."""
    while part := file.read(_CHUNK):
        yield part


def asked(ask: Callable[[], ReportView]) -> Report:
    """What the ledger says; where nobody answers (no server, a proxy's page) that is one indeterminate check.

    InvalidInput where the question is at fault.
    """
    try:
        return checks_of(ask())
    except InvalidInput:
        raise
    except HuxinError as error:
        return Report((unanswered(error),))


def unanswered(error: HuxinError) -> Check:
    """Nobody has said anything: neither that it is good nor that it is not."""
    return indeterminate("ledger.asked", error.code, error.en, error.zh)


def checks_of(view: ReportView) -> Report:
    """A server's report as one of our own."""
    return Report(
        tuple(
            Check(one.name, Verdict(one.verdict), one.reason_code, one.zh, one.en, tuple(one.facts.items()))
            for one in view.checks
        )
    )


def agreed(view: _View) -> _View:
    """The same; HuxinError ``VERDICT_DIFFERS`` where its verdict is not what its checks come to."""
    if checks_of(view).overall != view.verdict:
        en, zh = "the server's verdict is not what its own checks come to", "服务端的结论与其各项检查不符"
        raise HuxinError("VERDICT_DIFFERS", en, zh)
    return view


def _worse(one: ReportView, other: ReportView) -> ReportView:
    return max(one, other, key=lambda report: Verdict(report.verdict).rank)
