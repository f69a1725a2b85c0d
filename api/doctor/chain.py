"""The chain: the one of ``network.json``, its contracts, moving or rightly idle, in step with clock and index."""

from collections.abc import Callable, Iterator

from sqlalchemy.exc import SQLAlchemyError

from api.founding import DataFolder, read_relay_key
from api.services.finding import Advice, Finding, good, unknown, wrong
from api.services.probes import contracts_stand, unreachable_chain, unreachable_database
from api.services.readiness import CLOCK_SKEW, STUCK_SECONDS
from api.settings import Settings
from api.store.database import Database
from api.store.models import IndexHead
from api.store.reads import OutcomeReads
from ledger.crypto import address_of
from ledger.errors import Conflict, HuxinError
from node.gateway.gateway import Gateway
from node.gateway.port import ChainBlock
from node.network import LedgerNetwork

_SECONDS = 5.0
_POLL_SECONDS = 0.25
_MOST_LAG = 3


def chain_of(
    settings: Settings, network: LedgerNetwork, clock: Callable[[], float], sleep: Callable[[float], None]
) -> Iterator[Finding]:
    """Everything that takes the chain to tell; where it does not answer, nothing of it is known."""
    url = settings.rpc_url or network.rpc_url
    try:
        chain = Gateway(url, network.chain_id, settings.finality_depth, _SECONDS)
        head = chain.block("latest")
    except Conflict as error:
        yield _another(error)
        return
    except HuxinError as error:
        yield from (unreachable_chain(name, error) for name in ("chain", "contracts", "index", "clock"))
        return
    if head is None or chain.block_hash(0) != network.genesis_hash:
        yield _another(Conflict("GENESIS_DIFFERS", "another genesis block", "创世块不同"))
        return
    checks: tuple[tuple[str, Callable[[], Finding]], ...] = (
        ("chain", lambda: _moving(chain, head, DataFolder(settings.data), clock, sleep)),
        ("contracts", lambda: contracts_stand(network, chain.code)),
        ("index", lambda: _index(settings, chain)),
        ("clock", lambda: _clock(head, clock())),
    )
    for name, check in checks:
        try:
            yield check()
        except HuxinError as error:
            yield unreachable_chain(name, error)
        except (SQLAlchemyError, OSError):
            yield unreachable_database(name)


def _another(error: Conflict) -> Finding:
    return wrong(
        "chain", error.code,
        Advice("这不是 network.json 所指的链", "this is not the chain of network.json",
               "请核对链的地址,不要使用", "look at the chain's address; do not use it"),
    )  # fmt: skip


def _moving(
    chain: Gateway, head: ChainBlock, folder: DataFolder, clock: Callable[[], float], sleep: Callable[[float], None]
) -> Finding:
    """With nothing to do a chain may stand still; with our transactions waiting in it, it may not."""
    waits = _transactions_waiting(chain, folder)
    age = max(0, int(clock()) - head.timestamp)
    if not waits:
        state = "moving" if age < STUCK_SECONDS else "idle"
        return good("chain", "链可读取", "the chain's head can be read", block=head.number, state=state, ageSeconds=age)
    looked = 0.0
    while looked < _SECONDS:
        sleep(_POLL_SECONDS)
        looked += _POLL_SECONDS
        now_at = chain.head()
        if now_at > head.number:
            return good("chain", "链在前进", "the chain moves", block=now_at, state="moving", waiting=waits)
    if age < STUCK_SECONDS:
        return unknown(
            "chain", "CHAIN_SLOW",
            Advice("有交易在等,数秒内未见新区块", "transactions wait, and no block came in some seconds",
                   "请稍后再体检", "look again in a while"),
            block=head.number, waiting=waits,
        )  # fmt: skip
    return wrong(
        "chain", "CHAIN_STUCK",
        Advice("有交易在等,而链不出块", "transactions wait, and the chain makes no block",
               "请看链的日志、磁盘与验证者", "look at the chain's log, its disk, its validators"),
        block=head.number, waiting=waits, ageSeconds=age,
    )  # fmt: skip


def _transactions_waiting(chain: Gateway, folder: DataFolder) -> int:
    """Of our relay, in the chain's pool."""
    try:
        address = address_of(read_relay_key(folder))
    except (OSError, ValueError, HuxinError):
        return 0
    return max(0, chain.pending_nonce(address) - chain.nonce(address))


def _index(settings: Settings, chain: Gateway) -> Finding:
    head, diverged = _read_index(settings)
    if diverged:
        return wrong(
            "index", "INDEX_DIVERGED",
            Advice("索引与链判断不一致", "index and chain judged differently",
                   "停止使用,保留数据目录,运行 huxin audit", "stop, keep the folder, run huxin audit"),
            indexed=head.number,
        )  # fmt: skip
    final = chain.final_head()
    known = chain.block_hash(head.number) if 0 <= head.number <= final else head.hash
    if known != head.hash or head.number > final:
        return wrong(
            "index", "INDEX_OF_ANOTHER_CHAIN",
            Advice("索引读到的区块不在这条链上", "the index has read a block that this chain does not have",
                   "若链由旧备份恢复,请执行 huxin index rebuild",
                   "where the chain was restored from an older copy: huxin index rebuild"),
            indexed=head.number, head=final,
        )  # fmt: skip
    if final - head.number > _MOST_LAG:
        return wrong(
            "index", "INDEX_BEHIND",
            Advice("索引落后于链", "the index is behind the chain", "请等待;若不前进,请看中继的日志",
                   "wait; where it does not move, look at the relay's log"),
            indexed=head.number, head=final,
        )  # fmt: skip
    return good("index", "索引已跟上链", "the index keeps up with the chain", indexed=head.number, head=final)


def _read_index(settings: Settings) -> tuple[IndexHead, bool]:
    if settings.database_url is None and not (settings.data / "huxin.db").exists():
        raise FileNotFoundError
    database = Database(settings.database, 1)
    try:
        reads = OutcomeReads(database)
        beats = map(reads.heartbeat, ("index", "relay"))
        return reads.head(), any(one is not None and bool(one.detail.get("diverged")) for one in beats)
    finally:
        database.close()


def _clock(head: ChainBlock, now: float) -> Finding:
    ahead = head.timestamp - int(now)
    if ahead > CLOCK_SKEW:
        return wrong(
            "clock", "CLOCK_BEHIND_CHAIN",
            Advice("本机时钟落后于链", "this clock is behind the chain", "请校准时钟", "set the clock right"),
            aheadSeconds=ahead,
        )  # fmt: skip
    return good("clock", "时钟不早于链", "the clock is not behind the chain", aheadSeconds=ahead)
