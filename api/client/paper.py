"""What a window writes down about the paper form of a license, out of a file: the serial is on no command line."""

from typing import Any

from ledger.errors import Fault, InvalidInput
from ledger.evidence_forms import FormEvent, FormRecord
from ledger.strict_json import loads

_NAMES = frozenset({"event", "license", "paper", "printed", "takenBack"})
_LEAF = 32


def read_record(source: str) -> FormRecord:
    """From JSON: ``event``, ``license`` (0x…), and ``printed``, ``takenBack`` or ``"paper": false``.

    InvalidInput ``FORMS_MALFORMED``, each fault by its name; no value is repeated.
    """
    try:
        body: Any = loads(source, deepest=2)
        given: dict[str, Any] = dict(body.items())
    except (ValueError, AttributeError) as error:
        raise InvalidInput.of([_fault("forms", "not a JSON object", "不是 JSON 对象")]) from error
    faults = [_fault(name[:64], "no such field", "没有这个字段") for name in given if name not in _NAMES]
    if given.get("event") not in list(FormEvent):
        faults.append(_fault("event", "must be issued, changed or cancelled", "须为 issued、changed 或 cancelled"))
    leaf = _leaf(given.get("license"))
    if leaf is None:
        faults.append(_fault("license", "must be the license's leaf, 0x and 64 hex digits", "须为证照叶值"))
    if not isinstance(given.get("paper", True), bool):
        faults.append(_fault("paper", "must be true or false", "须为 true 或 false"))
    serials = [name for name in ("printed", "takenBack") if name in given]
    wrong = [name for name in serials if not (isinstance(given[name], str) and given[name])]
    faults += [_fault(name, "must be a serial", "须为印制号") for name in wrong]
    if faults or leaf is None:
        raise InvalidInput.of(faults)
    return FormRecord(
        FormEvent(given["event"]), leaf, given.get("paper", True), given.get("printed"), given.get("takenBack")
    )


def _leaf(text: object) -> bytes | None:
    try:
        leaf = bytes.fromhex(str(text).removeprefix("0x"))
    except ValueError:
        return None
    return leaf if len(leaf) == _LEAF else None


def _fault(where: str, en: str, zh: str) -> Fault:
    return Fault("FORMS_MALFORMED", where, f"{where}:{zh}", f"{where}: {en}")
