"""Who plays: agencies in two regions of a province, their windows and officers. All of it is made up."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from api.signers import LIGHT_SCRYPT_N, KeySigner, make_key, write_keystore
from ledger.codes.uscc import check_character
from ledger.ids import scoped
from ledger.procedure import Role
from ledger.records import AgencyFlag

ADMIN = 1
"""Number of each agency's first administrator."""
_BACK_OFFICE = 0


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency of the story; ``place`` makes its number within a round of the story."""

    role: str
    place: int
    name: str
    region: int
    flags: int = 0
    windows: tuple[tuple[int, str, int], ...] = ()
    """(number, name, packed region)"""


@dataclass(frozen=True, slots=True)
class Officer:
    """One officer; ``window`` is a window's number, 0 for the back office."""

    role: str
    agency: str
    number: int
    window: int
    roles: int
    zh: str


AGENCIES = (
    Agency("centre", 1, "示例省政务服务中心(演示)", 0x430000000000, AgencyFlag.CENTRE | AgencyFlag.SUPERVISOR),
    Agency("home", 2, "甲市行政审批局(演示)", 0x430100000000, 0, ((1, "甲市综合窗口(演示)", 0x430100000000),)),
    Agency(
        "away", 3, "乙市政务服务中心(演示)", 0x430200000000, AgencyFlag.CENTRE,
        ((1, "乙市跨域通办窗口(演示)", 0x430200000000),),
    ),
    Agency("third", 4, "丙市政务服务局(演示)", 0x430300000000, 0, ((1, "丙市综合窗口(演示)", 0x430300000000),)),
    Agency("county", 5, "丁县政务服务局(演示,属乙市)", 0x430221000000, 0, ((1, "丁县便民窗口(演示)", 0x430221000000),)),
)  # fmt: skip

OFFICERS = (
    Officer("auditor", "centre", 2, _BACK_OFFICE, Role.AUDITOR, "省中心监督员"),
    Officer("home.reviewer", "home", 2, _BACK_OFFICE, Role.REVIEWER, "甲市审查员"),
    Officer("home.decider", "home", 3, _BACK_OFFICE, Role.DECIDER, "甲市审批员"),
    Officer("home.sealer", "home", 4, _BACK_OFFICE, Role.SEALER, "甲市用印员"),
    Officer("home.issuer", "home", 5, _BACK_OFFICE, Role.ISSUER, "甲市证照员"),
    Officer("home.window", "home", 6, 1, Role.WINDOW, "甲市窗口员"),
    Officer("away.first", "away", 2, 1, Role.WINDOW, "乙市窗口员一"),
    Officer("away.second", "away", 3, 1, Role.WINDOW, "乙市窗口员二"),
    Officer("away.office", "away", 4, _BACK_OFFICE, Role.REVIEWER | Role.DECIDER | Role.SEALER, "乙市经办员"),
    Officer("away.issuer", "away", 5, _BACK_OFFICE, Role.ISSUER, "乙市证照员"),
    Officer("third.window", "third", 2, 1, Role.WINDOW, "丙市窗口员"),
    Officer("county.window", "county", 2, 1, Role.WINDOW, "丁县窗口员"),
)


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody with a key: the officer's id (0: a citizen, who is none), and how the tables call them."""

    role: str
    officer: int
    zh: str
    signer: KeySigner = field(repr=False)


@dataclass(frozen=True, slots=True)
class Cast:
    """The players of one round; agencies of round ``n`` have the numbers ``10 n + place``."""

    round: int
    players: dict[str, Player]

    def number(self, agency: str) -> int:
        """An agency's number."""
        return self.round * 10 + next(each.place for each in AGENCIES if each.role == agency)

    def id(self, agency: str, number: int) -> int:
        """An id in an agency's namespace."""
        return scoped(self.number(agency), number)

    def admin(self, agency: str) -> Player:
        """The agency's administrator, who also manages its grants."""
        return self.players[f"{agency}.admin"]

    def __getitem__(self, role: str) -> Player:
        return self.players[role]


def assemble(number: int, folder: Path, password: str, random_bytes: Callable[[int], bytes]) -> Cast:
    """Make the keys of a round and keep them in keystores, so that the command line can go on with them."""
    players = {}
    for agency in AGENCIES:
        key = _new_key(folder, f"{agency.role}.admin", password, random_bytes)
        officer = scoped(number * 10 + agency.place, ADMIN)
        players[f"{agency.role}.admin"] = Player(f"{agency.role}.admin", officer, f"{agency.name[:2]}管理员", key)
    cast = Cast(number, players)
    for one in OFFICERS:
        key = _new_key(folder, one.role, password, random_bytes)
        players[one.role] = Player(one.role, cast.id(one.agency, one.number), one.zh, key)
    for name in ("holder", "holder.second"):  # a phone has a key of its own for each license
        players[name] = Player(name, 0, "持证人", _new_key(folder, name, password, random_bytes))
    stranger = KeySigner(make_key(random_bytes))
    players["stranger"] = Player("stranger", players["away.first"].officer, "陌生密钥", stranger)
    return cast


def credit_code(agency: int, region: int) -> str:
    """A well-formed unified social credit code (GB 32100) that belongs to nobody."""
    body = f"11{region >> 24:06x}{agency:09d}"
    return body + check_character(body)


def _new_key(folder: Path, name: str, password: str, random_bytes: Callable[[int], bytes]) -> KeySigner:
    key = make_key(random_bytes)
    write_keystore(folder / f"{name}.json", key, password, LIGHT_SCRYPT_N)
    return KeySigner(key)
