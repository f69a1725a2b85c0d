"""``huxin officer rotate``: what the administrator types is what is signed."""

from typing import Any

import pytest

from api.cli import app
from api.cli.session import Session
from ledger import acts
from ledger.crypto import checksum
from ledger.ids import FOREVER, scoped

OLD, NEW = b"\x0a" * 20, b"\x0b" * 20


@pytest.mark.parametrize(
    ("typed", "since"),
    [([], 0), (["--since", "2026-11-01"], 1_793_462_400), (["--since", "1793462401"], 1_793_462_401)],
)
def test_rotation_reaches_back_to_the_time_of_the_leak(
    monkeypatch: pytest.MonkeyPatch, typed: list[str], since: int
) -> None:
    made: list[Any] = []

    def kept(_: Session, cls: type, **fields: Any) -> None:
        made.append(cls(**fields, officer=0, nonce=0, deadline=0))

    monkeypatch.setattr(Session, "act", kept)
    arguments = ["officer", "rotate", "3-2", "--old", checksum(OLD), "--new", checksum(NEW), *typed]
    assert app.main(arguments) == 0
    assert made == [acts.RotateKey(scoped(3, 2), OLD, NEW, FOREVER, since, officer=0, nonce=0, deadline=0)]
