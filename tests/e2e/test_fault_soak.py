"""The experiment on steady load in its short form."""

import csv
import subprocess
import sys
from pathlib import Path


def test_steady_load_leaves_memory_flat_and_the_leak_is_found_out(tmp_path: Path) -> None:
    files = ["--samples", str(tmp_path / "samples.csv"), "--plot", str(tmp_path / "soak.svg")]
    command = [sys.executable, "-m", "scripts.fault_soak", "--quick", "--json", *files]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with (tmp_path / "samples.csv").open(encoding="utf-8") as samples:
        assert {float(row["errors"]) for row in csv.DictReader(samples)} == {0.0}
    assert (tmp_path / "soak.svg").read_text(encoding="utf-8").lstrip().startswith("<?xml")
