"""What the documents tell a reader to type exists."""

import re

import pytest

from tests.architecture.sources import ROOT

TARGET = re.compile(r"^([a-z][a-z-]*):(?!=)", re.MULTILINE)
MENTION = re.compile(r"\bmake ([a-z][a-z-]*)")
DOCUMENTS = sorted(path for pattern in ("*.md", "docs/**/*.md", ".ci/run", "Makefile") for path in ROOT.glob(pattern))


def code_of(text: str) -> str:
    """The parts of a Markdown text set as code: prose may well say "make sure"."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, flags=re.DOTALL))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_make_targets_exist(path: object) -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    assert {"demo", "test"} <= targets
    document = ROOT / str(path)
    text = document.read_text(encoding="utf-8")
    mentioned = set(MENTION.findall(code_of(text) if document.suffix == ".md" else text))
    assert mentioned <= targets
