"""Reading cases, what became of acts, and how far the index has come."""

from sqlalchemy import Connection, func, literal_column, select, text

from api.store import index_tables as t
from api.store.database import Database
from api.store.models import CaseView, Heartbeat, IndexHead, OutcomeView, StepView
from api.store.own_tables import heartbeats
from api.store.paging import columns_of, one, several

APPLIED, SCHEDULED, REFUSED, DISCARDED = "applied", "scheduled", "refused", "discarded"
_NEWEST = select(t.blocks.c.number, t.blocks.c.hash, t.blocks.c.timestamp).order_by(t.blocks.c.number.desc()).limit(1)
_BEATS = select(*columns_of(Heartbeat, heartbeats))


class CaseReads:
    """Cases as the index has them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def case(self, case_key: bytes) -> CaseView | None:
        """A case."""
        with self._db.read() as connection:
            return one(connection, CaseView, t.cases, t.cases.c.case_key == case_key)

    def steps(self, case_key: bytes) -> tuple[StepView, ...]:
        """All steps taken, the opening first."""
        own = columns_of(StepView, t.steps)
        of = t.outcomes.c
        wanted = [*own, of.act_id, of.at, of.block, of.tx_hash]
        query = (
            select(*wanted)
            .select_from(t.steps.join(t.outcomes, t.steps.c.position == of.position))
            .where(t.steps.c.case_key == case_key)
            .order_by(t.steps.c.seq)
        )
        with self._db.read() as connection:
            return tuple(StepView(*row) for row in connection.execute(query))

    def refusals(self, case_key: bytes) -> tuple[OutcomeView, ...]:
        """Steps of the case that the chain refused; discards, which anybody can cause, are not among them."""
        c = t.outcomes.c
        # as the index has it, word for word: a bound zero would not be taken for the same
        not_taken = c.reason != literal_column("0")
        condition = (c.subject == case_key) & (c.result == REFUSED) & not_taken
        with self._db.read() as connection:
            return several(connection, OutcomeView, t.outcomes, condition, c.position)

    def agencies_of(self, case_key: bytes) -> frozenset[int]:
        """The home agency and those whose officers signed a step; empty where there is no such case."""
        with self._db.read() as connection:
            home = connection.execute(select(t.cases.c.home).where(t.cases.c.case_key == case_key)).scalars()
            query = select(t.steps.c.agency).where(t.steps.c.case_key == case_key).distinct()
            return frozenset(home) | frozenset(connection.execute(query).scalars())


class OutcomeReads:
    """What became of acts, in the order of the chain."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def head(self) -> IndexHead:
        """The newest block in the index."""
        with self._db.read() as connection:
            return read_head(connection)

    def outcome(self, act_id: bytes) -> OutcomeView | None:
        """The verdict on an act, or what it was discarded for last; None: not on the chain (yet)."""
        c = t.outcomes.c
        query = (
            select(*columns_of(OutcomeView, t.outcomes))
            .where(c.act_id == act_id)
            .order_by(c.result == DISCARDED, c.position.desc())
            .limit(1)
        )
        with self._db.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else OutcomeView(*row)

    def since(self, position: int, limit: int, agency: int | None = None) -> tuple[OutcomeView, ...]:
        """Outcomes beyond a position, for an agency those that concern it."""
        c = t.outcomes.c
        query = select(*columns_of(OutcomeView, t.outcomes)).where(c.position > position)
        query = query.order_by(c.position).limit(limit)
        # asked for in one, all that concerns the agency would be sorted for each page
        of_agency = [query] if agency is None else [query.where(one == agency) for one in (c.agency, c.other)]
        with self._db.read() as connection:
            found = {row.position: OutcomeView(*row) for one in of_agency for row in connection.execute(one)}
        return tuple(found[at] for at in sorted(found)[:limit])

    def of_seals(self, agency: int) -> tuple[OutcomeView, ...]:
        """Acts on the seals of an agency that were applied, oldest first."""
        c = t.outcomes.c
        with self._db.read() as connection:
            condition = (c.agency == agency) & text(t.ON_SEALS)
            return several(connection, OutcomeView, t.outcomes, condition, c.position)

    def time_of(self, block: int) -> int | None:
        """The time of a block that the index has read, in Unix seconds."""
        c = t.blocks.c
        with self._db.read() as connection:
            return connection.execute(select(c.timestamp).where(c.number == block)).scalar_one_or_none()

    def last_position(self) -> int:
        """The position of the newest outcome; -1 where there is none."""
        with self._db.read() as connection:
            found = connection.execute(select(func.max(t.outcomes.c.position))).scalar_one()
        return -1 if found is None else int(found)

    def standing(self) -> tuple[IndexHead, tuple[Heartbeat, ...]]:
        """The newest block in the index and what each process last said of itself, at one moment."""
        with self._db.read() as connection:
            return read_head(connection), tuple(Heartbeat(*row) for row in connection.execute(_BEATS))

    def heartbeat(self, name: str) -> Heartbeat | None:
        """What ``relay`` or ``index`` last said of itself."""
        with self._db.read() as connection:
            return one(connection, Heartbeat, heartbeats, heartbeats.c.name == name)


def read_head(connection: Connection) -> IndexHead:
    """The newest block in the index; number -1 where there is none."""
    row = connection.execute(_NEWEST).first()
    return IndexHead(-1, b"", 0) if row is None else IndexHead(*row)
