"""Paper and electronic form issued, changed and cancelled together 同步制发、同步变更、同步注销.

The law gives both forms one fate (国务院令第716号): a change or cancellation names both. The paper
form's serial number 印制号 is committed with a salt like every identifier. What was done to one form only is a
finding: the other is still in somebody's hands and looks good.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ledger.crypto import keccak
from ledger.errors import InvalidInput
from ledger.verdict import Check, Report, invalid, report, valid

_DOMAIN = b"huxin.paper.v1"
_SALT_SIZE = 32


class FormEvent(StrEnum):
    """What is done to a license."""

    ISSUED = "issued"  # 制发
    CHANGED = "changed"  # 变更
    CANCELLED = "cancelled"  # 注销


_ZH = {FormEvent.ISSUED: "制发", FormEvent.CHANGED: "变更", FormEvent.CANCELLED: "注销"}


@dataclass(frozen=True, slots=True)
class FormChange:
    """One event in the life of one license: which forms it reached.

    ``paper`` is the commitment to the serial of the paper form (32 bytes) that was printed, replaced or
    taken back, ``electronic`` the leaf of the electronic one; None: that form was not touched.
    """

    event: FormEvent
    paper: bytes | None
    electronic: bytes | None


def paper_commitment(salt: bytes, serial: str) -> bytes:
    """Commitment to the serial number of a paper license (32 bytes)."""
    if len(salt) != _SALT_SIZE:
        raise InvalidInput("SALT_LENGTH", "salt", "a salt has 32 bytes", "盐值须为 32 字节")
    return keccak(_DOMAIN + salt + serial.encode())


def check_forms(changes: Iterable[FormChange], *, has_paper: bool = True) -> Report:
    """One check an event: were both forms issued, changed, cancelled?

    A license that never had a paper form (``has_paper`` off) must not name one.
    """
    return report(_check(place, one, has_paper=has_paper) for place, one in enumerate(changes))


def _check(place: int, change: FormChange, *, has_paper: bool) -> Check:
    name, zh = f"license.forms.{place}", _ZH[change.event]
    facts = {"event": change.event.value}
    if change.paper is None and change.electronic is None:
        return invalid(name, "FORMS_NEITHER", "neither form was touched", f"纸质与电子证照均未{zh}", facts)
    if change.electronic is None:
        return invalid(
            name, "FORMS_PAPER_ONLY", f"the paper form was {change.event} and the electronic one was not",
            f"纸质证照已{zh},电子证照未同步{zh}", facts,
        )  # fmt: skip
    if has_paper and change.paper is None:
        return invalid(
            name, "FORMS_ELECTRONIC_ONLY", f"the electronic form was {change.event} and the paper one was not",
            f"电子证照已{zh},纸质证照未同步{zh}", facts,
        )  # fmt: skip
    if not has_paper and change.paper is not None:
        return invalid(
            name, "FORMS_NO_PAPER", "names a paper form, and the license has none", "该证照没有纸质形式", facts
        )
    return valid(name, f"both forms were {change.event}", f"纸质与电子证照已同步{zh}", facts)
