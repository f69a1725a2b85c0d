"""Processor time of another process: what is left to compare by where a machine is shared."""

import os
from pathlib import Path


def processor_seconds(pid: int) -> float:
    """What a process has used, all threads, in steps of the kernel's clock (10 ms)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
