"""``huxin case forms``: were paper and electronic license issued, changed and cancelled together?"""

from typing import Annotated

import typer

from api.cli import parsing
from api.cli.case_commands import Key, case
from api.cli.proof_commands import end_with, show_checks
from api.cli.session import Session, command
from api.wire.forms import FormRecordView

__all__ = ["case"]


@command(case, "forms", "case forms 0x5e… --also 0x7c… -k auditor.json --password-file p")
def case_forms(
    session: Session,
    key: Key,
    also: Annotated[
        list[str] | None, typer.Option(help="同一机构的其他办件,如注销办件 another case of the same agency; repeat")
    ] = None,
) -> None:
    """纸质与电子证照是否同步制发、变更、注销(留痕)。Did both forms of its licenses share one fate? Reads are logged."""
    with session.officer_client() as client:
        others = [parsing.word(one, "also") for one in also or ()]
        found = client.cases.forms(parsing.word(key, "case"), others)
    if session.as_json:
        session.show(found)
    else:
        session.show([_row(one) for one in found.records])
        show_checks(session, found.judged.checks, found.judged.verdict)
    end_with(found.judged.verdict)


def _row(one: FormRecordView) -> dict[str, object]:
    return {
        "证照 license": one.license, "事项 event": one.event, "环节 steps": one.steps, "纸质 paper": one.has_paper,
        "已印制 printed": one.is_printed, "已收回 taken back": one.is_taken_back, "材料 root": one.root,
    }  # fmt: skip
