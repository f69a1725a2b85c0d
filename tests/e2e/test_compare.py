"""The comparison in its quick form: every arm gives back who, which case, which order, which digest."""

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from scripts.compare.records import Record, WrongAnswer, compare

ARMS_ON_A_CHAIN, VARIANTS_OF_THE_TABLE = 6, 3
RECORD = Record(officer=5, case=b"c" * 32, order=2, digest=b"d" * 32, key=b"k" * 32)


@pytest.mark.needs("anvil", "postgresql")
def test_every_arm_answers() -> None:
    command = (sys.executable, "-m", "scripts.compare", "--quick", "--json", "--seed", "7")
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = json.loads(done.stdout.splitlines()[-1])
    assert len(rows) == 2 * ARMS_ON_A_CHAIN + VARIANTS_OF_THE_TABLE
    gas = [row["gas"] for row in rows if row["gas"]]
    assert gas[:ARMS_ON_A_CHAIN] == gas[ARMS_ON_A_CHAIN:], "two engines must charge the same"


@pytest.mark.parametrize("change", [{"officer": 6}, {"case": b"x" * 32}, {"order": 3}, {"digest": b"x" * 32}])
def test_altered_answer_is_wrong(change: dict[str, Any]) -> None:
    with pytest.raises(WrongAnswer):
        compare(RECORD, replace(RECORD, **change).answer)
