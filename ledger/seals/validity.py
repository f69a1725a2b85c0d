"""Was a certificate good for what it did, when it did it? The chain, periods, revocation, usage, extensions.

Two moments count. At ``signed``, the signer's own word, every certificate must have been in its period and not
revoked: revoked before is invalid, revoked after goes on (GM/T 0031-2014 6.2.3). At ``reference`` the signature is
known to exist: the time of the question, or an earlier one that a time stamp or the ledger proves. A certificate
that had expired by then proves nothing, for anybody who has the old key could have written an earlier time.
"""

from dataclasses import dataclass
from itertools import pairwise

from ledger.algorithms.der import MalformedDer
from ledger.seals.certificates import (
    CERTIFICATE_SIGN,
    DIGITAL_SIGNATURE,
    FOR_OTHERS,
    NON_REPUDIATION,
    TIME_STAMPING,
    Certificate,
    facts_of,
    parse_certificate,
)
from ledger.seals.checklist import STAMPER, CertificateItems
from ledger.seals.findings import as_check
from ledger.seals.revocation import COMPROMISE, Revoked, Status
from ledger.seals.seal import Form
from ledger.seals.times import as_text
from ledger.seals.trust import Path, TrustStore, find_paths
from ledger.seals.verifying import Outcome, is_signed_by
from ledger.verdict import Check, Report, Verdict


@dataclass(frozen=True, slots=True)
class Moments:
    """When something was signed by its own word (None: it does not say), and by when it is known to exist.

    ``proven``: by a time stamp or the ledger, not just by being there when the question is asked.
    """

    signed: int | None
    reference: int
    proven: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """The checks of one certificate; the certificate itself where it could be read."""

    checks: tuple[Check, ...]
    certificate: Certificate | None

    @property
    def trusted(self) -> bool:
        """Whether every check passed."""
        return Report(self.checks).overall is Verdict.VALID


def judge_certificate(
    items: CertificateItems, form: Form, der: bytes, store: TrustStore, moments: Moments, given: Path = ()
) -> Judged:
    """All six checks of a certificate in its role, over the best path to what is trusted."""
    try:
        certificate = parse_certificate(der)
    except MalformedDer as error:
        en, zh = f"the {items.en}'s certificate cannot be read", f"{items.zh}证书无法解析"
        return Judged((items.form.unreadable(form, error, en, zh),), None)
    judge = _Judge(items, form, store, moments)
    paths = find_paths(certificate, store, given) or ((certificate,),)
    best = min((judge.checks(path) for path in paths), key=lambda checks: Report(checks).overall.rank)
    noted = tuple(as_check(finding, items.form.name) for finding in certificate.findings)
    return Judged((items.form.ok(form, facts_of(certificate).to_facts()), *best, *noted), certificate)


class _Judge:
    """Judges one path in one role."""

    def __init__(self, items: CertificateItems, form: Form, store: TrustStore, moments: Moments) -> None:
        self._items = items
        self._form = form
        self._store = store
        self._moments = moments

    def checks(self, path: Path) -> tuple[Check, ...]:
        return (
            self._chain(path),
            self._period(path),
            self._revocation(path),
            self._usage(path[0]),
            self._unknown(path),
        )

    def _code(self, name: str) -> str:
        return f"{self._items.role}_{name}"

    def _chain(self, path: Path) -> Check:
        item, form, leaf = self._items.chain, self._form, path[0]
        if not self._store.anchors:
            en, zh = "no trust anchor is configured for this purpose", "未配置该用途的信任锚"
            return item.unknown(form, self._code("NO_TRUST_ANCHORS"), en, zh)
        if not self._store.is_anchor(path[-1]):
            return self._not_trusted(leaf)
        for below, issuer in enumerate(path[1:]):
            # Roots of version 1 cannot say that they are authorities; a pinned user's certificate is none.
            old_root = not issuer.extensions and issuer.self_issued and self._store.is_anchor(issuer)
            may_sign = issuer.key_usage is None or CERTIFICATE_SIGN in issuer.key_usage
            if not (issuer.is_authority or old_root) or not may_sign:
                en, zh = "a certificate on the path may not issue certificates", "证书链中有证书无权签发证书"
                return item.fails(form, self._code("ISSUER_NOT_AUTHORITY"), en, zh)
            between = sum(not one.self_issued for one in path[1 : below + 1])
            if issuer.path_length is not None and between > issuer.path_length:
                en, zh = "the path is longer than an authority on it allows", "证书链长度超出限制"
                return item.fails(form, self._code("PATH_TOO_LONG"), en, zh)
        return item.ok(form, {"path": len(path)})

    def _not_trusted(self, leaf: Certificate) -> Check:
        item, form = self._items.chain, self._form
        own = is_signed_by(leaf, leaf.public_key_info)
        if leaf.self_issued and own is not Outcome.FAILS:
            en, zh = f"the {self._items.en} made this certificate himself", f"{self._items.zh}证书是自制的"
            return item.fails(form, self._code("SELF_MADE"), en, zh)
        issuers = (
            one for one in (*self._store.anchors, *self._store.intermediates) if one.subject.same_as(leaf.issuer)
        )
        outcomes = {is_signed_by(leaf, one.public_key_info) for one in issuers}
        if Outcome.WEAK in outcomes:
            en, zh = (
                "the certificate is signed with an algorithm or key that is broken today",
                "证书使用了已不安全的签名算法",
            )
            return item.fails(form, self._code("CERTIFICATE_ALGORITHM_WEAK"), en, zh)
        if Outcome.UNKNOWN_ALGORITHM in outcomes:
            en, zh = "the certificate is signed with an algorithm that is not known here", "证书的签名算法无法识别"
            return item.unknown(form, self._code("CERTIFICATE_ALGORITHM_UNKNOWN"), en, zh, {"oid": leaf.algorithm})
        en = f"the {self._items.en}'s certificate leads to nothing that is trusted for this purpose"
        zh = f"{self._items.zh}证书不在该用途的信任范围内"
        return item.fails(form, self._code("NOT_TRUSTED"), en, zh)

    def _period(self, path: Path) -> Check:
        item, form, moments = self._items.period, self._form, self._moments
        zh, en = self._items.zh, self._items.en
        for place, one in enumerate(path):
            whose_zh, whose_en = (f"{zh}证书", f"the {en}'s certificate") if not place else ("上级证书", "an authority")
            facts = {
                "valid_from": as_text(one.valid_from), "valid_until": as_text(one.valid_until),
                **self._when(), "place": place,
            }  # fmt: skip
            signed = moments.reference if moments.signed is None else moments.signed
            if signed < one.valid_from:
                code, what = "CERTIFICATE_NOT_YET_VALID", ("was not yet valid when signing", "在签署时尚未生效")
            elif moments.signed is not None and signed > one.valid_until:
                code, what = "CERTIFICATE_EXPIRED_AT_SIGNING", ("had expired before signing", "在签署之前已过期")
            elif moments.reference > one.valid_until:
                code = "CERTIFICATE_EXPIRED"
                what = ("has expired, and nothing proves the signing to be older", "已过期，且无法证明签署在过期之前")
            else:
                continue
            return item.fails(form, self._code(code), f"{whose_en} {what[0]}", f"{whose_zh}{what[1]}", facts)
        return item.ok(form, self._when())

    def _when(self) -> dict[str, object]:
        signed, known = self._moments.signed, as_text(self._moments.reference)
        return {"signed": "-" if signed is None else as_text(signed), "known_by": known}

    def _revocation(self, path: Path) -> Check:
        item, form = self._items.revocation, self._form
        if self._store.is_anchor(path[0]):
            return item.ok(form, {"source": "trust anchor"})
        if len(path) == 1:
            en, zh = "without a path nobody can say whether it was revoked", "没有信任链，无法得知是否吊销"
            return item.unknown(form, self._code("REVOCATION_UNKNOWN"), en, zh)
        facts: dict[str, object] = {}
        for certificate, issuer in pairwise(path):
            found = self._status(certificate, self._store.statuses(certificate, issuer), facts)
            if found is not None:
                return found
        return item.ok(form, facts)

    def _status(self, certificate: Certificate, statuses: tuple[Status, ...], facts: dict[str, object]) -> Check | None:
        """What keeps this certificate's revocation check from passing, if anything."""
        item, form, moments = self._items.revocation, self._form, self._moments
        revoked = [one for status in statuses for one in status.revoked]
        if revoked:
            # An entry that does no harm (superseded since) must not hide one that does (the key was stolen).
            harm = [found for one in revoked if (found := self._revoked(one, facts)) is not None]
            return max(harm, key=lambda check: check.verdict.rank, default=None)
        timely = [s for s in statuses if _covers(s, certificate, moments.reference)]
        if timely:
            facts["source"] = ", ".join(sorted({f"{s.source} {as_text(s.this_update)}" for s in timely}))
            return None
        if statuses:
            en, zh = "the revocation data are too old for this question", "吊销信息已过时，不足以判断"
            return item.unknown(form, self._code("REVOCATION_STALE"), en, zh)
        en, zh = "no revocation data: not known whether it was revoked", "没有吊销信息：是否吊销未知"
        return item.unknown(form, self._code("REVOCATION_UNKNOWN"), en, zh)

    def _revoked(self, revoked: Revoked, facts: dict[str, object]) -> Check | None:
        item, form, moments = self._items.revocation, self._form, self._moments
        stolen = revoked.reason in COMPROMISE
        # By then the key was out or the certificate "otherwise became invalid" (RFC 5280 5.3.2), whatever the reason.
        since = revoked.moment if revoked.suspect_since is None else min(revoked.moment, revoked.suspect_since)
        said = {"revoked": as_text(since), "reason": "-" if revoked.reason is None else revoked.reason}
        if moments.signed is None and since <= moments.reference:
            en, zh = (
                "a certificate was revoked, and nothing says that the signing is older",
                "证书已被吊销，签署时间不明",
            )
            return item.fails(form, self._code("REVOKED"), en, zh, said)
        if moments.signed is not None and since <= moments.signed:
            en, zh = "a certificate was revoked before signing", "证书在签署之前已被吊销"
            return item.fails(form, self._code("REVOKED_BEFORE_SIGNING"), en, zh, said)
        if stolen and not (moments.proven and moments.reference < since):
            en = "the key was compromised later, and nothing proves the signing to be older than that"
            zh = "密钥其后泄露，且无法证明签署在泄露之前"
            return item.unknown(form, self._code("KEY_COMPROMISED_LATER"), en, zh, said)
        facts["revoked_after_signing"] = said["revoked"]
        return None

    def _usage(self, leaf: Certificate) -> Check:
        item, form = self._items.usage, self._form
        meant = leaf.key_usage is None or bool(leaf.key_usage & {DIGITAL_SIGNATURE, NON_REPUDIATION})
        if self._items is STAMPER:
            meant = meant and leaf.extended_usage == (TIME_STAMPING,)
        elif leaf.extended_usage and FOR_OTHERS.issuperset(leaf.extended_usage):
            meant = False  # servers, programs, time stamps: under the same root, and yet nobody who seals
        if not meant:
            en, zh = f"the {self._items.en}'s key is not meant for this", f"{self._items.zh}证书的密钥用法不符"
            return item.fails(form, self._code("KEY_USAGE"), en, zh)
        return item.ok(form)

    def _unknown(self, path: Path) -> Check:
        item, form = self._items.extensions, self._form
        unknown = sorted({kind for one in path for kind in one.unknown_critical})
        if unknown:
            en, zh = "a certificate has a critical extension that is not understood", "证书含有无法识别的关键扩展"
            return item.unknown(form, self._code("CRITICAL_EXTENSION_UNKNOWN"), en, zh, {"types": " ".join(unknown)})
        return item.ok(form)


def _covers(status: Status, certificate: Certificate, reference: int) -> bool:
    """Whether "not on the list" says that it was not revoked up to the reference time."""
    aged_out = certificate.valid_until < status.this_update and not status.expired_kept
    current = status.this_update >= reference or (status.next_update is not None and status.next_update >= reference)
    return current and not aged_out
