"""What the arms of the comparison have in common."""

from dataclasses import replace

import pytest

from ledger.crypto import keccak, sign
from scripts.compare.records import Record, WrongAnswer, signed_by_officers

RECORD = Record(officer=5, case=b"c" * 32, order=2, digest=b"d" * 32, key=keccak(b"officer"))


def test_officers_and_who_checks_them_are_timed_apart() -> None:
    signed, signing, checking = signed_by_officers([RECORD, replace(RECORD, order=3)])
    assert [one.order for one, _ in signed] == [2, 3]
    assert signing > 0
    assert checking > 0


def test_signature_of_another_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = keccak(b"stranger")
    monkeypatch.setattr("scripts.compare.records.sign", lambda _key, hashed: sign(stranger, hashed))
    with pytest.raises(WrongAnswer):
        signed_by_officers([RECORD])
