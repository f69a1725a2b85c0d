"""Checks that do what they vouch for; readiness and ``huxin doctor`` both make them."""

from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from api.services.finding import Advice, Finding, good, unknown, wrong
from api.services.ports import RandomBytes
from api.store.database import Database
from api.store.own_tables import vault_keys
from ledger.crypto import address_of, keccak, recover, sign
from ledger.errors import HuxinError
from ledger.vault import Vault
from node.network import LedgerNetwork

_PROBE = keccak(b"huxin:health:probe:1")
CodeOf = Callable[[bytes], bytes]


def relay_signs(private_key: bytes) -> Finding:
    """Sign with the relay's key and recover its address from the signature."""
    try:
        same = recover(_PROBE, sign(private_key, _PROBE)) == address_of(private_key)
    except (HuxinError, ValueError):
        same = False
    if same:
        return good("relay key", "能签名,且可还原", "signs, and its signature gives the address back")
    return wrong(
        "relay key", "RELAY_KEY_FAILS",
        Advice("中继密钥不能签名", "the relay's key does not sign", "请从备份恢复 relay.key",
               "restore relay.key from its copy"),
    )  # fmt: skip


def vault_opens(database: Database, vault: Vault, random_bytes: RandomBytes) -> Finding:
    """Seal and open a probe under a case key that is stored here, or a fresh one where there is none yet."""
    try:
        with database.read() as connection:
            row = connection.execute(select(vault_keys.c.case_key, vault_keys.c.wrapped).limit(1)).first()
    except SQLAlchemyError:
        return unreachable_database("master key")
    case, stored = (random_bytes(32), None) if row is None else (row[0], row[1])
    probe = random_bytes(32)
    try:
        wrapped = vault.new_case_key(case) if stored is None else stored
        same = vault.open(case, _PROBE, wrapped, vault.seal(case, _PROBE, wrapped, probe)) == probe
    except HuxinError as error:
        return _vault_closed(error.code)
    if not same:
        return _vault_closed("VAULT_TAMPERED")
    of = "fresh" if stored is None else "stored"
    return good("master key", "能打开密封的探针", "opens a sealed probe", caseKey=of)


def _vault_closed(code: str) -> Finding:
    return wrong(
        "master key", code,
        Advice("主密钥打不开此处的材料", "the master key does not open what is stored here",
               "请放回原来的 master.key", "put the former master.key back"),
    )  # fmt: skip


def contracts_stand(network: LedgerNetwork, code_of: CodeOf) -> Finding:
    """The code of every contract on the chain has the hash of ``network.json``."""
    try:
        different = [one.name for one in network.contracts if keccak(code_of(one.address)) != one.code_hash]
    except (HuxinError, OSError) as error:
        return unreachable_chain("contracts", error)
    if not different:
        return good(
            "contracts", "代码与 network.json 一致", "code as in network.json", contracts=len(network.contracts)
        )
    return wrong(
        "contracts", "CONTRACTS_DIFFER",
        Advice("链上合约与 network.json 不符", "the contracts are not those of network.json",
               "不要使用这条链,请查明原因", "do not use this chain; find out why"),
        different=", ".join(different),
    )  # fmt: skip


def disk_has_room(free: Callable[[], int], floor: int) -> Finding:
    """At least ``floor`` bytes are free where the data lies."""
    try:
        left = free()
    except OSError as error:
        return unknown(
            "disk", "DISK_UNREADABLE",
            Advice("无法得知磁盘余量", "the free space cannot be read", "请检查数据目录", "look at the data folder"),
            error=type(error).__name__,
        )  # fmt: skip
    if left >= floor:
        return good("disk", "磁盘空间充足", "there is room", freeBytes=left)
    return wrong(
        "disk", "DISK_FULL",
        Advice("磁盘空间不足", "the disk is nearly full", "请腾出空间:写入将会失败",
               "make room: writes are going to fail"),
        freeBytes=left, floorBytes=floor,
    )  # fmt: skip


def unreachable_chain(name: str, error: BaseException) -> Finding:
    """Nothing is known of what only the chain could say."""
    return unknown(
        name, getattr(error, "code", "CHAIN_UNREACHABLE"),
        Advice("链没有应答,无从得知", "the chain does not answer: not known",
               "请看链的进程与日志", "look at the chain's process and its log"),
    )  # fmt: skip


def unreachable_database(name: str) -> Finding:
    """Nothing is known of what only the database could say."""
    return unknown(
        name, "DATABASE_UNREACHABLE",
        Advice("数据库没有应答,无从得知", "the database does not answer: not known",
               "请看数据库与磁盘", "look at the database and the disk"),
    )  # fmt: skip


def all_of(probes: Sequence[Callable[[], Finding]]) -> tuple[Finding, ...]:
    """Make each check."""
    return tuple(probe() for probe in probes)
