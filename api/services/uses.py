"""Licenses shown and used: what is checked before a use is queued, and who may read the trace of uses.

The chain judges the holder's signature, the window, the time and that it is once (``ledger.rules.licenses``). What it
cannot see, because it stays behind a salted root, is checked here: that the purpose is for the case's item.
"""

from api.services import decode
from api.services.ports import Now
from api.services.signin import User
from api.services.submission import Submission
from api.store.heads import Heads
from api.store.licenses import LicenseStore
from api.store.registry import RegistryReads
from api.store.uses import LicenseUseView, UseReads
from api.wire.uses import UseRequest, UsesView, UseView
from ledger import acts
from ledger.errors import InvalidInput, NotFound
from ledger.evidence import DocumentKind, check_disclosure
from ledger.evidence_json import read_disclosure
from ledger.ids import format_id
from ledger.presentation import OF_THE_HOLDER, check_presentation, read_code
from ledger.procedure import Role
from ledger.verdict import Report, Verdict

_NO_CASE = bytes(32)
_HOLDER_AT = 5 * 32


class Uses:
    """Over the index; nothing is written here."""

    def __init__(
        self, reads: UseReads, registry: RegistryReads, licenses: LicenseStore, heads: Heads, domain: bytes, now: Now
    ) -> None:
        self._reads, self._registry, self._licenses, self._heads = reads, registry, licenses, heads
        self._domain, self._now = domain, now

    def submission(self, leaf: bytes, body: UseRequest) -> Submission:
        """What is judged next; InvalidInput where the purpose is not what the holder signed or not for this case."""
        act = decode.decode(acts.UseLicense, body.act, "body.act")
        holder = decode.decode(acts.HolderProof, body.holder, "body.holder")
        if act.authorization.license != leaf:
            raise InvalidInput(
                "LICENSE_DIFFERS", "body.act.authorization.license", "not the license of this address",
                "与地址中的证照不符",
            )  # fmt: skip
        self._check_purpose(act, body.purpose)
        batch = decode.bytes_of(body.batch) if body.batch else None
        proof = tuple(map(decode.bytes_of, body.proof))
        return Submission("UseLicense", body.act, (decode.bytes_of(body.signature),), batch, proof, holder)

    def _check_purpose(self, act: acts.UseLicense, purpose: object) -> None:
        shown = read_disclosure(purpose)
        checked = check_disclosure(shown, act.authorization.purpose)
        if shown.kind is not DocumentKind.AUTHORIZATION or checked.overall is not Verdict.VALID:
            raise InvalidInput(
                "PURPOSE_NOT_SIGNED", "body.purpose", "this is not the purpose that the holder has signed",
                "用证用途与持证人签署的不符",
            )  # fmt: skip
        item = next((one.entry.value for one in shown.fields if one.entry.name == "item"), None)
        if act.case_key == _NO_CASE:
            return
        state = self._heads.latest(act.case_key)
        if state is None:
            raise NotFound("CASE_NOT_FOUND", "no such case", "没有此办件")
        if item != format_id(state.item):
            raise InvalidInput(
                "AUTHORIZED_FOR_ANOTHER_ITEM", "body.purpose", "the holder authorised the use for another item",
                "持证人授权用于其他事项",
            )  # fmt: skip

    # --- showing

    def presented(self, text: str, challenge: str | None, shown: object = None) -> tuple[bytes, Report]:
        """The leaf that a code shows, and what is to be said of the code; ``shown``: the license's own fields."""
        code = read_code(text)
        holder = self._holder_of(code.shown.license) if shown is None else _holder_of_body(shown)
        return code.shown.license, check_presentation(code, self._domain, holder, self._now(), challenge)

    def _holder_of(self, leaf: bytes) -> bytes | None:
        """``License.holder``, from the chain or from the issuer's record."""
        known = self._registry.single_license(leaf)
        if known is not None and known.holder is not None:
            return known.holder
        row = self._licenses.get(leaf)
        return None if row is None else row.body[_HOLDER_AT : _HOLDER_AT + 32]

    # --- the trace

    def trace(self, leaf: bytes, user: User | None, code: str | None) -> UsesView:
        """For the holder (a code for ``OF_THE_HOLDER``), the issuing agency, auditors; to others it is not there."""
        is_holder = code is not None and self._is_holder(leaf, code)
        if not is_holder and not (user is not None and self._may_read(leaf, user)):
            raise NotFound("LICENSE_NOT_FOUND", "no such license among yours", "没有此证照,或您无权查看")
        uses = tuple(self._view(one) for one in self._reads.of_license(leaf))
        return UsesView(license=decode.hex_of(leaf), uses=uses)

    def _is_holder(self, leaf: bytes, code: str) -> bool:
        shown, report = self.presented(code, OF_THE_HOLDER)
        return shown == leaf and report.overall is Verdict.VALID

    def _may_read(self, leaf: bytes, user: User) -> bool:
        is_auditor, issuer = bool(user.roles & Role.AUDITOR), self._licenses.issuer_of(leaf)
        if issuer is None:  # whoever has touched the leaf need not be its issuer
            return is_auditor and bool(self._registry.licenses_of(leaf))
        is_issued = self._reads.is_issued(leaf, issuer, self._licenses.batch_of(leaf))
        return is_issued and (issuer == user.agency or is_auditor)

    def _view(self, use: LicenseUseView) -> UseView:
        window = self._registry.window(use.window)
        return UseView(
            authorization=decode.hex_of(use.authorization), window=format_id(use.window),
            window_name=window.name if window else None, officer=format_id(use.officer), used_at=use.used_at,
            case_key=None if use.case_key == _NO_CASE else decode.hex_of(use.case_key),
            purpose=decode.hex_of(use.purpose), not_before=use.not_before, not_after=use.not_after, block=use.block,
        )  # fmt: skip


def _holder_of_body(shown: object) -> bytes:
    return decode.decode(acts.License, shown, "body.license").holder
