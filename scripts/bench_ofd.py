"""Issue 4, speed: a full check of an OFD document beside its own hashing and signature operations.

The yardstick is what no checker can do without: each protected part's SM3, Signature.xml's SM3, and every signature
verified that the report names (signature value, seal, certificates, revocation list), done by the same library in the
same run on the same bytes. Both are counted in processor time, alternating, so that a busy machine disturbs both alike.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

from ledger.algorithms.digests import DigestAlgorithm, digest
from ledger.documents import ofd_check
from ledger.documents.ofd_making import Sheet, make, sign, unpack
from ledger.seals import checks, data_checks, revocation, seal_checks, trust, verifying
from ledger.verdict import Verdict
from scripts.documents_scene import SECOND, SHEET, Desk
from scripts.report import Target, conclude, progress

GOAL = 2.0
Verification = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Subject:
    """A document and the operations that it needs: the parts' bytes to hash, the signatures to verify."""

    name: str
    file: bytes
    hashed: tuple[bytes, ...]
    verified: tuple[Verification, ...]


def recorded(desk: Desk, file: bytes) -> tuple[Verification, ...]:
    """Every verification that one check makes, to be made again; memories emptied before."""
    seen: list[Verification] = []
    real = verifying.verify

    def verify(*given: Any, **named: Any) -> Any:
        seen.append(partial(real, *given, **named))
        return seen[-1]()

    users: list[ModuleType] = [
        one for one in (checks, data_checks, revocation, seal_checks, trust, verifying) if hasattr(one, "verify")
    ]
    forget()
    for one in users:
        vars(one)["verify"] = verify
    try:
        if ofd_check.check_ofd(file, desk.judge).overall is not Verdict.VALID:
            raise ValueError("the document is to be valid")
    finally:
        for one in users:
            vars(one)["verify"] = real
    return tuple(seen)


def forget() -> None:
    """Empty the memory of certificates verified before: each document pays for its own."""
    verifying.verify_kept.cache_clear()


def subject(desk: Desk, name: str, file: bytes) -> Subject:
    """A document with its operations."""
    seen = ofd_check.examine(file, desk.judge)
    parts = unpack(file)
    hashed = {part for one in seen.signatures for part in one.protected}
    described = [one.signature.xml for one in seen.signatures]
    return Subject(name, file, (*(parts[part] for part in sorted(hashed)), *described), recorded(desk, file))


def subjects(desk: Desk) -> tuple[Subject, ...]:
    """A license, one with two signatures, one with a scan of some MB, one of many pages."""
    plain = sign(make(SHEET), desk.sealer)
    scan = random.Random(1).randbytes(4 << 20)  # noqa: S311 - bytes that do not pack, as a scan's do not
    large = make(Sheet(SHEET.title, SHEET.lines, SHEET.data, picture=scan))
    long = make(Sheet(SHEET.title, [f"{place} {line}" for place in range(4_000) for line in SHEET.lines]))
    return (
        subject(desk, "license", plain),
        subject(desk, "two signatures", sign(plain, desk.second, SECOND)),
        subject(desk, "4 MB scan", sign(large, desk.sealer)),
        subject(desk, "2 MB page", sign(long, desk.sealer)),
    )


def operations(one: Subject) -> None:
    """The yardstick."""
    for data in one.hashed:
        digest(DigestAlgorithm.SM3, data)
    for verify in one.verified:
        verify()


def taken(work: Callable[[], object]) -> float:
    """Milliseconds of processor time of one call."""
    began = time.process_time_ns()
    work()
    return (time.process_time_ns() - began) / 1e6


def measure(desk: Desk, one: Subject, rounds: int) -> Target:
    """Both measured in turn, one call each, and each by its least disturbed call."""
    judge = desk.judge

    def check() -> None:
        forget()
        ofd_check.check_ofd(one.file, judge)

    pairs = [(taken(check), taken(lambda: operations(one))) for _ in range(rounds)]
    ours, bare = (min(column) for column in zip(*pairs, strict=True))
    hashed = sum(len(data) for data in one.hashed) / 1024
    what = f"{one.name}: {hashed:,.0f} KiB hashed, {len(one.verified)} signatures"
    return Target("I4-OFD", what, ours, GOAL, "ms", yardstick=bare, at_most=True, of_ratio=True)


def main() -> int:
    """Exit code 1 where a check takes more than twice its own operations."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench_ofd", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="bounded: function, not figures")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rounds = 4 if asked.quick else 300
    print(f"seed {asked.seed}, processor time, best of {rounds} calls", flush=True)
    desk = Desk.open(asked.seed)
    targets = []
    for one in subjects(desk):
        progress(f"  {one.name}")
        targets.append(measure(desk, one, rounds))
    return conclude(targets, as_json=asked.json, judged=not asked.quick)


if __name__ == "__main__":
    sys.exit(main())
