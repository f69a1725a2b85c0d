"""The command line's promises: an example in each help, JSON without a question, a documented exit code."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from api.cli import app, key_commands, license_commands, parsing
from api.cli.session import Session
from api.client.council import call_named, make_proposal
from api.signers import LIGHT_SCRYPT_N, KeySigner, write_keystore
from api.wire.proofs import CheckView, ReportView
from ledger import errors
from ledger.acts import License, Proposal
from ledger.crypto import keccak, recover
from ledger.eip712 import typed_data
from ledger.errors import Conflict, InvalidInput
from ledger.ids import FOREVER, scoped
from ledger.licenses import LicenseState, Share
from ledger.licenses.share import Salts
from ledger.world import Deployment
from tests.unit.api.cli.acts import example_act

NOWHERE = "http://127.0.0.1:9"


def commands() -> Iterator[tuple[str, ...]]:
    """Every command, by its words."""
    for one in app.app.registered_commands:
        yield (str(one.name),)
    for group in app.app.registered_groups:
        yield from below(group.typer_instance, (str(group.typer_instance.info.name),)) if group.typer_instance else ()


def below(group: typer.Typer, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for one in group.registered_commands:
        yield (*path, str(one.name))
    for inner in group.registered_groups:
        if inner.typer_instance:
            yield from below(inner.typer_instance, (*path, str(inner.typer_instance.info.name)))


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_help_has_an_example_and_json(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main([*words, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"huxin {' '.join(words)}" in " ".join(text.split())
    assert "--json" in text


def test_every_exit_code_of_an_error_is_documented() -> None:
    classes = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.HuxinError)]
    for one in classes:
        assert f"{one.exit_code} " in app.EXIT_CODES


def test_unreachable_server_is_69_and_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["agency", "list", "--json", "--url", NOWHERE]) == 69
    captured = capsys.readouterr()
    assert captured.out == ""
    assert json.loads(captured.err)["error"]["code"] == "SERVER_UNREACHABLE"


def test_unreachable_server_makes_no_license_invalid(capsys: pytest.CaptureFixture[str]) -> None:
    digest = "sha256:" + "00" * 32
    assert app.main(["verify", "license", "--digest", digest, "--url", NOWHERE, "--json"]) not in (0, 1)
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "SERVER_UNREACHABLE"


def test_json_mode_never_asks_for_a_password(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["keys", "new", str(tmp_path / "k.json"), "--json"]) == 65
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "PASSWORD_NEEDED"


def test_password_comes_from_a_named_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OFFICER_PASSWORD", "s3cret of the test")
    path = tmp_path / "k.json"
    assert app.main(["keys", "new", str(path), "--password-env", "OFFICER_PASSWORD", "--json"]) == 0
    shown = capsys.readouterr()
    assert "s3cret" not in shown.out + shown.err
    assert app.main(["keys", "address", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["address"] == json.loads(shown.out)["address"]


def test_typed_data_is_signed_as_the_ledger_hashes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = keccak(b"officer")
    write_keystore(tmp_path / "k.json", key, "pw", LIGHT_SCRYPT_N)
    (tmp_path / "pw").write_text("pw\n")
    act, digest = example_act()
    (tmp_path / "act.json").write_text(json.dumps(typed_data(act, 7, bytes(20))))
    options = ["-k", str(tmp_path / "k.json"), "--password-file", str(tmp_path / "pw"), "--json"]
    assert app.main(["keys", "sign", str(tmp_path / "act.json"), *options]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["digest"] == "0x" + digest.hex()
    assert recover(digest, bytes.fromhex(shown["signature"][2:])) == KeySigner(key).address


def test_destroying_wants_a_confirmation(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["case", "document", "destroy", "0x" + "00" * 32, "name", "--json", "--url", NOWHERE]
    assert app.main(arguments) == 65
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "CONFIRM"


def test_case_number_that_is_personal_data_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    number = "11010519491231002X"  # the example of GB 11643
    arguments = ["case", "open", "--number", number, "--item", "2-1", "--mode", "PROXY", "--json", "--url", NOWHERE]
    assert app.main(arguments) == 65
    shown = capsys.readouterr().err
    assert json.loads(shown)["error"]["code"] == "PERSONAL_DATA"
    assert number not in shown


@pytest.mark.parametrize(
    ("text", "packed"), [("43", 0x430000000000), ("430221", 0x430221000000), ("430221001002", 0x430221001002)]
)
def test_region_is_filled_up(text: str, packed: int) -> None:
    assert parsing.region(text) == packed


@pytest.mark.parametrize("text", ["4x", "4302210010021", "-1"])
def test_region_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parsing.region(text)


def test_grantees_are_read() -> None:
    assert parsing.grantee("window:3-1") == (1, scoped(3, 1))
    assert parsing.grantee("agency:3") == (2, 3)
    assert parsing.grantee("region:4302") == (3, 0x430200000000)
    for wrong in ("agency:x", "3", "village:3", "window:3"):
        with pytest.raises(InvalidInput):
            parsing.grantee(wrong)


def test_times_are_those_of_china() -> None:
    assert parsing.moment("1970-01-02") == 16 * 3600
    assert parsing.moment("1970-01-02T00:00:00+00:00") == 86_400
    assert parsing.moment("forever") == FOREVER
    assert parsing.moment("77") == 77
    with pytest.raises(InvalidInput):
        parsing.moment("tomorrow")


def test_names_and_places_become_sets() -> None:
    assert parsing.rights("COLLECT,accept") == 3
    assert parsing.bits("1,3") == 0b101
    assert parsing.bits("") == 0
    assert parsing.modes("REMOTE_INTAKE,JOINT") == 0b100001
    for wrong in ("0", "33", "a"):
        with pytest.raises(InvalidInput):
            parsing.bits(wrong)
    with pytest.raises(InvalidInput):
        parsing.rights("READ")


NAMES = {
    "markup that ends what never began": ("某局[/b]", "某局[/b]"),
    "markup that hides": ("[conceal]作废[/conceal]", "[conceal]作废[/conceal]"),
    "a picture": ("印章:smiley:", "印章:smiley:"),
    "a command to the terminal": ("某局\x1b[2K\x1b[1A", "某局\\u001b[2K\\u001b[1A"),
    "writing turned round": ("A\u202eB", "A\\u202eB"),
}


@pytest.mark.parametrize(("name", "shown"), NAMES.values(), ids=NAMES)
def test_a_name_that_anybody_may_have_registered_does_nothing_to_the_table(
    name: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    session = Session(NOWHERE, None, None, None)
    session.show([{"name": name}])
    session.show({"name": name, "reason": {"code": name}})
    session.show(name)
    printed = capsys.readouterr().out
    assert printed.count(shown) >= 3
    assert "\x1b" not in printed


def test_an_error_of_a_lying_server_does_nothing_to_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lying(_: Session) -> None:
        raise Conflict("OLD", "gone\x1b[2K\x1b[1A valid", "\u202e过期")

    monkeypatch.setattr(Session, "client", lying)
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *_: False)  # as on a terminal
    assert app.main(["seal", "list"]) == Conflict.exit_code
    shown = capsys.readouterr().err
    assert "gone\\u001b[2K\\u001b[1A valid" in shown
    assert not {"\x1b", "\u202e"} & set(shown)


def _typed(**message: object) -> str:
    fields = [{"name": name, "type": "uint8"} for name in message]
    types = {"EIP712Domain": [], "Act": fields}
    return json.dumps({"types": types, "primaryType": "Act", "domain": {}, "message": message})


DEEP = "[" * 200_000
FILES = {
    "no JSON": (["license", "batch", "{}", "--seal", "2-1"], "[1,", "FILE_NOT_JSON"),
    "too deep": (["license", "batch", "{}", "--seal", "2-1"], DEEP, "FILE_NOT_JSON"),
    "not text": (["license", "batch", "{}", "--seal", "2-1"], "\udcff", "FILE_UNREADABLE"),
    "a number too large": (["keys", "sign", "{}"], _typed(x=99_999), "TYPED_DATA_MALFORMED"),
    "types that are none": (["keys", "sign", "{}"], '{"types":5,"primaryType":"A"}', "TYPED_DATA_MALFORMED"),
    "typed data too deep": (["keys", "sign", "{}"], DEEP, "TYPED_DATA_MALFORMED"),
    "a proposal too deep": (["council", "submit", "{}"], DEEP, "PROPOSAL_MALFORMED"),
    "terms too deep": (["grant", "agree", "2-1", "--terms", "{}"], DEEP, "TERMS_MALFORMED"),
}


@pytest.mark.parametrize(("words", "content", "code"), FILES.values(), ids=FILES)
def test_a_file_of_rubbish_is_an_error_with_a_code(
    words: list[str], content: str, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "given.json"
    path.write_bytes(content.encode(errors="surrogateescape"))
    assert app.main([*(str(path) if word == "{}" else word for word in words), "--json", "--url", NOWHERE]) == 65
    captured = capsys.readouterr()
    assert (captured.out, json.loads(captured.err)["error"]["code"]) == ("", code)


def test_a_place_that_cannot_be_written_to_is_an_error_with_a_code(tmp_path: Path) -> None:
    """A card, an authorization, a share, a proposal: named in a folder that is not there, or is a folder itself."""
    for path in (tmp_path / "none" / "card.json", tmp_path):
        for write in (
            lambda place: parsing.write_private(place, "{}"),
            lambda place: key_commands._write(place, Proposal(bytes(20), b"", 0, 0), []),
            lambda place: license_commands._write_all(iter(()), place),
        ):
            with pytest.raises(InvalidInput, match="FILE_UNWRITABLE"):
                write(path)
    assert tmp_path.stat().st_mode & 0o777 == 0o700  # as pytest makes it: a folder named by mistake stays open


def test_shares_are_not_left_in_a_file_that_everybody_may_read(tmp_path: Path) -> None:
    path = tmp_path / "shares.jsonl"
    path.touch(0o644)
    path.chmod(0o644)
    assert license_commands._write_all(iter(()), path) == 0
    assert path.stat().st_mode & 0o777 == 0o600


def test_members_that_are_no_list() -> None:
    call = call_named("council", "setMembers")
    deployment = Deployment(7, {"council": bytes(20)})
    with pytest.raises(InvalidInput, match="COUNCIL_CALL_ARGUMENTS"):
        make_proposal(deployment, call, key_commands._arguments(call.types, "[5, 2]"), 0, 0)


def test_json_mode_says_so_where_nothing_had_to_be_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A program that reads the answer must not find an empty one."""
    digest = bytes(range(32))
    license_ = License(scoped(2, 1), scoped(2, 1), digest, digest, digest, digest, bytes(32), bytes(32), 0, FOREVER)
    share = Share(license_, "1.2.156.3005.2", "9137", Salts(digest, digest))
    (tmp_path / "share.json").write_text(share.to_json(), encoding="utf-8")
    monkeypatch.setattr(Session, "officer_client", lambda _: nullcontext())
    monkeypatch.setattr(license_commands, "_state", lambda *_: LicenseState.CANCELLED)
    assert app.main(["license", "state", str(tmp_path / "share.json"), "04", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"before": "04", "after": "04", "status": "unchanged"}


def test_a_license_in_the_place_of_a_paper_is_judged_in_both_languages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    check = CheckView(
        name="reliance.order", verdict="invalid", reason_code="X", zh="核验晚于环节", en="too late", facts={}
    )
    judged = ReportView(verdict="invalid", checks=(check,), checked_at=0)
    rested = SimpleNamespace(judged=judged, model_dump=lambda **_: {"leaf": "0x12"})
    client = SimpleNamespace(cases=SimpleNamespace(licenses=lambda _: (rested,)))
    monkeypatch.setattr(Session, "officer_client", lambda _: nullcontext(client))
    assert app.main(["case", "licenses", "0x" + "5e" * 32]) == 0
    shown = capsys.readouterr().out
    assert "核验晚于环节" in shown
    assert "too late" in shown
