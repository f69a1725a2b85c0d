"""What help and documents tell people to type is there: the command, each option, as many arguments as it takes."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from api.cli import app

ROOT = Path(__file__).parents[4]
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
BLOCK = re.compile(r"^```(?:sh)?\n(.*?)^```", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"(?<!`)`(huxin [^`\n]+)`(?!`)")
CALL = re.compile(r"(?:^|\$\()(huxin [^\n]*)", re.MULTILINE)
ROOT_COMMAND = typer.main.get_command(app.app)


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command by its words."""
    if not hasattr(group, "commands"):
        yield path, group
        return
    for name, one in group.commands.items():
        yield from commands(one, (*path, name))


COMMANDS = dict(commands(ROOT_COMMAND))


def split(text: str) -> list[str]:
    """The words of one call of ``huxin``, up to a comment, a pipe, or the end of what it stands in."""
    lexer = shlex.shlex(re.sub(r"\$\([^()]*\)", "X", text), posix=True, punctuation_chars="|&;<>()")
    lexer.whitespace_split, lexer.commenters = True, "#"
    words: list[str] = []
    for word in lexer:
        if set(word) <= set("|&;<>()"):
            break
        words.append(word)
    return words[1:]


def called(words: list[str]) -> tuple[Any, list[str]]:
    """The command and what it is given; AssertionError where there is no such command."""
    for length in range(min(len(words), 3), 0, -1):
        if tuple(words[:length]) in COMMANDS:
            return COMMANDS[tuple(words[:length])], words[length:]
    raise AssertionError(f"no such command: huxin {' '.join(words)}")


def faults(command: Any, given: list[str], *, whole: bool) -> list[str]:
    """Options that are not there; of a ``whole`` call, also what is missing or too much."""
    every = [one for one in command.params if one.param_type_name == "option"]
    options: dict[str, Any] = {name: one for one in every for name in (*one.opts, *one.secondary_opts)}
    found, named, placed, words = [], set(), 0, iter(given)
    for word in words:
        if not re.match(r"--?[a-z]", word):
            placed += 1
        elif word == "--help":
            continue
        elif word not in options:
            found.append(f"no option {word}")
        else:
            named.add(options[word].name)
            if not options[word].is_flag and whole and next(words, None) is None:
                found.append(f"{word} without its value")
            elif not options[word].is_flag and not whole:
                next(words, None)
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    needed = [one for one in arguments if one.required]
    if whole and not len(needed) <= placed <= len(arguments):
        found.append(f"{placed} arguments where {len(needed)} to {len(arguments)} are taken")
    missing = [one.name for one in options.values() if one.required and one.name not in named]
    return found + [f"without {name}" for name in dict.fromkeys(missing) if whole]


@pytest.mark.parametrize("words", list(COMMANDS), ids=" ".join)
def test_example_in_the_help_is_a_whole_call_of_the_command(words: tuple[str, ...]) -> None:
    command = COMMANDS[words]
    assert command.epilog
    example = split(command.epilog[command.epilog.index("huxin") :])
    found, given = called(example)
    assert found is command
    assert faults(found, given, whole=True) == []


@pytest.mark.parametrize("words", list(COMMANDS), ids=" ".join)
def test_help_says_what_it_does_in_chinese_and_english(words: tuple[str, ...]) -> None:
    text = COMMANDS[words].help or ""
    assert re.search(r"[一-鿿]", text)
    assert re.search(r"[A-Za-z]{3}", text)


def calls() -> Iterator[object]:
    for path in DOCUMENTS:
        text = path.read_text("utf-8")
        name = str(path.relative_to(ROOT))
        for block in BLOCK.findall(text):
            yield from (pytest.param(one, True, id=f"{name}: {one[:60]}") for one in CALL.findall(block))
        yield from (pytest.param(one, False, id=f"{name}: {one[:60]}") for one in SPAN.findall(BLOCK.sub("", text)))


@pytest.mark.parametrize(("text", "whole"), list(calls()))
def test_call_in_a_document_is_one_that_there_is(text: str, whole: bool) -> None:
    words = split(text)
    if (words and words[0].startswith("-")) or "COMMAND" in words:  # huxin --help, huxin COMMAND --help
        return
    command, given = called(words)
    assert faults(command, given, whole=whole) == []


@pytest.mark.parametrize(("text", "told"), [
    ("huxin license use", ["0 arguments where 1 to 1 are taken"]),
    ("huxin license use a.json b.json", ["2 arguments where 1 to 1 are taken"]),
    ("huxin license use a.json --cas 0x5e", ["no option --cas", "2 arguments where 1 to 1 are taken"]),
    ("huxin license authorize card.json a.json --window 2-1", ["without item"]),
    ("huxin license use a.json --case", ["--case without its value"]),
    ("huxin license use a.json -k w.json --json | head # and --more", []),
])  # fmt: skip
def test_call_that_is_wrong_is_told(text: str, told: list[str]) -> None:
    command, given = called(split(text))
    assert faults(command, given, whole=True) == told
