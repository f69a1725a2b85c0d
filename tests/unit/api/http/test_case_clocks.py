"""Time limits as a party sees them, and the origin that a proxy gives the site."""

from datetime import UTC, datetime
from pathlib import Path

from api.settings import Settings
from ledger.crypto import address_of, checksum
from ledger.procedure import Action
from tests.unit.api.http.town import CLERK, Town, key_of, make_town


def test_a_case_shows_its_clocks(tmp_path: Path) -> None:
    """Received on Monday 2 March 2026; nobody answers until the Tuesday after next."""
    town = make_town(tmp_path)
    town.chain.time = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp())
    town.found()
    town.chain.time = int(datetime(2026, 3, 2, 2, tzinfo=UTC).timestamp())
    town.submit(town.open(1))
    town.settle()
    due = int(datetime(2026, 3, 9, 16, tzinfo=UTC).timestamp())
    (clock,) = shown(town)
    assert (clock["limit"], clock["standing"], clock["days"], clock["due"]) == ("acceptance", "running", 5, due)
    town.chain.time = due
    missed, deemed = shown(town)
    assert (missed["standing"], deemed["limit"], deemed["deemed"]) == ("missed", "decision", True)
    town.store.close()


def shown(town: Town) -> list[dict[str, object]]:
    town.tokens.clear()
    answer = town.client.get("/v1/cases/0x" + town.case(1).hex(), headers=town.as_(CLERK))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["clocks"]
    return found


def test_steps_keep_a_clock(tmp_path: Path) -> None:
    town = make_town(tmp_path)
    town.chain.time = int(datetime(2026, 3, 2, 2, tzinfo=UTC).timestamp())
    town.found()
    town.submit(town.open(1))
    town.settle()
    for action in (Action.VERIFY, Action.ACCEPT):
        town.submit(town.step(1, action))
        town.settle()
    kept, running = shown(town)
    assert (kept["standing"], running["limit"], running["days"]) == ("kept", "decision", 20)
    town.store.close()


def test_sign_in_names_the_origin_that_people_see(tmp_path: Path) -> None:
    town = make_town(tmp_path, Settings(data=tmp_path, public_url="https://tb.example.cn", public_rate=1_000))
    address = checksum(address_of(key_of(CLERK)))
    text = town.client.post("/v1/session/challenge", json={"address": address}).json()["message"]
    assert text.startswith("tb.example.cn wants you to sign in")
    assert "URI: https://tb.example.cn/v1/session" in text
    town.store.close()
