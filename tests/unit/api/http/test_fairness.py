"""One client that asks too much, and the others beside it."""

import asyncio
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.http.limits import LimitRequests, Limits
from api.http.rates import LOOK_AGAIN, Buckets, Callers, Rate
from api.http.turns import Turns
from api.services.signin import User
from api.settings import Settings
from ledger import acts
from ledger.crypto import keccak
from ledger.errors import TooMany, Unavailable
from tests.unit.api.http import town as town_module
from tests.unit.api.http.town import AWAY_ADMIN, CLERK, Town, make_town


class Time:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def callers(address: float = 2, officer: float = 3, trusted: tuple[str, ...] = ()) -> Callers:
    time = Time()
    rates = [Buckets((("/", Rate(0.001, burst)),), time) for burst in (address, officer)]
    return Callers(rates[0], rates[1], tuple(map(ip_network, trusted)))


def taken(asked: Callers, address: str = "10.0.0.1", token: bytes | None = None) -> int:
    """How many requests go through before one is refused."""
    headers = {} if token is None else {b"authorization": token}
    for number in range(100):
        try:
            asked.take(address, headers, "/v1/x")
        except TooMany:
            return number
    return 100


def test_tokens_that_are_made_up_do_not_escape_the_address() -> None:
    asked = callers()
    headers = [{b"authorization": b"Bearer " + bytes((number,))} for number in range(3)]
    asked.take("10.0.0.1", headers[0], "/")
    asked.take("10.0.0.1", headers[1], "/")
    with pytest.raises(TooMany):
        asked.take("10.0.0.1", headers[2], "/")


def test_officers_behind_one_address_do_not_share_a_rate() -> None:
    asked = callers()
    asked.know(b"Bearer a", 1)
    asked.know(b"Bearer b", 2)
    assert [taken(asked, token=b"Bearer a"), taken(asked, token=b"Bearer b"), taken(asked)] == [3, 3, 2]


def test_two_sessions_of_one_officer_share_a_rate() -> None:
    asked = callers()
    asked.know(b"Bearer a", 1)
    asked.know(b"Bearer b", 1)
    assert [taken(asked, token=b"Bearer a"), taken(asked, token=b"Bearer b")] == [3, 0]
    with pytest.raises(TooMany):
        asked.welcome(1)


def test_anothers_name_on_an_act_uses_up_nothing() -> None:
    """Only what bears the officer's signature counts; then the next act waits."""
    asked = callers(officer=2)
    for _ in range(10):
        asked.welcome(1)
    asked.charge(1, acts=5)
    with pytest.raises(TooMany):
        asked.welcome(1)
    asked.welcome(2)


def test_forwarded_addresses_are_believed_from_trusted_proxies_alone() -> None:
    asked = callers(trusted=("10.1.0.0/16",))
    forwarded = {b"x-forwarded-for": b"6.6.6.6, 7.7.7.7, 10.1.0.2"}
    assert asked.address_of("10.1.0.1", forwarded) == "7.7.7.7"
    assert asked.address_of("10.2.0.1", forwarded) == "10.2.0.1"
    assert callers().address_of("10.1.0.1", forwarded) == "10.1.0.1"
    for odd in (b"", b"unknown", b"6.6.6.6, _hidden"):
        assert asked.address_of("10.1.0.1", {b"x-forwarded-for": odd}) == "10.1.0.1"
    assert asked.connected_from("10.1.0.1") is None
    assert asked.connected_from("10.2.0.1") == "10.2.0.1"


def test_a_whole_ipv6_network_is_one_client() -> None:
    asked = callers()
    assert asked.address_of("2001:db8::1", {}) == asked.address_of("2001:db8::ffff", {}) == "2001:db8::/64"
    assert asked.address_of("::ffff:10.0.0.1", {}) == "10.0.0.1"


def test_a_session_is_counted_for_its_officer(tmp_path: Path) -> None:
    """The address is exhausted by somebody else; the officer who has signed in goes on."""
    town = make_town(tmp_path, Settings(data=tmp_path, public_rate=100_000, officer_burst=4, officer_rate=0.001))
    town.found()
    headers = town.as_(CLERK)
    statuses = [town.client.get("/v1/session", headers=headers).status_code for _ in range(6)]
    assert statuses == [200, 200, 200, 200, 200, 429]
    assert town.client.get("/v1/agencies").status_code == 200
    town.store.close()


ENDED: dict[str, Callable[[Town, dict[str, str]], object]] = {
    "signed out": lambda town, headers: town.client.delete("/v1/session", headers=headers),
    "key revoked": lambda town, _: town.carry(
        town.signed(town.admin(acts.SetOfficerStatus, AWAY_ADMIN, subject=CLERK, status=3, reason=1, since=0))
    ),
}


@pytest.mark.parametrize("how", ENDED)
@pytest.mark.parametrize("path", ["/v1/session", "/v1/agencies"], ids=["looks it up", "public"])
def test_thief_of_a_token_that_opens_nothing_any_more_uses_up_none_of_the_officers_rate(
    tmp_path: Path, how: str, path: str
) -> None:
    town = make_town(tmp_path, Settings(data=tmp_path, public_rate=100_000, officer_burst=9, officer_rate=0.001))
    town.found()
    stolen = town.as_(CLERK)
    assert town.client.get("/v1/session", headers=stolen).status_code == 200
    ENDED[how](town, stolen)
    town.ticks.passed += LOOK_AGAIN
    assert {town.client.get(path, headers=stolen).status_code for _ in range(30)} <= {200, 401}
    town.client.app.state.callers.welcome(CLERK)  # type: ignore[attr-defined]  # Starlette's type has no state
    town.store.close()


def test_session_that_holds_is_counted_for_its_officer_for_as_long_as_it_holds(tmp_path: Path) -> None:
    """On routes too that look at no session, and however long ago one did."""
    town = make_town(tmp_path, Settings(data=tmp_path, public_rate=100_000, officer_burst=5, officer_rate=0.001))
    town.found()
    headers = town.as_(CLERK)
    statuses = [town.client.get("/v1/session", headers=headers).status_code]
    for _ in range(6):
        town.ticks.passed += LOOK_AGAIN
        statuses.append(town.client.get("/v1/agencies", headers=headers).status_code)
    assert statuses == [200] * 6 + [429]
    town.store.close()


def test_an_officer_who_hands_in_too_much_waits_and_others_do_not(tmp_path: Path) -> None:
    town = make_town(tmp_path, Settings(data=tmp_path, public_rate=100_000, officer_burst=9, officer_rate=0.001))
    town.found()
    answers = [town.submit(town.open(number)) for number in range(11)]
    assert [one.status_code for one in answers] == [202] * 9 + [429] * 2
    assert answers[-1].json()["code"] == "RATE_LIMITED"
    assert int(answers[-1].headers["retry-after"]) > 1
    stolen = town.open(50, officer=town_module.DECIDER)
    assert {town.submit(stolen, keccak(b"stranger")).status_code for _ in range(12)} == {401}
    town.store.close()


def test_one_client_holds_half_of_the_turns_at_most() -> None:
    turns = Turns(Time(), most=4)
    assert [turns.enter("a") is not None for _ in range(3)] == [True, True, False]
    assert turns.enter("b") is not None


def test_waiting_clients_take_turns_one_after_another() -> None:
    async def story() -> list[str]:
        turns, order = Turns(Time(), most=2), []
        first = [turns.enter("a"), turns.enter("b")]

        async def ask(client: str) -> None:
            ticket = await turns.wait(client)
            order.append(client)
            await asyncio.sleep(0)
            turns.leave(ticket)

        asked = [asyncio.create_task(ask(client)) for client in "aaaaaabc"]
        await asyncio.sleep(0)
        for ticket in first:
            assert ticket is not None
            turns.leave(ticket)
        await asyncio.gather(*asked)
        return order

    order = asyncio.run(story())
    assert sorted(order[:4]) == ["a", "a", "b", "c"]
    assert order[4:] == ["a"] * 4


def test_turns_that_are_old_do_not_count() -> None:
    async def story() -> None:
        time = Time()
        turns = Turns(time, most=2, patience=0.01)
        held = [turns.enter("a"), turns.enter("b")]
        waiting = asyncio.create_task(turns.wait("c"))
        await asyncio.sleep(0)
        time.now = 1.0
        ticket = await waiting
        for one in (*held, ticket):
            assert one is not None
            turns.leave(one)
        assert turns.enter("c") is not None

    asyncio.run(asyncio.wait_for(story(), 20))


def test_who_goes_away_while_waiting_leaves_no_turn_behind() -> None:
    async def story() -> None:
        turns = Turns(Time(), most=2)
        held = [turns.enter("a"), turns.enter("b")]
        waiting = asyncio.create_task(turns.wait("c"))
        await asyncio.sleep(0)
        assert held[0] is not None
        turns.leave(held[0])
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert turns.enter("a") is not None

    asyncio.run(story())


def test_too_many_who_wait_are_turned_away() -> None:
    async def story() -> None:
        turns = Turns(Time(), most=2, longest=1)
        held = [turns.enter("a"), turns.enter("b")]
        waiting = asyncio.create_task(turns.wait("a"))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable) as caught:
            await turns.wait("c")
        assert caught.value.code == "BUSY"
        waiting.cancel()
        assert len(held) == 2

    asyncio.run(story())


def test_one_client_cannot_fill_the_whole_waiting_room() -> None:
    async def story() -> None:
        turns = Turns(Time(), most=2, longest=8)
        held = [turns.enter("a"), turns.enter("b")]
        waiting = [asyncio.create_task(turns.wait("a")) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await turns.wait("a")
        waiting.append(asyncio.create_task(turns.wait("c")))
        await asyncio.sleep(0)
        assert not any(one.done() for one in waiting)
        for one in waiting:
            one.cancel()
        assert len(held) == 2

    asyncio.run(story())


class Front:
    """The limits before an application that never ends, so that whoever comes in keeps his turn."""

    def __init__(self) -> None:
        self.callers, self.wait = callers(100, 100), asyncio.Event()
        self.inside: list[str] = []
        self.streams = False
        turns = Turns(Time(), most=4)
        self.app = LimitRequests(self._work, Limits(), self.callers, turns, Turns(Time(), most=4), self._user_of)
        self.tasks: list[asyncio.Task[None]] = []

    async def _work(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        self.inside.append(scope["name"])
        if self.streams:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.wait.wait()

    def _user_of(self, token: str) -> User:
        return User(1, 0, token.encode(), 0)

    async def ask(self, name: str, token: bytes = b"", body: bytes | None = b"{}", path: str = "/v1/x") -> None:
        """A request from the one address of all; ``body`` None: it never comes."""

        async def receive() -> Message:
            if body is None:
                await self.wait.wait()
            return {"type": "http.request", "body": body or b""}

        async def send(_message: Message) -> None:
            pass

        headers = [(b"content-type", b"application/json")] + ([(b"authorization", token)] if token else [])
        scope = {"type": "http", "client": ("10.0.0.1", 1), "path": path, "method": "POST", "headers": headers}
        self.tasks.append(asyncio.create_task(self.app(scope | {"name": name}, receive, send)))
        for _ in range(3):
            await asyncio.sleep(0)

    async def end(self) -> None:
        self.wait.set()
        await asyncio.gather(*self.tasks)


def test_officer_who_is_signed_in_does_not_wait_behind_a_flood_from_his_own_address() -> None:
    async def story() -> None:
        front = Front()
        front.callers.know(b"Bearer a", 1)
        for number in range(20):
            await front.ask(f"flood {number}")
        assert front.inside == ["flood 0", "flood 1"]
        await front.ask("officer", b"Bearer a")
        assert front.inside[2:] == ["officer"]
        await front.end()

    asyncio.run(story())


def test_bodies_that_never_come_hold_no_turn() -> None:
    async def story() -> None:
        front = Front()
        for number in range(20):
            await front.ask(f"slow {number}", body=None)
        await front.ask("quick")
        assert front.inside == ["quick"]
        await front.end()

    asyncio.run(story())


def test_streams_without_end_hold_no_turns() -> None:
    async def story() -> None:
        front = Front()
        front.streams = True
        for number in range(20):
            await front.ask(f"stream {number}")
        assert front.inside == [f"stream {number}" for number in range(20)]
        await front.end()

    asyncio.run(story())


def test_flood_of_questions_holds_up_no_use_of_a_license() -> None:
    """Uses wait together for their commit, and among acts."""

    async def story() -> None:
        front = Front()
        for number in range(20):
            await front.ask(f"flood {number}")
        await front.ask("use", path="/v1/licenses/0x00/uses")
        assert front.inside == ["flood 0", "flood 1", "use"]
        await front.end()

    asyncio.run(story())
