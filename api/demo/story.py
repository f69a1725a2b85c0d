"""The whole story in order. It ends well only if everything came as expected."""

import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from api.client import HuxinClient
from api.demo import (
    case_chapters,
    founding_chapters,
    license_chapters,
    misuse_chapters,
    reliance_chapters,
    use_chapters,
)
from api.demo.bureau import Bureau
from api.demo.cast import assemble
from api.demo.journal import Journal
from api.demo.stage import Stage
from api.signers import Signer

Say = Callable[[str], None]


def next_round(client: HuxinClient) -> int:
    """The first round whose numbers nobody has used, also after a round that was cut off."""
    used = [agency.agency for agency in client.registry.agencies()]
    return max(used, default=0) // 10 + 1


def _new_folder(folder: Path, number: int) -> Path:
    """A round that was cut off before its first act leaves a folder behind and no number used."""
    names = (f"round-{number}" + (f"-{again}" if again else "") for again in count())
    return next(path for name in names if not (path := folder / name).exists())


def tell(
    client: HuxinClient,
    council: tuple[Signer, ...],
    folder: Path,
    password: str,
    say: Say,
    monotonic: Callable[[], float] = time.monotonic,
) -> Journal:
    """Play one round; keystores and the license file go to ``folder``. Raises what the client raises."""
    journal = Journal()
    number = next_round(client)
    place = _new_folder(folder, number)
    cast = assemble(number, place / "keys", password, client.random_bytes)
    stage = Stage(client, cast, journal, Bureau(place, client.random_bytes, client.now()), say, monotonic)
    say(f"第 {number} 轮:机构、窗口、人员 / round {number}: agencies, windows, officers")
    founding_chapters.register_agencies(stage, council)
    founding_chapters.staff_and_publish(stage)
    say("互授与印章 / mutual grants and seals")
    founding_chapters.agree_and_seal(stage)
    case_chapters.preflight(stage)
    say("跨区域办件 / a case across regions")
    file = case_chapters.take_in(stage)
    issued = case_chapters.decide(stage, file)
    misuse_chapters.check_before_printing(stage, issued)
    case_chapters.print_and_deliver(stage, file, issued)
    misuse_chapters.verify(stage, issued)
    say("权利的转授、撤销与滥用 / rights handed on, revoked, misused")
    founding_chapters.offer_others(stage)
    misuse_chapters.hand_on_and_revoke(stage)
    misuse_chapters.stop_license(stage, issued)
    _licenses(stage, say)
    say("一件事一次办 / one matter, several departments")
    case_chapters.family(stage)
    misuse_chapters.misuse(stage)
    say("监督 / supervision")
    misuse_chapters.read(stage, file)
    stage.mark("end")
    return journal


def _licenses(stage: Stage, say: Say) -> None:
    """Licenses shown, used, relied upon, each in good order and in every other."""
    say("出示的证照,件件不同 / licenses shown, each with something else wrong")
    on_phone = use_chapters.issue(stage)
    papers = license_chapters.show(stage)
    misuse_chapters.forgery(stage, papers.good)
    say("亮证、授权用证 / shown from a phone, used once as its holder authorises")
    phone = use_chapters.take_out(stage, *on_phone)
    use_chapters.present(stage, phone)
    used = use_chapters.use(stage, phone)
    use_chapters.trace(stage, phone)
    say("免提交、用印 / licenses in the place of papers, the use of a seal")
    rested = reliance_chapters.rely(stage, papers, phone, used)
    decided = reliance_chapters.decide(stage, phone)
    reliance_chapters.read(stage, phone, rested, decided)
