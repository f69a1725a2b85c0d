"""What every command has in common: where the server is, whose key signs, how results are shown."""

import datetime
import functools
import inspect
import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel

from api.cli import parsing
from api.cli.environment import Environment, of_this_machine
from api.client import HuxinClient
from api.founding import read_password
from api.signers import Signer, open_keystore
from api.wire.acts import ActView
from ledger.documents.zip_names import UNSEEN
from ledger.errors import InvalidInput, Unauthenticated

DEFAULT_URL = "http://127.0.0.1:8600"
REFUSED, INDETERMINATE = 1, 3
_WAIT_SECONDS = 60.0
_PIPED_WIDTH = 160
_IDS = ("agency", "window", "officer", "item", "grant", "seal", "leaf", "caseKey", "actId", "name")
_TIMES = frozenset({
    "validFrom", "validUntil", "stoppedAt", "effectiveFrom", "retiredFrom", "time", "at", "signedAt", "storedAt",
    "lastAt", "receivedAt", "checkedAt", "expires",
})  # fmt: skip

Url = Annotated[str, typer.Option("--url", envvar="HUXIN_URL", help="服务地址 where the server is")]
Json = Annotated[bool, typer.Option("--json", help="只输出 JSON,不提问 print JSON only, never ask")]
Keystore = Annotated[
    Path | None, typer.Option("--keystore", "-k", envvar="HUXIN_KEYSTORE", help="密钥文件 keystore of the officer")
]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", envvar="HUXIN_PASSWORD_FILE", help="口令文件 file with the password")
]
PasswordEnv = Annotated[
    str | None, typer.Option("--password-env", help="存放口令的环境变量名 variable that holds the password")
]
_COMMON: dict[str, tuple[Any, Any]] = {
    "url": (Url, DEFAULT_URL),
    "keystore": (Keystore, None),
    "password_file": (PasswordFile, None),
    "password_env": (PasswordEnv, None),
    "as_json": (Json, False),
}


@dataclass(frozen=True, slots=True)
class Session:
    """One command's run."""

    url: str
    keystore: Path | None
    password_file: Path | None
    password_env: str | None = field(repr=False)
    as_json: bool = False
    environment: Environment = field(default_factory=of_this_machine, repr=False)

    # --- keys and server

    def password(self) -> str:
        """From the file, the variable, or asked for; InvalidInput ``PASSWORD_NEEDED`` in JSON mode."""
        if self.password_file:
            return read_password(self.password_file)
        if self.password_env:
            found = self.environment.variables.get(self.password_env)
            if not found:
                name = self.password_env
                raise InvalidInput("PASSWORD_ENV", name, f"variable {name} is empty", f"环境变量 {name} 为空")
            return found
        if self.as_json or not sys.stdin.isatty():
            raise InvalidInput(
                "PASSWORD_NEEDED", "password", "name --password-file or --password-env",
                "请用 --password-file 或 --password-env 指定口令",
            )  # fmt: skip
        answer: str = typer.prompt("口令 password", hide_input=True)
        return answer

    def signer(self) -> Signer:
        """The officer's key, opened; Unauthenticated ``NO_KEYSTORE`` where none was named."""
        if self.keystore is None:
            raise Unauthenticated(
                "NO_KEYSTORE", "name the officer's key with --keystore", "请用 --keystore 指定密钥文件"
            )
        return open_keystore(self.keystore, self.password())

    def client(self) -> HuxinClient:
        """A client for what is public."""
        return HuxinClient(self.url, clock=self.environment.clock, random_bytes=self.environment.random_bytes)

    def officer_client(self) -> HuxinClient:
        """A client that signs and has signed in."""
        client = HuxinClient(
            self.url, self.signer(), clock=self.environment.clock, random_bytes=self.environment.random_bytes
        )
        client.sign_in()
        return client

    # --- acts

    def act(self, cls: type, **values: Any) -> None:
        """Sign an act of administration, hand it in, wait for the verdict, show it."""
        with self.officer_client() as client:
            self.hand_in(client, client.make(cls, client.officer, **values))

    def hand_in(self, client: HuxinClient, act: Any, extra: Mapping[str, Any] | None = None, **proof: Any) -> None:
        """The same for an act that was made already; exit code 1 where the chain refuses it."""
        submitted = client.submit(act, **proof)
        ids = [bytes.fromhex(entry.act_id[2:]) for entry in submitted.entries]
        with self.working("等待上链 waiting for the chain"):
            views = client.wait_for(ids, _WAIT_SECONDS)
        self.show_verdicts(views, extra)

    def show_verdicts(self, views: Sequence[ActView], extra: Mapping[str, Any] | None = None) -> None:
        """The verdicts on acts; raises Exit 1 where one was not carried out."""
        rows = [self._verdict(view) | dict(extra or {}) for view in views]
        self.show(rows[0] if len(rows) == 1 else rows)
        if any(view.status != "applied" for view in views):
            raise typer.Exit(REFUSED)

    def _verdict(self, view: ActView) -> dict[str, Any]:
        if self.as_json:
            return view.model_dump(mode="json", by_alias=True)
        reason = f"{view.reason.code} {view.reason.zh} / {view.reason.en}" if view.reason else "OK"
        return {"行为 act": view.act_id, "结果 status": view.status, "理由 reason": reason, "区块 block": view.block}

    # --- showing

    def show(self, result: Any) -> None:
        """A result: JSON, or a table for people."""
        value = _data(result)
        if self.as_json:
            # a program at the other end of a pipe waits for this line
            print(json.dumps(value, ensure_ascii=False), flush=True)  # noqa: T201 - this is the output
        else:
            _print_for_people(value)

    def say(self, zh: str, en: str) -> None:
        """Progress for people; nothing in JSON mode."""
        if not self.as_json:
            typer.echo(f"{zh} / {en}" if en else zh, err=True)

    def working(self, what: str) -> Any:
        """A spinner on the terminal while something takes its time."""
        from rich.console import Console

        return Console(stderr=True, quiet=self.as_json).status(what)


def command(app: typer.Typer, name: str, example: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a command whose first parameter is the Session; the common options are added to its own."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]

        @functools.wraps(function)
        def run(**values: Any) -> None:
            common = {key: values.pop(key) for key in _COMMON}
            function(Session(**common), **values)

        added = [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            for key, (annotation, default) in _COMMON.items()
        ]
        keywords = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own]
        vars(run)["__signature__"] = inspect.Signature([*keywords, *added])
        run.__annotations__ = {one.name: one.annotation for one in [*keywords, *added]}
        app.command(name, epilog=f"例 Example: huxin {example}")(run)
        return run

    return register


def group(name: str, text: str) -> typer.Typer:
    """A group of commands."""
    return typer.Typer(name=name, help=text, no_args_is_help=True, add_completion=False)


def _data(result: Any) -> Any:
    if isinstance(result, BaseModel):
        return result.model_dump(mode="json", by_alias=True)
    if isinstance(result, Mapping):
        return {key: _data(value) for key, value in result.items()}
    if isinstance(result, list | tuple):
        return [_data(one) for one in result]
    return parsing.plain(result)


def _print_for_people(value: Any) -> None:
    from rich.console import Console
    from rich.table import Column, Table

    # What is piped or kept must not be cut to the width of a terminal that is not there. Names are anybody's: they
    # are shown as they stand, not as commands to the console.
    console = Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH, markup=False, emoji=False)
    if isinstance(value, Mapping):
        table = Table(show_header=False)
        for key, one in _arranged(value).items():
            table.add_row(visible(str(key)), _cell(one))
    elif value and all(isinstance(one, Mapping) for one in value):
        rows = [_arranged(one) for one in value]
        names = list(dict.fromkeys(key for one in rows for key in one))
        table = Table(*(Column(name, overflow="fold") for name in names))
        for one in rows:
            table.add_row(*(_cell(one.get(key)) for key in names))
    else:
        console.print(visible(value) if isinstance(value, str) else value or "(无 none)")
        return
    console.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(map(_cell, value))
    return visible(str(value))


def visible(text: str) -> str:
    r"""With ``\u001b`` and the like in the place of what a terminal obeys or nobody sees; line ends stay."""
    return "".join(
        letter if letter == "\n" or unicodedata.category(letter) not in UNSEEN else f"\\u{ord(letter):04x}"
        for letter in text
    )


def _mapping(value: Mapping[str, Any]) -> str:
    """A reason and a standing as people read them, anything else as JSON."""
    if "holds" in value:
        return "✓" if value["holds"] else f"✗ {_mapping(value['reason'])}"
    if {"code", "zh", "en"} <= value.keys():
        return f"{value['code']} {value['zh']} / {value['en']}"
    return json.dumps(value, ensure_ascii=False)


def _arranged(row: Mapping[str, Any]) -> dict[str, Any]:
    """The id first, times as China reads them."""
    ordered = {name: row[name] for name in _IDS if name in row} | dict(row)
    return {name: _time(one) if name in _TIMES and isinstance(one, int) else one for name, one in ordered.items()}


def _time(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, parsing.CHINA).strftime("%Y-%m-%d %H:%M:%S")
