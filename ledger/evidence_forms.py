"""同步制发、变更、注销: what a step says it did to the paper form of a license, in fixed fields beside the others.

=================== =======================================================================================
forms.event         ``issued``, ``changed`` or ``cancelled``
forms.license       32 bytes, the license's leaf; of a change that of the new license
forms.paper         ``yes``; ``none``: the license has no paper form, so that none of it is printed or taken back
forms.printed       the serial 印制号 of the paper that was printed, at most 64 characters; not when cancelled
forms.taken_back    the serial of the paper that was taken back, of a change that of the old license; not when issued
=================== =======================================================================================

None of them public. Neither serial, and a paper form: nothing was done to it. What became of the electronic form the
evidence does not say: that is asked of the ledger (``ledger.licenses.forms``).
"""

from dataclasses import dataclass, field
from enum import StrEnum

from ledger.evidence import Document, DocumentKind
from ledger.evidence_fields import FieldReader
from ledger.evidence_rules import Entry

PREFIX = "forms."
KINDS = frozenset({DocumentKind.DECISION, DocumentKind.CERTIFICATE, DocumentKind.DELIVERY, DocumentKind.MENDING})
MOST_CHARACTERS = 64
_EVENTS = ("changed", "issued", "cancelled")
"""The one first that may have every field: so a faulty event does not make faults of the others."""
_PAPER = {"yes": True, "none": False}


class FormEvent(StrEnum):
    """What is done to a license."""

    ISSUED = "issued"  # 制发
    CHANGED = "changed"  # 变更
    CANCELLED = "cancelled"  # 注销


@dataclass(frozen=True, slots=True)
class FormRecord:
    """The fields, as this module's head has them; the serials None where there are none."""

    event: FormEvent
    license: bytes
    has_paper: bool = True
    printed: str | None = field(default=None, repr=False)
    taken_back: str | None = field(default=None, repr=False)

    def entries(self) -> tuple[Entry, ...]:
        """The fields, to stand beside those of the decision or certificate; none of them public."""
        values: dict[str, str | bytes | None] = {
            "event": self.event.value, "license": self.license, "paper": "yes" if self.has_paper else "none",
            "printed": self.printed, "taken_back": self.taken_back,
        }  # fmt: skip
        return tuple(Entry(PREFIX + name, value) for name, value in values.items() if value is not None)

    @classmethod
    def read(cls, document: Document) -> "FormRecord | None":
        """None where the document says nothing of a paper form; InvalidInput with everything that is wrong.

        Codes: those of ``FieldReader``, ``EVIDENCE_FIELD_PUBLIC``, ``FORMS_NO_PAPER``.
        """
        if not speaks_of_forms(document):
            return None
        reader = FieldReader(document, PREFIX)
        event, leaf = _one_of(reader, "event", _EVENTS), reader.word(PREFIX + "license")
        has_paper = _PAPER[_one_of(reader, "paper", tuple(_PAPER))]
        printed = None if event == FormEvent.CANCELLED else _serial(reader, "printed")
        taken_back = None if event == FormEvent.ISSUED else _serial(reader, "taken_back")
        if not has_paper and (printed or (taken_back and event == FormEvent.CANCELLED)):
            en, zh = "names a paper form, and says that the license has none", "既称没有纸质形式,又载有印制号"
            reader.fault("FORMS_NO_PAPER", PREFIX + "paper", en, zh)
        for each in document.fields:
            if each.public and each.name.startswith(PREFIX):
                en, zh = f"{each.name} must not be public", f"{each.name} 不得公开"
                reader.fault("EVIDENCE_FIELD_PUBLIC", each.name, en, zh)
        reader.finish()
        return cls(FormEvent(event), leaf, has_paper, printed, taken_back)


def speaks_of_forms(document: Document) -> bool:
    """Whether any of the fields is there, destroyed ones included."""
    return document.kind in KINDS and any(one.name.startswith(PREFIX) for one in document.fields)


def _serial(reader: FieldReader, name: str) -> str | None:
    if not reader.has(PREFIX + name):
        return None
    text = reader.text(PREFIX + name)
    if len(text) > MOST_CHARACTERS:
        en, zh = f"at most {MOST_CHARACTERS} characters", f"至多 {MOST_CHARACTERS} 个字符"
        reader.fault("EVIDENCE_FIELD_SHAPE", PREFIX + name, en, zh)
    return text


def _one_of(reader: FieldReader, name: str, words: tuple[str, ...]) -> str:
    """One of the words; the first, and the fault kept, where it is another."""
    text = reader.text(PREFIX + name)
    if text in words:
        return text
    if text:
        en, zh = f"must be one of: {', '.join(words)}", f"须为以下之一:{'、'.join(words)}"
        reader.fault("EVIDENCE_FIELD_SHAPE", PREFIX + name, en, zh)
    return words[0]
