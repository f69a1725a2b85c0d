"""Cases and their documents: who may see them, kept encrypted, every read noted before the answer."""

import json
from collections.abc import Callable
from typing import Any

from api.services import forms
from api.services.ports import Now
from api.services.reliance import Reliances, Relied
from api.services.sealuses import SealRecords
from api.services.signin import User
from api.store.documents import DocumentStore
from api.store.models import CaseView, ItemVersionView, StoredDocument
from api.store.reads import CaseReads
from ledger.deadlines import Clock, Taken, clocks
from ledger.errors import Fault, InvalidInput, NotFound
from ledger.evidence import Document
from ledger.evidence_forms import KINDS as OF_FORMS
from ledger.evidence_json import read_document, write_document
from ledger.evidence_license import KIND as VERIFIED_LICENSE
from ledger.evidence_rules import draft_faults
from ledger.evidence_seal import KINDS as DECISIONS
from ledger.evidence_seal import SealUse
from ledger.procedure import Role
from ledger.records import AgencyFlag
from ledger.state import case_key as key_of_case
from ledger.vault import Vault
from ledger.world import World


def _hidden() -> NotFound:
    """The same for a case that does not exist and for one that is not the asker's."""
    return NotFound("CASE_NOT_FOUND", "no such case among yours", "没有此办件,或您无权查看")


def _no_document() -> NotFound:
    return NotFound("DOCUMENT_NOT_FOUND", "no such document among yours", "没有此材料,或您无权查看")


class Casework:
    """What parties and auditors may do; ``has_grant(officer, item)``: a grant lets the officer join the case."""

    def __init__(
        self,
        cases: CaseReads,
        documents: DocumentStore,
        vault: Vault,
        new_world: Callable[[], World],
        has_grant: Callable[[int, int], bool],
        reliances: Reliances,
        seal_records: SealRecords,
        now: Now,
    ) -> None:
        self._cases, self._documents, self._vault = cases, documents, vault
        self._reliances, self._seal_records = reliances, seal_records
        self._new_world, self._has_grant, self._now = new_world, has_grant, now

    # --- access

    def is_party(self, agency: int, case: bytes) -> bool:
        """Home agency, or one whose officer signed a step."""
        return agency in self._cases.agencies_of(case)

    def case(self, user: User, case: bytes) -> CaseView:
        """The case, for a party or an auditor; NotFound for everybody else."""
        found = self._cases.case(case)
        if found is None or not (self.is_party(user.agency, case) or self._audits(user)):
            raise _hidden()
        return found

    def clocks(self, case: bytes, promised: ItemVersionView | None) -> tuple[Clock, ...]:
        """Its time limits as they stand; ``promised`` is the version of the item under which it was opened."""
        steps = [Taken(row.action, row.signed_at, row.at, row.detail) for row in self._cases.steps(case)]
        accept, decide = (promised.accept_days or 0, promised.decide_days or 0) if promised else (0, 0)
        return clocks(steps, accept, decide, self._now())

    def parties(self, case: bytes) -> tuple[int, ...]:
        """Agencies that are parties."""
        return tuple(sorted(self._cases.agencies_of(case)))

    def _audits(self, user: User) -> bool:
        agency = self._new_world().agencies.get(user.agency)
        supervises = agency is not None and agency.flags & AgencyFlag.SUPERVISOR
        return bool(user.roles & Role.AUDITOR and supervises)

    def _may_bring(self, user: User, case: bytes, commitment: bytes | None) -> bool:
        """Whoever opens the case, its parties, and who may join it under a grant."""
        if commitment is not None and key_of_case(user.officer, commitment) == case:
            return True
        found = self._cases.case(case)
        return found is not None and (self.is_party(user.agency, case) or self._has_grant(user.officer, found.item))

    # --- documents

    def store(self, user: User, case: bytes, commitment: bytes | None, source: object) -> Document:
        """Keep a document encrypted; InvalidInput with all faults, NotFound for strangers."""
        document = _read(source)
        if not self._may_bring(user, case, commitment):
            raise _hidden()
        try:
            self._reliances.admit(case, document)
            self._seal_records.admit(case, document)
            forms.admit(document)
        except InvalidInput as error:
            raise InvalidInput.of([_at_body(fault) for fault in error.faults]) from error
        wrapped = self._documents.wrapped_key(case) or self._documents.keep_key(case, self._vault.new_case_key(case))
        sealed = self._vault.seal(case, document.root, wrapped, write_document(document))
        kept = StoredDocument(case, document.root, document.kind.value, sealed, user.officer, self._now())
        self._documents.put(kept)
        return document

    def listing(self, user: User, case: bytes) -> tuple[StoredDocument, ...]:
        """Which documents there are."""
        self.case(user, case)
        return self._documents.of_case(case)

    def read(self, user: User, case: bytes, root: bytes) -> dict[str, Any]:
        """A document's JSON; the read is on disk before this returns."""
        self.case(user, case)
        kept = self._documents.get(case, root)
        if kept is None:
            raise _no_document()
        content = self._open(kept)
        self._documents.log_read(case, root, user.officer, self._now(), "document")
        found: dict[str, Any] = json.loads(content)
        return found

    def relied(self, user: User, case: bytes) -> tuple[Relied, ...]:
        """The licenses that stand in the place of papers, each judged again; the reads are on disk before."""
        kept = [one for one in self.listing(user, case) if one.kind == VERIFIED_LICENSE.value]
        steps = self._cases.steps(case)
        found = [self._reliances.relied(case, one, read_document(self._open(one)), steps) for one in kept]
        for one in kept:
            self._documents.log_read(case, one.root, user.officer, self._now(), "license")
        return tuple(found)

    def seal_use(self, user: User, case: bytes, root: bytes) -> SealUse | None:
        """What a decision of the asker's case says of its seal; None where it says nothing. The read is noted."""
        kept = self._documents.get(case, root)
        if kept is None or kept.kind not in DECISIONS:
            return None
        try:
            self.case(user, case)
            found = SealUse.read(read_document(self._open(kept)))
        except (NotFound, InvalidInput):  # not the asker's; or destroyed
            return None
        if found is not None:
            self._documents.log_read(case, root, user.officer, self._now(), "seal use")
        return found

    def paper_forms(self, user: User, case: bytes) -> tuple[forms.Kept, ...]:
        """What its evidence says of the paper forms of licenses; the reads are on disk before."""
        stored = [one for one in self.listing(user, case) if one.kind in OF_FORMS]
        found = [forms.kept(one, lambda each: read_document(self._open(each))) for one in stored]
        told = tuple(one for one in found if one is not None)
        for one in told:
            self._documents.log_read(case, one.stored.root, user.officer, self._now(), "paper form")
        return told

    def destroy(self, user: User, root: bytes, name: str) -> None:
        """Destroy a field's salt and value for good, in each case where the asker's agency may.

        May: the agency that brought the document, and the home agency.
        """
        mine = [kept for kept in self._documents.find(root) if self._may_destroy(user, kept)]
        if not mine:
            raise _no_document()
        for kept in mine:
            wrapped = self._wrapped(kept.case_key)
            less = read_document(self._open(kept)).destroy_salt(name)
            self._documents.log_read(kept.case_key, root, user.officer, self._now(), "destroy")
            sealed = self._vault.seal(kept.case_key, root, wrapped, write_document(less))
            self._documents.replace(kept.case_key, root, sealed)

    def _may_destroy(self, user: User, kept: StoredDocument) -> bool:
        found = self._cases.case(kept.case_key)
        return user.agency == kept.officer >> 32 or (found is not None and found.home == user.agency)

    def _open(self, kept: StoredDocument) -> bytes:
        return self._vault.open(kept.case_key, kept.root, self._wrapped(kept.case_key), kept.sealed)

    def _wrapped(self, case: bytes) -> bytes:
        wrapped = self._documents.wrapped_key(case)
        if wrapped is None:
            raise _no_document()
        return wrapped


def _read(source: object) -> Document:
    """What is brought in is held to today's rules, personal data included; what is kept stays readable."""
    try:
        document = read_document(source)
    except InvalidInput as error:
        raise InvalidInput.of([_at_body(fault) for fault in error.faults]) from error
    faults = draft_faults([each.entry for each in document.fields if each.entry])
    if faults:
        raise InvalidInput.of([_at_body(fault) for fault in faults])
    return document


def _at_body(fault: Fault) -> Fault:
    return Fault(fault.code, f"body.document.{fault.where}", fault.zh, fault.en)
