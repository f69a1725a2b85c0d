"""Sign-in under attack: by floods from the officers' own address, by replayed, forged and stale challenges."""

import re
from pathlib import Path
from typing import Any

import pytest

from api.services.signin import SignIns
from api.settings import Settings
from ledger.crypto import address_of, checksum, keccak, sign
from ledger.errors import Unauthenticated
from ledger.signin import personal_digest
from tests.unit.api.http.town import CLERK, DECIDER, Town, key_of, make_town

RATE = 3
LIFE = 300


@pytest.fixture
def strict(tmp_path: Path) -> Any:
    """A town whose public questions are scarce."""
    town = make_town(tmp_path, Settings(data=tmp_path, public_rate=RATE, challenge_seconds=LIFE))
    town.found()
    yield town
    town.store.close()


def challenge(town: Town, officer: int) -> str:
    asked = town.client.post("/v1/session/challenge", json={"address": checksum(address_of(key_of(officer)))})
    text: str = asked.json()["message"]
    return text


def answer(town: Town, text: str, officer: int, key: bytes | None = None) -> tuple[int, str]:
    signature = sign(key or key_of(officer), personal_digest(text.encode()))
    response = town.client.post("/v1/session", json={"message": text, "signature": "0x" + signature.hex()})
    return response.status_code, response.json().get("code", "")


def rows(town: Town, table: str) -> int:
    with town.store.db.read() as connection:
        found: int = connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()  # noqa: S608 - ours
    return found


def test_flood_of_challenges_from_an_officers_own_address_does_not_keep_him_out(strict: Town) -> None:
    for number in range(20 * RATE):
        challenge(strict, CLERK if number % 2 else DECIDER)
        assert answer(strict, challenge(strict, CLERK), CLERK, keccak(b"mallory"))[0] == 401
    assert answer(strict, challenge(strict, CLERK), CLERK) == (201, "")


def test_flood_of_challenges_leaves_nothing_behind(strict: Town) -> None:
    for _ in range(50):
        challenge(strict, CLERK)
    assert rows(strict, "challenges") == rows(strict, "sessions") == 0


def test_officer_who_opens_session_after_session_waits_and_others_do_not(strict: Town) -> None:
    said = [answer(strict, challenge(strict, CLERK), CLERK) for _ in range(RATE + 2)]
    assert said == [(201, "")] * RATE + [(429, "RATE_LIMITED")] * 2
    assert rows(strict, "sessions") == RATE
    assert answer(strict, challenge(strict, DECIDER), DECIDER) == (201, "")


def test_replayed_answers_open_nothing_and_use_up_none_of_the_officers_rate(strict: Town) -> None:
    text = challenge(strict, CLERK)
    assert answer(strict, text, CLERK) == (201, "")
    assert [answer(strict, text, CLERK) for _ in range(10)] == [(401, "SIGNIN_NONCE")] * 10
    assert answer(strict, challenge(strict, CLERK), CLERK) == (201, "")


def forged(text: str, place: int) -> str:
    """One digit of the nonce is another."""
    nonce = re.search("Nonce: ([0-9a-f]+)", text)
    assert nonce is not None
    digit = nonce[1][place]
    other = nonce[1][:place] + ("0" if digit != "0" else "1") + nonce[1][place + 1 :]
    return text.replace(nonce[1], other)


@pytest.mark.parametrize("place", [0, 15, 16, 23, 24, 55])
def test_nonce_with_a_digit_changed_is_refused(town: Town, place: int) -> None:
    """Salt, expiry and mark, at both ends."""
    assert answer(town, forged(challenge(town, CLERK), place), CLERK) == (401, "SIGNIN_NONCE")


@pytest.mark.parametrize("nonce", ["0" * 56, "A" * 56, "0" * 8, "0" * 57])
def test_nonce_of_ones_own_making_is_refused(town: Town, nonce: str) -> None:
    text = re.sub("Nonce: [0-9a-f]+", f"Nonce: {nonce}", challenge(town, CLERK))
    assert answer(town, text, CLERK) == (401, "SIGNIN_NONCE")


def test_nonce_outlives_no_change_of_the_times_in_its_message(fresh: Town) -> None:
    """Issued and expiry as they stand in the text are not what counts: the nonce has its own."""
    old = challenge(fresh, CLERK)
    fresh.chain.time += fresh.container.signins._site.challenge_seconds
    times = re.findall(r"(?:Issued At|Expiration Time): \S+", challenge(fresh, CLERK))
    for name in times:
        old = re.sub(name.partition(":")[0] + r": \S+", name, old)
    assert answer(fresh, old, CLERK) == (401, "SIGNIN_NONCE")


def restarted(town: Town, secret: bytes | None = None) -> SignIns:
    """As after a restart, or in another process: nothing remembered but what the database has."""
    old = town.container.signins
    return SignIns(old._site, town.store.sessions, old._new_world, old._now, old._random_bytes, secret or old._secret)


def test_answer_spent_in_one_process_opens_nothing_in_another(town: Town) -> None:
    text = challenge(town, CLERK)
    signature = sign(key_of(CLERK), personal_digest(text.encode()))
    proof = restarted(town).prove(text, signature)
    assert proof.officer == CLERK
    assert answer(town, text, CLERK) == (201, "")
    with pytest.raises(Unauthenticated) as caught:
        restarted(town).open(proof)
    assert caught.value.code == "SIGNIN_NONCE"


def test_challenge_of_another_service_is_refused(town: Town) -> None:
    text = challenge(town, CLERK)
    with pytest.raises(Unauthenticated) as caught:
        restarted(town, bytes(32)).prove(text, sign(key_of(CLERK), personal_digest(text.encode())))
    assert caught.value.code == "SIGNIN_NONCE"
