"""SM2 verifications a second through the public interface, beside `openssl speed sm2` in the same run (goal ≥ 0.8).

In each round a slice of openssl's stands between two halves of ours, all on one core (`--core`), each held against the
processor time it took: openssl counts that itself. What is judged is the median of the rounds' ratios, for what
disturbs a round disturbs both sides of its ratio. Each backend that passed its known-answer tests is measured, and the
one in use is the one that counts. Messages differ; keys are `--keys` many, as the seals of a province are.
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import mean, median

from ledger.algorithms import sm2, sm2_backends
from ledger.algorithms.sm2_backends import Backend
from scripts.report import Target, conclude, progress

GOAL = 0.8
SPEED = re.compile(r"SM2 \(CurveSM2\)\s+\S+\s+\S+\s+([\d.]+)\s+([\d.]+)")


def signed(keys: int, messages: int, seed: int) -> list[tuple[bytes, bytes, bytes]]:
    """Public key, message, signature (DER), keys in turn."""
    rng = random.Random(seed)  # noqa: S311 - the keys are for measuring
    signers = [sm2.SigningKey.generate(rng.randbytes) for _ in range(keys)]
    texts = [rng.randbytes(300) for _ in range(messages)]
    return [(by.public_key, text, by.sign(text)) for text, by in zip(texts, signers * messages, strict=False)]


def slice_of_ours(cases: list[tuple[bytes, bytes, bytes]], seconds: float, backend: Backend) -> float:
    """Verifications per second of processor time; each must hold."""
    count, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        public_key, message, signature = cases[count % len(cases)]
        digest = sm2.message_digest(public_key, message)
        if not sm2.verify_digest(public_key, digest, signature, backend):
            raise SystemExit(f"{backend.name}: a good signature was refused")
        count += 1
    return count / spent


def slice_of_public_interface(cases: list[tuple[bytes, bytes, bytes]], seconds: float) -> float:
    """As ``slice_of_ours`` through ``sm2.verify`` alone, whatever it uses."""
    count, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        if not sm2.verify(*cases[count % len(cases)]):
            raise SystemExit("a good signature was refused")
        count += 1
    return count / spent


def slice_of_openssl(seconds: int) -> tuple[float, float]:
    """Signatures and verifications a second, as `openssl speed` counts them (processor time)."""
    command = [shutil.which("openssl") or "openssl", "speed", "-seconds", str(seconds), "sm2"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60 + 4 * seconds)
    found = SPEED.search(said.stdout)
    if found is None:
        raise SystemExit("openssl speed has no SM2")
    return float(found[1]), float(found[2])


def signing(seconds: float) -> float:
    """Signatures a second with one key."""
    key = sm2.SigningKey(bytes(31) + b"\x2a")
    count, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        key.sign(b"message")
        count += 1
    return count / spent


def pin(core: int | None) -> None:
    """Stay on one core, and openssl with us; the last of those allowed where none is named, and only where one can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0)) if core is None else core})


@dataclass(frozen=True, slots=True)
class Round:
    """What each had in one round, a second of processor time: verifications of ours and openssl's, signatures."""

    ours: float
    theirs: float
    signed: float
    they_signed: float

    @property
    def ratio(self) -> float:
        """Ours to theirs."""
        return self.ours / self.theirs


def one_round(cases: list[tuple[bytes, bytes, bytes]], seconds: float) -> Round:
    """Half a slice of ours, one of openssl's, the other half of ours."""
    before = slice_of_public_interface(cases, seconds / 2)
    they_signed, theirs = slice_of_openssl(1)
    after = slice_of_public_interface(cases, seconds / 2)
    return Round(mean((before, after)), theirs, signing(seconds / 4), they_signed)


def refuses(cases: list[tuple[bytes, bytes, bytes]]) -> bool:
    """Whether each signature is refused over another's message."""
    return not any(sm2.verify(cases[i - 1][0], cases[i][1], cases[i - 1][2]) for i in range(len(cases)))


def main() -> int:
    """Measure and print; exit code 1 where the goal is missed or a bad signature is accepted."""
    parser = argparse.ArgumentParser(description="SM2 验签速度 / SM2 verifications a second")
    parser.add_argument("--json", action="store_true", help="最后一行为 JSON / the last line is JSON")
    parser.add_argument("--quick", action="store_true", help="短,不判定数值 / short, figures not judged")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keys", type=int, default=200, help="公钥数 / how many public keys")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--core", type=int, help="处理器核 / which core; default the last one allowed")
    arguments = parser.parse_args()
    progress(f"seed {arguments.seed}")
    pin(arguments.core)
    for one in sm2.self_test():
        progress(f"{one.name}: {'自检通过 passed' if one.passed else f'不可用 unusable: {one.reason}'}")
    cases = signed(8 if arguments.quick else arguments.keys, 16 if arguments.quick else 1000, arguments.seed)
    if not refuses(cases):
        raise SystemExit("a bad signature was accepted")
    targets = measured(cases, 1 if arguments.quick else arguments.rounds, 0.2 if arguments.quick else 1.0)
    return conclude(targets, as_json=arguments.json, judged=not arguments.quick)


def measured(cases: list[tuple[bytes, bytes, bytes]], rounds: int, seconds: float) -> list[Target]:
    """Medians over rounds in which everybody had a slice."""
    slice_of_public_interface(cases, seconds)  # every key decoded once
    made: list[Round] = []
    others: dict[str, list[float]] = {one.name: [] for one in sm2_backends.usable()}
    for number in range(rounds):
        made.append(one_round(cases, seconds))
        for backend in sm2_backends.usable():
            others[backend.name].append(slice_of_ours(cases[:50], seconds / 4, backend) / made[-1].theirs)
        last = made[-1]
        progress(f"{number + 1}/{rounds}: openssl {last.theirs:,.0f}, ours {last.ours:,.0f}, ratio {last.ratio:.3f}")
    name = sm2_backends.chosen().name
    verified, theirs = (median(column) for column in zip(*((one.ours, one.theirs) for one in made), strict=True))
    signed, they_signed = (median(one.signed for one in made), median(one.they_signed for one in made))
    return [
        Target("SM2", f"verify, median of the rounds' ratios, in use: {name}", median(one.ratio for one in made), GOAL),
        Target("SM2 verify", name, verified, 0, "/s", theirs),
        *(Target("SM2 backend", f"{one}, of openssl's", median(ratios), 0) for one, ratios in others.items()),
        Target("SM2 sign", name, signed, 0, "/s", they_signed),
    ]


if __name__ == "__main__":
    sys.exit(main())
