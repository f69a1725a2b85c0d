"""The security checks of seals and seal signatures, each listed once; where one is done, its item is named again.

S: a seal (GM/T 0031-2014 6.1.2; GB/T 38540-2020 6.3). E: a seal signature (6.2.3; 7.3). D: signed data of
GM/T 35275-2017. T: a time stamp token (GB/T 20520, RFC 3161). The standards letter their steps; the numbers here
are our own, and ``clause`` names the clause that asks for the step.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.algorithms.der import MalformedDer
from ledger.errors import Unavailable
from ledger.seals.seal import STANDARDS, Form
from ledger.verdict import Check, indeterminate, invalid, valid

_CLAUSES = {
    ("S", Form.V1): "6.1.2",
    ("S", Form.V4): "6.3",
    ("E", Form.V1): "6.2.3",
    ("E", Form.V4): "7.3",
}

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Item:
    """One check of the list: its number, its stable name and what it says when it passes."""

    number: str
    name: str
    zh: str
    en: str

    def ok(self, form: Form | None, facts: Facts | None = None) -> Check:
        """It passed."""
        return valid(self.name, self.en, self.zh, self._facts(form, facts))

    def fails(self, form: Form | None, code: str, en: str, zh: str, facts: Facts | None = None) -> Check:
        """It is shown to be wrong."""
        return invalid(self.name, code, en, zh, self._facts(form, facts))

    def unknown(self, form: Form | None, code: str, en: str, zh: str, facts: Facts | None = None) -> Check:
        """It could not be done."""
        return indeterminate(self.name, code, en, zh, self._facts(form, facts))

    def unreadable(self, form: Form | None, error: MalformedDer, en: str, zh: str) -> Check:
        """It cannot be read: wrong, unless it is only more than is read here."""
        made = self.unknown if error.beyond_limits else self.fails
        return made(form, error.code, f"{en}: {error.en}", f"{zh}：{error.zh}", {"where": error.where})

    def outage(self, form: Form | None, error: Unavailable) -> Check:
        """Nothing here can compute what must be computed: that says nothing of the file."""
        return self.unknown(form, error.code, f"could not be checked here: {error.en}", f"此处无法验证：{error.zh}")

    def _facts(self, form: Form | None, facts: Facts | None) -> Facts:
        return {"number": self.number, "clause": self.clause(form), **(facts or {})}

    def clause(self, form: Form | None) -> str:
        """The standard and, where confirmed, the clause that asks for this; "-" where no standard was recognised."""
        if self.number.startswith("T"):
            return "GB/T 20520"
        if form is None:
            return "-"
        return f"{STANDARDS[form]} {_CLAUSES.get((self.number[0], form), '')}".strip()


@dataclass(frozen=True, slots=True)
class CertificateItems:
    """The checks of one certificate in its role; ``role`` begins the codes of what is wrong."""

    role: str
    zh: str
    en: str
    form: Item
    chain: Item
    period: Item
    revocation: Item
    usage: Item
    extensions: Item


def _certificate_items(letter: str, first: int, part: str, zh: str, en: str) -> CertificateItems:
    """Six consecutive numbers for one certificate."""
    texts = (
        ("certificate", f"{zh}证书格式正确", f"the {en}'s certificate is well formed"),
        ("chain", f"{zh}证书信任链完整", f"the {en}'s certificate leads to what is trusted"),
        ("period", f"{zh}证书在有效期内", f"the {en}'s certificates were in their periods"),
        ("revocation", f"{zh}证书未被吊销", f"the {en}'s certificates were not revoked before"),
        ("usage", f"{zh}证书密钥用法正确", f"the {en}'s key is meant for signing"),
        ("extensions", f"{zh}证书无未知关键扩展", f"no critical extension of the {en}'s certificates is unknown"),
    )
    items = [Item(f"{letter}{first + i}", f"{part}.{name}", z, e) for i, (name, z, e) in enumerate(texts)]
    role = {"maker": "MAKER", "signer": "SIGNER", "stamper": "STAMP"}[part.rsplit(".", 1)[-1]]
    return CertificateItems(role, zh, en, *items)


SEAL_FORMAT = Item("S1", "seal.format", "电子印章格式正确", "the seal is well formed")
SEAL_SIGNATURE = Item("S2", "seal.signature", "制章者签名正确", "the maker's signature over the seal holds")
MAKER = _certificate_items("S", 3, "seal.maker", "制章者", "maker")
SEAL_PERIOD = Item("S9", "seal.period", "电子印章在有效期内", "the seal is in its period")
SEAL_CUSTOM = Item("S10", "seal.custom", "印章无未知关键自定义数据", "no critical custom data of the seal is unknown")
SEAL_EXPECTED = Item("S11", "seal.expected", "是所要求的印章", "it is the seal that is asked for")

FORMAT = Item("E1", "signature.format", "电子签章格式正确", "the seal signature is well formed")
VALUE = Item("E2", "signature.value", "签章签名值正确", "the signature value holds")
SIGNER = _certificate_items("E", 3, "signature.signer", "签章者", "signer")
TIME = Item("E9", "signature.time", "签章时间合理", "the signing time is possible")
DATA_HASH = Item("E10", "signature.data_hash", "原文杂凑值一致", "the document's digest is the signed one")
LISTED = Item("E11", "signature.listed", "签章者证书在印章证书列表内", "the signer's certificate is listed in the seal")
SEAL_AT_SIGNING = Item("E12", "signature.seal_period", "签章时印章在有效期内", "the seal was in its period when used")
CUSTOM = Item("E13", "signature.custom", "签章无未知关键自定义数据", "no critical custom data is unknown")

DATA_FORMAT = Item("D1", "signed_data.format", "签名数据格式正确", "the signed data are well formed")
DATA_VALUE = Item("D2", "signed_data.value", "签名值正确", "the signature value holds")
DATA_SIGNER = _certificate_items("D", 3, "signed_data.signer", "签名者", "signer")
DATA_TIME = Item("D9", "signed_data.time", "签名时间合理", "the signing time is possible")
DATA_CONTENT = Item("D10", "signed_data.content", "原文一致", "the content is the document's")
DATA_EXPECTED = Item("D11", "signed_data.expected", "是所要求的签名者", "it is signed by whom it is asked for")

STAMP_FORMAT = Item("T1", "time_stamp.format", "时间戳格式正确", "the time stamp is well formed")
STAMP_VALUE = Item("T2", "time_stamp.value", "时间戳签名正确", "the time stamp's signature holds")
STAMPER = _certificate_items("T", 3, "time_stamp.stamper", "时间戳服务", "time stamper")
STAMP_IMPRINT = Item("T9", "time_stamp.imprint", "时间戳对应本签名", "the time stamp is of this signature")

_GROUPS = (MAKER, SIGNER, DATA_SIGNER, STAMPER)
CHECKLIST: tuple[Item, ...] = (
    SEAL_FORMAT, SEAL_SIGNATURE, SEAL_PERIOD, SEAL_CUSTOM, SEAL_EXPECTED,
    FORMAT, VALUE, TIME, DATA_HASH, LISTED, SEAL_AT_SIGNING, CUSTOM,
    DATA_FORMAT, DATA_VALUE, DATA_TIME, DATA_CONTENT, DATA_EXPECTED, STAMP_FORMAT, STAMP_VALUE, STAMP_IMPRINT,
    *(item for g in _GROUPS for item in (g.form, g.chain, g.period, g.revocation, g.usage, g.extensions)),
)  # fmt: skip
