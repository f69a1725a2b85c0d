"""What every kind of signature is judged with: the question asked, its moments, the outcome of a signature value."""

import unicodedata
from dataclasses import dataclass

from ledger.algorithms.der import MalformedDer, decode
from ledger.seals.certificates import Certificate, Extension
from ledger.seals.checklist import Item
from ledger.seals.findings import Finding, as_check
from ledger.seals.seal import Form
from ledger.seals.times import as_text
from ledger.seals.trust import TrustStores
from ledger.seals.verifying import Outcome, is_raw
from ledger.verdict import Check

# Clocks of signer, time stamper and ledger may differ by this many seconds.
SKEW = 300
# Identifiers of organisations in certificate extensions (GB/T 20518 5.2.4.3): 1.2.156.10260.4.1.x.
_OWNER_EXTENSIONS = "1.2.156.10260.4.1."
_OWNER_ATTRIBUTES = frozenset({"2.5.4.3", "2.5.4.5", "2.5.4.10", "2.5.4.11", "2.5.4.97"})


@dataclass(frozen=True, slots=True)
class Expected:
    """Which seal must it be? By registered digests (SM3 of the seal's DER), by owners' names or codes; empty: any.

    An owner is matched against the signer's names (organisation, unit, common name), numbers (serial number,
    organisation identifier) and the organisation codes in its extensions; where it is located names nobody.
    """

    seals: tuple[bytes, ...] = ()
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: with which trust, for which time, and by when the thing is known to exist (None: unproven)."""

    trust: TrustStores
    at: int
    proven_at: int | None
    expected: Expected

    @property
    def reference(self) -> int:
        """By when the thing is known to exist."""
        return self.at if self.proven_at is None else min(self.at, self.proven_at)

    def proven(self, moment: int | None) -> "Question":
        """The same question, with one more proof of existence."""
        if moment is None:
            return self
        known = moment if self.proven_at is None else min(moment, self.proven_at)
        return Question(self.trust, self.at, known, self.expected)


def value_check(item: Item, form: Form, outcome: Outcome | None, algorithm: str, signature: bytes) -> tuple[Check, ...]:
    """The check of a signature value (None: there is no key to check it with), and what is odd about its encoding."""
    facts = {"algorithm": algorithm}
    if outcome is Outcome.HOLDS:
        odd = (as_check(Finding.RAW_SIGNATURE_VALUE, item.name),) if is_raw(signature) else ()
        return (item.ok(form, facts), *odd)
    code = item.name.upper().replace(".", "_")
    if outcome is Outcome.FAILS:
        en, zh = (
            "the signature value does not hold: changed after signing, or forged",
            "签名值不成立：签署后被改动或系伪造",
        )
        return (item.fails(form, f"{code}_WRONG", en, zh, facts),)
    if outcome is Outcome.WEAK:
        en, zh = "signed with an algorithm or key that is broken today", "使用了已不安全的算法或密钥"
        return (item.fails(form, f"{code}_WEAK_ALGORITHM", en, zh, facts),)
    if outcome is Outcome.UNKNOWN_ALGORITHM:
        en, zh = "signed with an algorithm that is not known here", "签名算法无法识别"
        return (item.unknown(form, f"{code}_UNKNOWN_ALGORITHM", en, zh, facts),)
    en, zh = "there is no certificate to check the signature value with", "没有可用于验证签名值的证书"
    return (item.unknown(form, f"{code}_NO_CERTIFICATE", en, zh, facts),)


def time_check(item: Item, form: Form, claimed: int | None, question: Question) -> Check:
    """Whether a signing time is possible: not after the question, nor after the thing is known to have existed."""
    if claimed is None:
        return item.ok(form, {"signed": "-", "known_by": as_text(question.reference)})
    facts = {"signed": as_text(claimed), "known_by": as_text(question.reference), "at": as_text(question.at)}
    if claimed > question.at + SKEW:
        return item.fails(
            form, "SIGNED_IN_THE_FUTURE", "signed after the time asked about", "签署时间晚于验证时间", facts
        )
    if claimed > question.reference + SKEW:
        en, zh = "it existed before the time it says it was signed at", "签署时间晚于其已被证明存在的时间"
        return item.fails(form, "SIGNED_AFTER_PROOF", en, zh, facts)
    return item.ok(form, facts)


def custom_check(item: Item, form: Form, extensions: tuple[Extension, ...]) -> Check:
    """Whether no custom data 自定义数据 is critical: none has a meaning here."""
    unknown = " ".join(sorted(one.kind for one in extensions if one.critical))
    if unknown:
        en, zh = "there are critical custom data that are not understood", "含有无法识别的关键自定义数据"
        code = f"{item.name.split('.')[0].upper()}_CRITICAL_DATA_UNKNOWN"
        return item.unknown(form, code, en, zh, {"types": unknown})
    return item.ok(form)


def is_of_owner(certificate: Certificate, expected: Expected) -> bool:
    """Whether the certificate is one of the owners'."""
    return not _owner_names(certificate).isdisjoint(_folded(owner) for owner in expected.owners)


def _owner_names(certificate: Certificate) -> frozenset[str]:
    """Every text by which the certificate names its owner, folded for comparison."""
    texts = [value for kind, value in certificate.subject.attributes if kind in _OWNER_ATTRIBUTES]
    coded = (one for one in certificate.extensions if one.kind.startswith(_OWNER_EXTENSIONS))
    texts.extend(_text_of(one.value) for one in coded)
    return frozenset(_folded(text) for text in texts)


def _folded(text: str) -> str:
    """A name or code for comparison: compatibility forms, case and white space do not count."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _text_of(value: bytes) -> str:
    try:
        element = decode(value)
        while element.children:
            element = element.children[0]
        value = element.content
    except MalformedDer:
        pass  # some write the bare text into the extension
    return value.decode("utf-8", errors="replace")
