"""The database: reachable, at the head migration, writes and reads back; what waits in it, and who is alive."""

from collections.abc import Callable, Iterator

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from api.composition import read_master_key
from api.index.indexer import beat
from api.services.finding import Advice, Finding, good, wrong
from api.services.probes import unreachable_database, vault_opens
from api.settings import Settings
from api.store.database import Database
from api.store.own_tables import heartbeats, outbox_entries
from api.store.reads import OutcomeReads
from api.store.upgrade import configuration
from ledger.errors import HuxinError
from ledger.vault import Vault

_MARK = "doctor"
_WAITING = ("queued", "sent")


def store_of(settings: Settings, clock: Callable[[], float], random_bytes: Callable[[int], bytes]) -> Iterator[Finding]:
    """Everything that the database alone can tell."""
    if settings.database_url is None and not (settings.data / "huxin.db").exists():
        # opening it would make one, and an empty database is in perfect order
        yield unreachable_database("store")
        return
    try:
        database = Database(settings.database)
        try:
            yield from _checks(database, settings, clock, random_bytes)
        finally:
            database.close()
    except (SQLAlchemyError, OSError):
        yield unreachable_database("store")


def _checks(
    database: Database, settings: Settings, clock: Callable[[], float], random_bytes: Callable[[int], bytes]
) -> Iterator[Finding]:
    migration = _migration(database)
    yield migration
    if not migration.ok:
        return
    now = int(clock())
    yield _writes_and_reads(database, settings, now, random_bytes)
    yield _outbox(database, now, settings.waiting_limit)
    yield _relay(database, now, settings.stale_after)
    try:
        yield vault_opens(database, Vault(read_master_key(settings.master_key_file), random_bytes), random_bytes)
    except HuxinError:
        return


def _migration(database: Database) -> Finding:
    with database.read() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    wanted = ScriptDirectory.from_config(configuration()).get_current_head()
    if found == wanted:
        return good("migration", "数据库结构为本版本", "the tables are of this version", revision=found)
    return wrong(
        "migration", "MIGRATION_DIFFERS",
        Advice("数据库结构不是本版本的", "the tables are of another version",
               "请用本版本启动一次 huxin up,或换用对应版本", "start huxin up of this version once, or use the other"),
        found=found, wanted=wanted,
    )  # fmt: skip


def _writes_and_reads(
    database: Database, settings: Settings, now: int, random_bytes: Callable[[int], bytes]
) -> Finding:
    """Written and committed here, read by a connection that knows nothing of this one."""
    mark = random_bytes(8).hex()
    with database.write() as connection:
        beat(connection, _MARK, now, {"mark": mark})
    stranger = Database(settings.database, 1)
    try:
        found = OutcomeReads(stranger).heartbeat(_MARK)
    finally:
        stranger.close()
    with database.write() as connection:
        connection.execute(delete(heartbeats).where(heartbeats.c.name == _MARK))
    if found is not None and found.detail.get("mark") == mark:
        return good("store", "数据库可写可读", "the store takes a row and gives it back")
    return wrong(
        "store", "STORE_FORGETS",
        Advice("写入后读不回来", "what was written is not read back", "请停用并检查数据库",
               "stop, and look at the database"),
    )  # fmt: skip


def _outbox(database: Database, now: int, limit: float) -> Finding:
    of = outbox_entries.c
    query = select(func.coalesce(func.sum(of.acts), 0), func.min(of.received_at)).where(of.state.in_(_WAITING))
    with database.read() as connection:
        acts, since = connection.execute(query).one()
    age = 0 if since is None else max(0, now - since)
    if age <= limit:
        return good("outbox", "等待上链的行为未超时", "nothing waits too long", acts=int(acts), ageSeconds=age)
    return wrong(
        "outbox", "OUTBOX_STALE",
        Advice("有行为等待上链过久", "acts have waited for the chain too long",
               "已受理的不会丢失;请看中继与链", "nothing is lost; look at relay and chain"),
        acts=int(acts), ageSeconds=age,
    )  # fmt: skip


def _relay(database: Database, now: int, stale_after: float) -> Finding:
    found = OutcomeReads(database).heartbeat("relay")
    age = None if found is None else now - found.at
    if found is None or age is None or age > stale_after:
        return wrong(
            "relay", "RELAY_SILENT",
            Advice("中继没有运行", "the relay is not running", "请启动 huxin up,或看中继的日志",
                   "start huxin up, or look at the relay's log"),
            ageSeconds=age,
        )  # fmt: skip
    if age < -stale_after:
        return wrong(
            "relay", "CLOCK_BEHIND_RELAY",
            Advice("本机时钟落后于中继", "this clock is behind the relay's", "请校准时钟", "set the clock right"),
            ageSeconds=age,
        )  # fmt: skip
    return good(
        "relay", "中继在运行", "the relay is running", ageSeconds=max(age, 0), trouble=found.detail.get("error")
    )
