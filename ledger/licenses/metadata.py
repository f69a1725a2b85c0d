"""An e-license's metadata 电子证照元数据 (GB/T 36903-2018), read with all its faults at once.

Shape decides; check digits, and differences between elements that say the same, are findings. The
holder, the holder's code and the number are personal data: no fault, finding or repr repeats a value.
"""

import datetime
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Protocol, TypeVar

from ledger import strict_json
from ledger.codes import Finding, LicenseId, Uscc
from ledger.codes.findings import warning
from ledger.errors import Fault, InvalidInput
from ledger.licenses.days import LONG, begin_of, end_of, read_day
from ledger.licenses.fields import BUSINESS_PREFIX, ELEMENTS, Element, Kind, code_of
from ledger.licenses.holder import HolderCode, type_of

_Code = TypeVar("_Code")
_SHORTENED = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+[0-9]+", re.ASCII)
"""``3.70102E+17``: how a spreadsheet writes a long number; its last digits are lost."""
_LONGEST_BUSINESS = 4000
_MOST_BUSINESS = 200


class XmlElement(Protocol):
    """What is needed of an XML element that somebody has parsed safely."""

    @property
    def tag(self) -> str: ...
    @property
    def text(self) -> str | None: ...
    def __iter__(self) -> Iterator["XmlElement"]: ...


@dataclass(frozen=True, slots=True)
class LicenseMetadata:
    """One license as its issuer describes it."""

    name: str
    type_code: str
    number: str = field(repr=False)
    identifier: LicenseId = field(repr=False)
    issuer: str
    issuer_code: Uscc
    issued_on: datetime.date
    holder: str = field(repr=False)
    holder_code: HolderCode
    first_day: datetime.date
    last_day: datetime.date | None
    business: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    findings: tuple[Finding, ...] = ()

    @classmethod
    def read(cls, given: Mapping[str, object], where: str = "") -> "LicenseMetadata":
        """From headings (codes, or Chinese names) to texts; InvalidInput with every fault, each with its element."""
        return _Reader(where).read(given)

    @classmethod
    def from_json(cls, source: bytes | str, where: str = "") -> "LicenseMetadata":
        """From one JSON object; InvalidInput ``METADATA_MALFORMED`` where it is none."""
        try:
            given = strict_json.loads(source, deepest=4, object_pairs_hook=_once)
        except (ValueError, RecursionError) as error:
            raise _no_object(where) from error
        if not isinstance(given, dict):
            raise _no_object(where)
        return cls.read(given, where)

    @classmethod
    def from_element(cls, element: XmlElement, where: str = "") -> "LicenseMetadata":
        """From the children of a parsed XML element, namespaces left aside."""
        children = [(child.tag.rpartition("}")[2], child.text or "") for child in element]
        return cls.read(_once(children), where)

    @property
    def valid_from(self) -> int:
        """First second of validity."""
        return begin_of(self.first_day)

    @property
    def valid_until(self) -> int:
        """First second after it."""
        return end_of(self.last_day)

    def elements(self) -> dict[str, str]:
        """Codes of elements to canonical texts, those of the standard first."""
        return {
            "ZZMC": self.name, "ZZLXDM": self.type_code, "ZZBH": self.number, "ZZBS": str(self.identifier),
            "ZZBFJG": self.issuer, "ZZBFJGDM": self.issuer_code.code, "ZZBFRQ": self.issued_on.isoformat(),
            "CZZT": self.holder, "CZZTDM": self.holder_code.code, "CZZTDMLX": self.holder_code.type.value,
            "ZZYXQQSRQ": self.first_day.isoformat(),
            "ZZYXQJZRQ": self.last_day.isoformat() if self.last_day else "长期",
        } | dict(self.business)  # fmt: skip

    def canonical(self) -> bytes:
        """Equal for equal licenses however they were written: JSON, keys sorted, no spaces, NFC, UTF-8."""
        return json.dumps(self.elements(), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


class _Reader:
    """Gathers faults; what could not be read is None, and no reading goes on with it."""

    def __init__(self, where: str) -> None:
        self._prefix = f"{where}." if where else ""
        self.faults: list[Fault] = []

    def read(self, given: Mapping[str, object]) -> LicenseMetadata:
        texts = self._texts(given)
        values = {one.code: self._value(one, texts.get(one.code, "")) for one in ELEMENTS}
        days = [self._day(code, values[code]) for code in ("ZZBFRQ", "ZZYXQQSRQ", "ZZYXQJZRQ")]
        identifier = self._code(values["ZZBS"], _identifier)
        issuer = self._code(values["ZZBFJGDM"], _issuer)
        kind = self._code(values["CZZTDMLX"], type_of)
        holder = self._code(values["CZZTDM"], lambda text: HolderCode.parse(kind, text)) if kind else None
        issued, first, last = days
        for code in ("ZZBH", "CZZTDM"):
            if _SHORTENED.fullmatch(values[code]):
                zh, en = "表格软件已将号码改写为科学计数,请将该列设为文本", "a spreadsheet has shortened the number"
                self._fault(code, "METADATA_SHORTENED", zh, f"{en}: make the column text")
        if first and last and last < first:
            self._fault("ZZYXQJZRQ", "METADATA_PERIOD", "有效期截止早于起始", "validity ends before it begins")
        business = self._business(texts)
        if self.faults or not (identifier and issuer and holder and issued and first):
            raise InvalidInput.of(self.faults)
        type_code = values["ZZLXDM"].upper()
        said = [*identifier.findings, *issuer.findings, *holder.findings]
        if not values["ZZYXQJZRQ"]:
            said.append(_NO_END)
        return LicenseMetadata(
            values["ZZMC"], type_code, values["ZZBH"], identifier, values["ZZBFJG"], issuer, issued, values["CZZT"],
            holder, first, last, business,
            (*dict.fromkeys(said), *_differences(identifier, type_code, issuer, issued, first)),
        )  # fmt: skip

    def _texts(self, given: Mapping[str, object]) -> dict[str, str]:
        texts: dict[str, str] = {}
        for heading, value in given.items():
            code = _code_of(heading)
            if code is None:
                continue
            if code in texts:
                self._fault(code, "METADATA_TWICE", "该元素出现两次", "the element stands twice")
            if isinstance(value, str):
                plain = value.strip()
                texts[code] = plain if plain.isascii() else unicodedata.normalize("NFC", plain)
            elif isinstance(value, int) and not isinstance(value, bool):
                texts[code] = str(value)
            elif value is not None:
                self._fault(code, "METADATA_TEXT", "须为文本", "must be text")
        return texts

    def _value(self, element: Element, text: str) -> str:
        if not text:
            if element.needed:
                self._fault(element.code, "METADATA_MISSING", f"缺少{element.zh}", f"{element.en}: missing")
        elif len(text) > element.longest:
            length = element.longest
            self._fault(element.code, "METADATA_LONG", f"超过 {length} 个字符", f"longer than {length} characters")
        elif element.kind is Kind.TEXT and not text.isprintable():
            self._fault(element.code, "METADATA_CONTROL", "含不可显示字符", "holds characters that cannot be shown")
        else:
            return text
        return ""

    def _day(self, code: str, text: str) -> datetime.date | None:
        if not text or (code == "ZZYXQJZRQ" and text in LONG):
            return None
        day = read_day(text)
        if day is None:
            self._fault(code, "METADATA_DAY", "不是存在的日期(如 2025-05-22)", "no day that exists, such as 2025-05-22")
        return day

    def _code(self, text: str, read: Callable[[str], _Code]) -> _Code | None:
        try:
            return read(text) if text else None
        except InvalidInput as error:
            self.faults.extend(replace(one, where=self._prefix + one.where) for one in error.faults)
            return None

    def _business(self, texts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        found = sorted((code, text) for code, text in texts.items() if code.startswith(BUSINESS_PREFIX))
        if len(found) > _MOST_BUSINESS:
            self._fault(BUSINESS_PREFIX, "METADATA_LONG", "业务元素过多", "too many business elements")
        for code, text in found:
            if len(text) > _LONGEST_BUSINESS:
                self._fault(code, "METADATA_LONG", "内容过长", "too long")
        return tuple(found)

    def _fault(self, code: str, fault: str, zh: str, en: str) -> None:
        self.faults.append(Fault(fault, self._prefix + code, zh, en))


@lru_cache(maxsize=4096)  # headings are few, licenses many
def _code_of(heading: str) -> str | None:
    return code_of(heading)


def _identifier(text: str) -> LicenseId:
    return LicenseId.parse(text, "ZZBS")


@lru_cache(maxsize=4096)  # one issuer has many licenses
def _issuer(text: str) -> Uscc:
    return Uscc.parse(text, "ZZBFJGDM")


def _differences(
    identifier: LicenseId, type_code: str, issuer: Uscc, issued: datetime.date, first: datetime.date
) -> Iterator[Finding]:
    """Elements that say the same thing, and do not."""
    if identifier.license_type != type_code:
        yield _TYPE_DIFFERS
    if identifier.issuer != issuer.code:
        yield _ISSUER_DIFFERS
    if first < issued:
        yield _BEFORE_ISSUE


_NO_END = warning("METADATA_NO_END", "no last day: taken as without end", "未填有效期截止日期,按长期有效处理")
_TYPE_DIFFERS = warning(
    "METADATA_TYPE_DIFFERS", "the identifier names another type", "证照标识中的类型与证照类型代码不同"
)
_ISSUER_DIFFERS = warning(
    "METADATA_ISSUER_DIFFERS", "the identifier names another issuing body", "证照标识中的颁发机构与颁发机构代码不同"
)
_BEFORE_ISSUE = warning("METADATA_BEFORE_ISSUE", "validity begins before the day of issue", "有效期起始早于颁发日期")


def _once(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise InvalidInput("METADATA_TWICE", key[:32], f"{key[:32]!r} stands twice", f"{key[:32]!r} 出现两次")
        found[key] = value
    return found


def _no_object(where: str) -> InvalidInput:
    return InvalidInput(
        "METADATA_MALFORMED", where or "metadata", "metadata is one JSON object of texts", "元数据须为一个 JSON 对象"
    )
