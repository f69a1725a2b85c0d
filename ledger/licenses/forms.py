"""Paper and electronic form issued, changed and cancelled together 同步制发、同步变更、同步注销.

The law gives both forms one fate (国务院令第716号). What became of the paper form only the evidence of a step tells
(``ledger.evidence_forms``); what became of the electronic one only the ledger does, whatever the evidence says. What
was done to one form alone is a finding: the other is still in somebody's hands and looks good.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ledger.evidence_forms import FormEvent, FormRecord
from ledger.records import Status
from ledger.verdict import Check, Report, indeterminate, invalid, report, valid

_ZH = {FormEvent.ISSUED: "制发", FormEvent.CHANGED: "变更", FormEvent.CANCELLED: "注销"}
_ISSUING = frozenset({FormEvent.ISSUED, FormEvent.CHANGED})


@dataclass(frozen=True, slots=True)
class Held:
    """What the ledger has of a license of the agency whose cases are looked at.

    ``is_issued``: by one of these cases. ``supersedes``: the leaf in whose place it was issued, None if in nobody's.
    ``is_changed_here``: superseded by a license that one of these cases issued.
    """

    leaf: bytes
    is_issued: bool = False
    supersedes: bytes | None = None
    status: Status = Status.NONE
    is_changed_here: bool = False

    def saw(self, event: FormEvent) -> bool:
        """Whether the electronic form was issued by these cases, changed by them, or cancelled."""
        if event is FormEvent.CANCELLED:
            return self.status is Status.REVOKED
        return self.is_issued and (event is FormEvent.ISSUED or self.supersedes is not None)


def check_forms(
    records: Sequence[FormRecord], ledger: Sequence[Held], *, is_fresh: bool = True, is_whole: bool = True
) -> Report:
    """One check an event that the evidence tells of, then one for each that only the ledger knows.

    ``records`` oldest first: of one event a later one completes the former, as when paper is printed on delivery;
    ``ledger`` has each license that is named. ``is_fresh``: the index has read the whole chain, so that what it does
    not have is not there; ``is_whole``: all evidence of the cases could be read.
    """
    held = {one.leaf: one for one in ledger}
    events = _merged(records, held)
    papers = _Papers(records, events, ledger)
    told = [_told(held.get(one.license, Held(one.license)), one, papers, is_fresh=is_fresh) for one in events]
    return report([*told, *_untold(events, ledger, papers, is_whole=is_whole)])


def _merged(records: Sequence[FormRecord], held: Mapping[bytes, Held]) -> tuple[FormRecord, ...]:
    """One record an event of a license; a paper form that one of them names is not talked away by another."""
    found: dict[tuple[bytes, FormEvent], FormRecord] = {}
    for one in records:
        # who calls a change an issue would be spared taking the old paper back
        is_change = one.event is FormEvent.ISSUED and held.get(one.license, Held(one.license)).supersedes is not None
        event = FormEvent.CHANGED if is_change else one.event
        before = found.get((one.license, event), one)
        found[one.license, event] = replace(
            before, event=event, has_paper=before.has_paper or one.has_paper, printed=one.printed or before.printed,
            taken_back=one.taken_back or before.taken_back,
        )  # fmt: skip
    return tuple(found.values())


class _Papers:
    """Which papers of a license the evidence knows of; ``taken_back`` by the license that ended."""

    def __init__(self, records: Sequence[FormRecord], events: Sequence[FormRecord], ledger: Sequence[Held]) -> None:
        self.printed: dict[bytes, set[str]] = defaultdict(set)
        self.taken_back: dict[bytes, set[str]] = defaultdict(set)
        self.without = {one.license for one in events if not one.has_paper}
        self.before = {one.leaf: one.supersedes for one in ledger}
        for one in records:
            if one.printed is not None:
                self.printed[one.license].add(one.printed)
            ended = self.ended(one.event, one.license)
            if one.taken_back is not None and ended is not None:
                self.taken_back[ended].add(one.taken_back)

    def ended(self, event: FormEvent, leaf: bytes) -> bytes | None:
        """The license whose paper must not stay with its holder."""
        return {FormEvent.CANCELLED: leaf, FormEvent.CHANGED: self.before.get(leaf)}.get(event)

    def is_out(self, leaf: bytes, one: FormRecord) -> bool:
        """Whether a license that ended has a paper form, as far as any record tells."""
        return leaf in self.printed or (one.has_paper and leaf not in self.without)


def _told(held: Held, one: FormRecord, papers: _Papers, *, is_fresh: bool) -> Check:
    event = one.event
    facts, zh = _facts(event, one.license), _ZH[event]
    if not held.saw(event):
        if is_fresh:
            return _paper_only(one)
        en = "the index is behind the chain: what became of the electronic form is not known"
        return indeterminate(_name(event), "FORMS_LEDGER_UNKNOWN", en, "索引落后于链,电子证照的情况未知", facts)
    if event is not FormEvent.CANCELLED and one.has_paper and one.printed is None:
        return _electronic_only(event, one.license)
    ended = papers.ended(event, one.license)
    if ended is not None and (wrong := _left(one, ended, papers)):
        return wrong
    if one.printed is None and one.taken_back is None:
        return valid(_name(event), f"{event}; the license has no paper form", f"已{zh},该证照没有纸质形式", facts)
    return valid(_name(event), f"both forms were {event}", f"纸质与电子证照已同步{zh}", facts)


def _left(one: FormRecord, ended: bytes, papers: _Papers) -> Check | None:
    """What is wrong with taking back every paper of a license that ended; None if nothing is."""
    event, facts = one.event, _facts(one.event, one.license)
    printed, taken_back = papers.printed.get(ended, set()), papers.taken_back.get(ended, set())
    if printed and taken_back and not printed & taken_back:
        en, zh = "the paper that was taken back is not the one that was printed", "收回的不是原印制的纸质证照"
        return invalid(_name(event), "FORMS_ANOTHER_PAPER", en, zh, facts)
    if printed <= taken_back and (taken_back or not papers.is_out(ended, one)):
        return None
    if event is FormEvent.CANCELLED:
        return _electronic_only(event, one.license)
    en, zh = "the license was changed and its old paper form was not taken back", "证照已变更,旧的纸质证照未收回"
    return invalid(_name(event), "FORMS_OLD_PAPER_LEFT", en, zh, facts)


def _untold(
    events: Sequence[FormRecord], ledger: Sequence[Held], papers: _Papers, *, is_whole: bool
) -> Iterator[Check]:
    told = {(one.license, one.event) for one in events}
    for one in ledger:
        if one.is_issued and not told & {(one.leaf, event) for event in _ISSUING}:
            event = FormEvent.CHANGED if one.supersedes is not None else FormEvent.ISSUED
            yield _silent(event, one.leaf, {one.leaf, one.supersedes or one.leaf}, papers, is_whole=is_whole)
        if one.status is Status.REVOKED and (one.leaf, FormEvent.CANCELLED) not in told:
            yield _silent(FormEvent.CANCELLED, one.leaf, {one.leaf}, papers, is_whole=is_whole)
        if one.status is Status.SUPERSEDED and not one.is_changed_here:
            yield _silent(FormEvent.CHANGED, one.leaf, {one.leaf}, papers, is_whole=is_whole)


def _silent(event: FormEvent, leaf: bytes, of: set[bytes], papers: _Papers, *, is_whole: bool) -> Check:
    """An event that only the ledger knows; ``of``: the licenses whose papers it concerns."""
    name, facts, zh = _name(event), _facts(event, leaf), _ZH[event]
    if is_whole and of & papers.printed.keys():
        en = f"the electronic form was {event}; by all evidence of the cases looked at, the paper one was not"
        zh = f"电子证照已{zh},所查办件的材料中,纸质证照未同步{zh}"
        return invalid(name, "FORMS_ELECTRONIC_ONLY", en, zh, facts)
    if of <= papers.without and not of & papers.printed.keys():
        return valid(name, f"{event}; the license has no paper form", f"已{zh},该证照没有纸质形式", facts)
    en = f"the electronic form was {event}; no evidence that can be read says what became of the paper one"
    return indeterminate(name, "FORMS_NOT_RECORDED", en, f"电子证照已{zh},可读的材料未载明纸质证照如何处理", facts)


def _paper_only(one: FormRecord) -> Check:
    event = one.event
    name, facts, zh = _name(event), _facts(event, one.license), _ZH[event]
    if one.printed is None and one.taken_back is None:
        en = f"said to be {event}, and the ledger knows nothing of it"
        return invalid(name, "FORMS_NEITHER", en, f"称已{zh},账本上并未{zh},纸质证照也未处理", facts)
    en = f"the paper form was {event} and the electronic one was not"
    return invalid(name, "FORMS_PAPER_ONLY", en, f"纸质证照已{zh},电子证照未同步{zh}", facts)


def _electronic_only(event: FormEvent, leaf: bytes) -> Check:
    en = f"the electronic form was {event} and the paper one was not"
    zh = f"电子证照已{_ZH[event]},纸质证照未同步{_ZH[event]}"
    return invalid(_name(event), "FORMS_ELECTRONIC_ONLY", en, zh, _facts(event, leaf))


def _name(event: FormEvent) -> str:
    return f"forms.{event.value}"


def _facts(event: FormEvent, leaf: bytes) -> dict[str, object]:
    return {"event": event.value, "license": "0x" + leaf.hex()}
