"""A made-up library of licenses: every code has its check digits, no holder exists; equal for equal seeds."""

import csv
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ledger.codes.license_id import ROOT, check_character
from ledger.codes.uscc import check_character as uscc_check

TYPE = "11100000000013338W011"
ISSUER = "11430000006122244L"
HEADINGS = (
    "ZZMC", "ZZLXDM", "ZZBH", "ZZBS", "ZZBFJG", "ZZBFJGDM", "ZZBFRQ", "CZZT", "CZZTDM", "CZZTDMLX", "ZZYXQQSRQ",
    "ZZYXQJZRQ", "sm3", "sha256",
)  # fmt: skip


def identifier(number: int, version: int = 1) -> str:
    """The identifier 证照标识 of license `number`."""
    serial, edition = f"{number:011d}", f"{version:03d}"
    return ".".join((ROOT, TYPE, ISSUER, serial, edition, check_character(TYPE, ISSUER, serial, edition)))


def holder(number: int) -> str:
    """A unified social credit code with a right check character."""
    first = f"914301{number % 90 + 10:02d}MA4{number % 10**6:06d}"
    return first + uscc_check(first)


def row(number: int, chance: random.Random) -> dict[str, str]:
    """License `number`; its digests are those of no file."""
    day = f"20{chance.randrange(18, 26)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
    until = f"{int(day[:4]) + 5}{day[4:]}"
    word = hashlib.sha256(b"library %d %d" % (number, chance.getrandbits(64))).hexdigest()
    return dict(zip(HEADINGS, (
        "食品经营许可证", TYPE, f"JY1430{number:010d}", identifier(number), "某市市场监督管理局", ISSUER, day,
        f"某某餐饮店{number}号", holder(number), "001", day, until, word, word[::-1],
    ), strict=True))  # fmt: skip


def rows(count: int, seed: int) -> Iterator[dict[str, str]]:
    """`count` licenses."""
    chance = random.Random(seed)  # noqa: S311 - a made-up library is to be the same again
    return (row(number, chance) for number in range(1, count + 1))


@dataclass(frozen=True, slots=True)
class Written:
    """What a source holds: rows in all, faulty ones, and ones that stand a second time."""

    rows: int
    faulty: int
    twice: int


def write_csv(path: Path, count: int, seed: int, odd_every: int = 0) -> Written:
    """`count` licenses as a CSV file; of so many rows one is faulty and one repeated, where the seed chooses."""
    faulty = twice = 0
    chance = random.Random(seed + 1)  # noqa: S311 - likewise
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, HEADINGS)
        table.writeheader()
        for one in rows(count, seed):
            odd = chance.randrange(odd_every) if odd_every else -1
            if odd == 0:
                one[chance.choice(("ZZMC", "ZZBS", "CZZTDM", "sm3", "ZZBFRQ"))] = ""
                faulty += 1
            elif odd == 1:
                table.writerow(one)
                twice += 1
            table.writerow(one)
    return Written(count + twice, faulty, twice)
