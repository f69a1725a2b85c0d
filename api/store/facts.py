"""The few things of a ``World`` that are not records: council, what it has scheduled, clock, directory."""

from typing import Any

from sqlalchemy import Connection, delete, insert, select

from api.store import index_tables as t
from ledger.world import Clock, CouncilRecord, World

VERSION = "version"


def read_facts(connection: Connection) -> dict[str, Any]:
    """All facts by name."""
    rows = connection.execute(select(t.facts.c.name, t.facts.c.value))
    return {row.name: row.value for row in rows}


def encode_facts(world: World) -> dict[str, Any]:
    """The world's facts as JSON."""
    council, clock = world.council, world.clock
    return {
        "council": {
            "members": sorted(member.hex() for member in council.members),
            "threshold": council.threshold,
            "delay": council.delay,
        },
        "scheduled": {key.hex(): at for key, at in sorted(council.scheduled.items())},
        "clock": [clock.skew, clock.prompt, clock.late_limit],
        "directory": {name.hex(): [at.hex() for at in places] for name, places in world.directory.items()},
    }


def apply_facts(world: World, facts: dict[str, Any]) -> None:
    """Put stored facts into a world; what is not stored stays as deployed."""
    if "council" in facts:
        stored = facts["council"]
        members = frozenset(bytes.fromhex(member) for member in stored["members"])
        world.council = CouncilRecord(members, stored["threshold"], stored["delay"])
    world.council.scheduled = {bytes.fromhex(key): at for key, at in facts.get("scheduled", {}).items()}
    if "clock" in facts:
        world.clock = Clock(*facts["clock"])
    directory = facts.get("directory", {})
    world.directory = {bytes.fromhex(name): [bytes.fromhex(at) for at in places] for name, places in directory.items()}


def write_facts(connection: Connection, changed: dict[str, Any]) -> None:
    """Replace these facts."""
    if not changed:
        return
    connection.execute(delete(t.facts).where(t.facts.c.name.in_(list(changed))))
    connection.execute(insert(t.facts), [{"name": name, "value": value} for name, value in changed.items()])
