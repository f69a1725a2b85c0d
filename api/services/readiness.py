"""Readiness: every part does, now, what it is needed for. One finding a part; an outage is told as "not known"."""

from collections.abc import Callable, Iterator, Sequence

from sqlalchemy.exc import SQLAlchemyError

from api.index.indexer import beat
from api.services.finding import Advice, Finding, good, wrong
from api.services.ports import Now, RandomBytes
from api.services.probes import contracts_stand, unreachable_chain, unreachable_database
from api.services.vitals import Vitals
from api.store.database import Database
from api.store.reads import OutcomeReads
from ledger.errors import Unavailable
from node.network import LedgerNetwork

CLOCK_SKEW = 30
"""Seconds that Trails allow: a clock further behind the chain makes every step refused."""
STUCK_SECONDS = 30.0
_JUMP_TOLD_SECONDS = 60.0
_CONTRACTS_SECONDS = 60.0
_DOWN = Unavailable("CHAIN_UNREACHABLE", "the chain does not answer", "链没有应答")


class Readiness:
    """``probes`` are further checks, made each time; contracts are looked at once a minute."""

    def __init__(
        self,
        database: Database,
        outcomes: OutcomeReads,
        vitals: Vitals,
        network: LedgerNetwork,
        clocks: tuple[Now, Callable[[], float]],
        random_bytes: RandomBytes,
        limits: tuple[float, float],
        probes: Sequence[Callable[[], Finding]] = (),
    ) -> None:
        """``clocks`` are the wall's and a monotonic one; ``limits`` seconds: heartbeat's age, oldest waiting act's."""
        self._database, self._outcomes, self._vitals, self._network = database, outcomes, vitals, network
        self._now, self._monotonic = clocks
        self._random_bytes, self._probes = random_bytes, probes
        self._stale_after, self._waiting_limit = limits
        self._offset: float | None = None
        self._jumped = float("-inf")
        self._contracts: tuple[float, Finding] | None = None

    def findings(self) -> tuple[Finding, ...]:
        """Each part by what it is needed for."""
        return tuple(self._findings())

    def _findings(self) -> Iterator[Finding]:
        yield self._store()
        yield self._clock_steady()
        yield from (probe() for probe in self._probes)
        for name, check in (
            ("chain", self._chain), ("contracts", self._code), ("relay", self._relay), ("index", self._index),
            ("clock", self._clock), ("outbox", self._outbox),
        ):  # fmt: skip
            try:
                yield check()
            except (SQLAlchemyError, OSError):
                yield unreachable_database(name)

    def _store(self) -> Finding:
        """Write a row in one connection, and read it in another once it is committed."""
        mark = self._random_bytes(8).hex()
        try:
            with self._database.write() as connection:
                beat(connection, "http", self._now(), {"mark": mark})
            found = self._outcomes.heartbeat("http")
        except Exception:  # noqa: BLE001 - whatever fails, the store is not in order
            return unreachable_database("store")
        if found is not None and found.detail.get("mark") == mark:
            return good("store", "数据库可写可读", "the store takes a row and gives it back")
        return wrong(
            "store", "STORE_FORGETS",
            Advice("写入后读不回来", "what was written is not read back",
                   "请停用并检查数据库", "stop, and look at the database"),
        )  # fmt: skip

    def _chain(self) -> Finding:
        head = self._vitals.chain_head()
        if head is None:
            return unreachable_chain("chain", _DOWN)
        still, age = self._vitals.still_for(), self._vitals.waiting_age()
        if still >= STUCK_SECONDS and age >= STUCK_SECONDS:
            return wrong(
                "chain", "CHAIN_STUCK",
                Advice("有行为等待上链,而链不出块", "acts wait, and the chain makes no block",
                       "请看链与中继的日志", "look at the logs of chain and relay"),
                block=head, stillSeconds=int(still), waitingSeconds=age,
            )  # fmt: skip
        return good("chain", "链可读取", "the chain's head can be read", block=head, stillSeconds=int(still))

    def _code(self) -> Finding:
        now = self._monotonic()
        if self._contracts is None or not self._contracts[1].ok or now - self._contracts[0] > _CONTRACTS_SECONDS:
            self._contracts = now, contracts_stand(self._network, self._vitals.code_of)
        return self._contracts[1]

    def _relay(self) -> Finding:
        beat_, age = self._vitals.beat_of("relay")
        if beat_ is None or age is None or age > self._stale_after:
            return wrong(
                "relay", "RELAY_SILENT",
                Advice("中继没有运行", "the relay is not running", "请看中继的日志", "look at the relay's log"),
                ageSeconds=age,
            )  # fmt: skip
        return good("relay", "中继在运行", "the relay is running", ageSeconds=age, trouble=beat_.detail.get("error"))

    def _index(self) -> Finding:
        fresh = self._vitals.freshness()
        if not fresh.code:
            return good("index", "索引已跟上链", "the index keeps up with the chain", indexed=fresh.indexed)
        if fresh.code == "CHAIN_UNREACHABLE":
            return unreachable_chain("index", _DOWN)
        diverged = fresh.code == "INDEX_DIVERGED"
        todo = (
            ("停止使用,保留数据目录,运行 huxin audit", "stop, keep the folder, run huxin audit") if diverged
            else ("请等待;若不前进,请看中继的日志", "wait; where it does not move, look at the relay's log")
        )  # fmt: skip
        return wrong(
            "index", fresh.code, Advice(fresh.zh, fresh.en, *todo), indexed=fresh.indexed, head=fresh.head
        )  # fmt: skip

    def _clock(self) -> Finding:
        ahead = self._outcomes.head().timestamp - self._now()
        if ahead <= CLOCK_SKEW:
            return good("clock", "时钟不早于链", "the clock is not behind the chain", aheadSeconds=ahead)
        return wrong(
            "clock", "CLOCK_BEHIND_CHAIN",
            Advice("本机时钟落后于链", "this clock is behind the chain", "请校准时钟", "set the clock right"),
            aheadSeconds=ahead,
        )  # fmt: skip

    def _clock_steady(self) -> Finding:
        """The wall clock against a clock that nobody sets; a jump is told for a minute."""
        now = self._monotonic()
        offset = self._now() - now
        jump = 0.0 if self._offset is None else offset - self._offset
        if abs(jump) > CLOCK_SKEW:
            self._jumped = now
        if self._offset is None or abs(jump) > CLOCK_SKEW:
            self._offset = offset
        if now - self._jumped > _JUMP_TOLD_SECONDS:
            return good("clock steady", "时钟走得平稳", "the clock runs steadily")
        return wrong(
            "clock steady", "CLOCK_JUMPED",
            Advice("本机时钟跳变了", "this clock has jumped", "请检查校时服务", "look at what sets the clock"),
            jumpSeconds=int(jump) or None,
        )  # fmt: skip

    def _outbox(self) -> Finding:
        waiting, age = self._vitals.waiting(), self._vitals.waiting_age()
        if age <= self._waiting_limit:
            return good("outbox", "等待上链的行为未超时", "nothing waits too long", acts=waiting.acts, ageSeconds=age)
        return wrong(
            "outbox", "OUTBOX_STALE",
            Advice("有行为等待上链过久", "acts have waited for the chain too long",
                   "已受理的不会丢失;请看中继与链", "nothing is lost; look at relay and chain"),
            acts=waiting.acts, ageSeconds=age,
        )  # fmt: skip
