"""The command ``huxin``: its groups, and how errors leave it."""

import json
import sys
from typing import Annotated

import typer

from api.cli import (
    document_commands,
    form_commands,
    grant_commands,
    key_commands,
    license_commands,
    registry_commands,
    system_commands,
    use_commands,
)
from api.cli.session import visible
from ledger.errors import HuxinError, InvalidInput

EXIT_CODES = """退出码 Exit codes: 0 完成 done, 有效 valid · 1 被拒 refused, 无效 invalid, 有差异 differences ·
2 用法 usage · 3 无法判定 indeterminate · 65 输入有误 bad input · 66 不存在 not found · 69 服务不可用 unavailable ·
70 内部错误 internal error · 73 冲突 conflict · 75 请稍后再试 try later · 77 未登录或无权 not allowed ·
130 中断 interrupted
"""
ABOUT = "互信:机构互授权限,窗口办件留痕,证照印章可核验。Agencies grant rights, windows record, anybody verifies."

app = typer.Typer(
    name="huxin",
    help=ABOUT,
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for part in (
    key_commands.keys, registry_commands.agency, registry_commands.window, registry_commands.officer,
    registry_commands.item, grant_commands.grant, form_commands.case, use_commands.seal, license_commands.license_,
    document_commands.verify, key_commands.council,
):  # fmt: skip
    app.add_typer(part)
system_commands.register(app)


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(version("huxin"))
        raise typer.Exit


@app.callback(help=ABOUT)
def root(
    version: Annotated[
        bool, typer.Option("--version", help="版本 version", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """互信。Huxin."""
    del version


def main(arguments: list[str] | None = None) -> int:
    """Run the command; its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        app(given)
    except SystemExit as leave:  # what typer makes of Exit, of wrong usage and of Ctrl-C
        return leave.code if isinstance(leave.code, int) else 0
    except HuxinError as error:
        _tell(error, as_json="--json" in given)
        return error.exit_code
    return 0


def _tell(error: HuxinError, *, as_json: bool) -> None:
    faults = error.faults if isinstance(error, InvalidInput) else ()
    if as_json:
        rows = [{"code": one.code, "where": one.where, "zh": one.zh, "en": one.en} for one in faults]
        body = {"error": {"code": error.code, "zh": error.zh, "en": error.en, "faults": rows}}
        print(json.dumps(body, ensure_ascii=False), file=sys.stderr)  # noqa: T201 - machine output of a failure
        return
    typer.echo(visible(f"{error.code}:{error.zh}\n{error.en}"), err=True)  # a server's words may be among these
    for one in faults[1:]:
        typer.echo(visible(f"  {one.where} {one.code}:{one.zh} / {one.en}"), err=True)
