"""Cases and their documents, for parties and auditors who have signed in."""

from collections.abc import Sequence
from typing import Any

from api.client.trail import Cursor
from api.client.transport import Transport
from api.wire.base import Page
from api.wire.cases import (
    CaseView,
    DocumentInfo,
    DocumentRequest,
    DocumentStored,
    DocumentView,
    ReadView,
    RefusalView,
    StepView,
    VerifiedLicenseView,
)
from api.wire.forms import FormsView
from ledger.evidence import Document
from ledger.evidence_json import read_document, write_document


class Cases:
    """What ``/v1/cases`` and ``/v1/documents`` offer; Forbidden and NotFound are told to outsiders alike."""

    def __init__(self, transport: Transport) -> None:
        """Over a client's connections."""
        self._transport = transport

    def show(self, case_key: bytes) -> CaseView:
        """The case's state."""
        return self._transport.ask("GET", _path(case_key), CaseView)

    def cursor(self, case_key: bytes) -> Cursor:
        """Where the next step continues."""
        return Cursor.of(self.show(case_key))

    def steps(self, case_key: bytes) -> tuple[StepView, ...]:
        """Every step that was taken, in order."""
        return self._all(_path(case_key, "/steps"), Page[StepView])

    def refusals(self, case_key: bytes) -> tuple[RefusalView, ...]:
        """Every step that was refused."""
        return self._all(_path(case_key, "/refusals"), Page[RefusalView])

    def documents(self, case_key: bytes) -> tuple[DocumentInfo, ...]:
        """Which documents there are."""
        return self._all(_path(case_key, "/documents"), Page[DocumentInfo])

    def licenses(self, case_key: bytes) -> tuple[VerifiedLicenseView, ...]:
        """Licenses in the place of papers, each judged again; these reads are logged."""
        return self._all(_path(case_key, "/licenses"), Page[VerifiedLicenseView])

    def forms(self, case_key: bytes, also: Sequence[bytes] = ()) -> FormsView:
        """Whether paper and electronic form of each license share one fate, over ``also`` too; reads are logged."""
        asked = {"also": ["0x" + one.hex() for one in also]}
        return self._transport.ask("GET", _path(case_key, "/forms"), FormsView, params=asked)

    def reads(self, case_key: bytes) -> tuple[ReadView, ...]:
        """Who read what."""
        return self._all(_path(case_key, "/reads"), Page[ReadView])

    def document(self, case_key: bytes, root: bytes) -> Document:
        """A document, opened; this read is logged. Its root is computed again here."""
        view = self._transport.ask("GET", _path(case_key, f"/documents/0x{root.hex()}"), DocumentView)
        return read_document(view.document)

    def store(self, case_key: bytes, document: Document, commitment: bytes | None = None) -> bytes:
        """Keep a document for the case, encrypted; the root for the act. The salts are the caller's."""
        body = DocumentRequest.model_validate_json(_request(case_key, document, commitment))
        key = f"document-{case_key.hex()[:16]}-{document.root.hex()}"
        self._transport.ask("POST", "/v1/documents", DocumentStored, body, key=key[:64])
        return document.root

    def destroy(self, root: bytes, field: str) -> None:
        """Destroy the salt and value of a field for good; the root stays what was signed."""
        self._transport.send("DELETE", f"/v1/documents/0x{root.hex()}/fields/{field}")

    def _all(self, path: str, page: Any) -> tuple[Any, ...]:
        return self._transport.everything(path, page)


def _path(case_key: bytes, below: str = "") -> str:
    return f"/v1/cases/0x{case_key.hex()}{below}"


def _request(case_key: bytes, document: Document, commitment: bytes | None) -> str:
    parts = [f'"caseKey":"0x{case_key.hex()}"', f'"document":{write_document(document).decode()}']
    if commitment is not None:
        parts.append(f'"commitment":"0x{commitment.hex()}"')
    return "{" + ",".join(parts) + "}"
