"""Several gateways and relays on one database; what a supervisor is told and must not tell."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.client import HuxinClient
from api.fleet import DATABASE_URL, Fleet, Ports, free_ports, with_addresses
from api.supervisor import STATE_FILE, Supervisor
from ledger.errors import InvalidInput
from node.engines import EMBEDDED
from scripts.postgres import PostgresServer, postgres_server
from tests.databases import DATABASES
from tests.e2e.footing import footing_of
from tests.e2e.http_place import CLERK, PATIENCE, Place, running, signer_of
from tests.e2e.running import run, wait_until

MANY = Fleet(gateways=2, relays=2)


@pytest.fixture(scope="module", params=DATABASES)
def fleet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Two gateways and two relays on each database."""
    folder = tmp_path_factory.mktemp("fleet")
    request.param = (request.param, EMBEDDED)
    with footing_of(request, folder) as footing, running(folder / "data", footing.variables, MANY) as made:
        yield made


@pytest.fixture(scope="module")
def clerks(fleet: Place) -> Iterator[tuple[HuxinClient, ...]]:
    """The same officer at each gateway."""
    made = tuple(HuxinClient(url, signer_of(CLERK), patience=PATIENCE) for url in fleet.supervisor.urls)
    yield made
    for each in made:
        each.close()


def test_each_gateway_knows_what_the_other_took(fleet: Place, clerks: tuple[HuxinClient, ...]) -> None:
    assert len(set(fleet.supervisor.urls)) == 2
    taken = [clerks[number % 2].submit(fleet.opening(number)).act_id for number in range(10)]
    ids = [bytes.fromhex(one[2:]) for one in taken]
    seen = [{view.act_id: view.status for view in clerk.wait_for(ids, seconds=60)} for clerk in clerks]
    assert seen[0] == seen[1] == dict.fromkeys(taken, "applied")


def test_one_act_at_both_gateways_at_once_is_one_act(fleet: Place, clerks: tuple[HuxinClient, ...]) -> None:
    opening = fleet.opening(50)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda number: clerks[number % 2].submit(opening, wait=30), range(20)))
    assert {answer.act_id for answer in answers} == {answers[0].act_id}
    assert {answer.status for answer in answers} == {"applied"}


def test_kill_9_of_a_gateway_and_of_the_relay_at_work_loses_nothing(
    fleet: Place, clerks: tuple[HuxinClient, ...]
) -> None:
    pids = fleet.supervisor.pids()
    assert set(pids) == {"chain", "relay", "relay-2", "http", "http-2"}
    taken = []
    for number in range(100, 130):
        taken.append(clerks[number % 2].submit(fleet.opening(number)).act_id)
        if number in (108, 120):
            name = {108: "http", 120: "http-2"}[number]
            os.kill(pids[name], signal.SIGKILL)
            os.kill(pids[name.replace("http", "relay")], signal.SIGKILL)
    ids = [bytes.fromhex(one[2:]) for one in taken]
    for clerk in clerks:
        assert {view.status for view in clerk.wait_for(ids, seconds=60)} == {"applied"}
    assert len(set(taken)) == 30
    wait_until(lambda: set(fleet.supervisor.pids()) == set(pids), 30)


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that may be killed."""
    with postgres_server() as server:
        yield server


@pytest.mark.needs("postgresql")
def test_password_of_the_database_is_told_to_nobody(own_server: PostgresServer, tmp_path: Path) -> None:
    told: list[str] = []
    environment = {**os.environ, DATABASE_URL: own_server.create()}
    supervisor = Supervisor(
        tmp_path / "data", Ports(0, 0), environment, os.urandom, lambda zh, en: told.append(zh + en), fleet=MANY
    )
    with supervisor:
        told.append((supervisor.folder.path / STATE_FILE).read_text())
        pids = (os.getpid(), *supervisor.pids().values())
        told += [Path(f"/proc/{pid}/cmdline").read_text() for pid in pids]
        own_server.kill()  # which ends the relay at work
        wait_until(lambda: any("STORE_SILENT" in each for each in told), 60)
        own_server.start()
        wait_until(lambda: len(supervisor.pids()) == 5, 60)
    told += [path.read_text(errors="replace") for path in supervisor.folder.logs.iterdir()]
    told.append(supervisor.folder.network_file.read_text())
    assert own_server.password not in "".join(told)


@pytest.mark.parametrize("option", ["--database-url", "--rpc-url"])
def test_password_on_the_command_line_is_refused_and_not_repeated(tmp_path: Path, option: str) -> None:
    url = "postgresql://huxin:hunter2@127.0.0.1/huxin"
    said = run("up", "--data", str(tmp_path / "data"), option, url, expect=65)
    assert "PASSWORD_ON_COMMAND_LINE" in str(said)
    assert "hunter2" not in str(said)
    assert not (tmp_path / "data").exists()


def test_address_of_no_database_stops_the_start_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        Supervisor(tmp_path / "data", Ports(0, 0), {DATABASE_URL: "oracle://hunter2"}, os.urandom)
    assert "hunter2" not in str(refused.value)


def test_address_without_a_password_may_stand_on_the_command_line() -> None:
    url = "postgresql://huxin@127.0.0.1/huxin"
    assert with_addresses({"A": "b"}, url, None) == {"A": "b", DATABASE_URL: url}


def test_gateways_listen_on_ports_one_after_another() -> None:
    assert Ports(8600, 0).of_gateways(3) == (8600, 8601, 8602)
    assert len(set(Ports(0, 0).of_gateways(20))) == len(set(free_ports(20))) == 20
