"""The one place where everything is put together: settings, clock, randomness, chain, store, services."""

import hashlib
import hmac
import os
import shutil
import signal
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from api.services.casework import Casework
from api.services.container import Container
from api.services.documents import DocumentVerification
from api.services.eventfeed import EventFeed
from api.services.examination import Examination
from api.services.forms import LicenseForms
from api.services.grantsearch import GrantSearch
from api.services.licensehistory import LicenseHistory
from api.services.licensing import Licensing
from api.services.preflight import Preflight
from api.services.probes import disk_has_room, vault_opens
from api.services.quickly import Moments, QuickVerification
from api.services.readiness import Readiness
from api.services.reliance import Reliances
from api.services.sealuses import SealRecords, SealUses
from api.services.signin import SignIns, Site
from api.services.submission import Submissions
from api.services.tracking import Tracking
from api.services.uses import Uses
from api.services.vitals import HeadSource, Vitals
from api.settings import Settings
from api.store.claim import claim
from api.store.origin import Origin
from api.store.store import Store, open_store
from api.store.uses import UseReads
from ledger.errors import InvalidInput
from ledger.vault import MasterKey, Vault
from node.network import LedgerNetwork, load

_HEAD_TIMEOUT = 2.0
"""Health and verification would rather say "unknown" than wait."""


def now() -> int:
    """Unix seconds by this machine's clock."""
    return int(time.time())


def end_process() -> None:
    """Answer what is under way, then end; the supervisor starts us afresh."""
    os.kill(os.getpid(), signal.SIGTERM)


def build(settings: Settings) -> Container:
    """A container over a data folder; close it with ``container.store.close()``."""
    network = load(settings.network_file)
    if settings.rpc_url:
        network = network.at(settings.rpc_url)
    store = open_store(
        settings.database,
        limit=settings.outbox_limit, most=settings.commit_batch, longest=settings.commit_queue,
        on_failure=end_process,
    )  # fmt: skip
    claim(store.db, Origin.of(network))
    store.start_writer()
    return assemble(settings, network, store, read_master_key(settings.master_key_file), _connector(network))


def assemble(
    settings: Settings,
    network: LedgerNetwork,
    store: Store,
    master: MasterKey,
    connect: Callable[[], HeadSource],
    clock: Callable[[], int] = now,
    monotonic: Callable[[], float] = time.monotonic,
) -> Container:
    """The services over a store and a way to the chain; ``clock`` gives Unix seconds, ``monotonic`` measures."""
    worlds = store.worlds(Origin.of(network))
    vault = Vault(master, os.urandom)
    preflight = Preflight(worlds.scratch, GrantSearch(store.db), store.registry, clock)
    licensing = Licensing(store.licenses, store.registry, store.documents, vault, _lookup_key(master), clock)
    vitals = Vitals(store.db, store.outcomes, connect, clock, monotonic, settings.finality_depth)
    use_reads = UseReads(store.db)
    reliances = Reliances(
        LicenseHistory(use_reads, store.registry, store.licenses, store.outcomes, licensing), use_reads, store.cases,
        store.registry, vitals.freshness, lambda: worlds.scratch().clock, clock,
    )  # fmt: skip
    seal_records = SealRecords(store.registry, store.outcomes, store.cases, vitals.freshness, clock)
    casework = Casework(
        store.cases, store.documents, vault, worlds.scratch, preflight.has_grant, reliances, seal_records, clock
    )
    license_forms = LicenseForms(
        casework, store.cases, store.registry.license, store.registry.superseded_by, vitals.freshness
    )
    tracking = Tracking(store.outbox, store.outcomes, store.cases)
    submissions = Submissions(network.deployment, worlds, clock, tracking.are_known)
    store.outbox.open_bench = Examination(worlds, clock, casework.is_party).open_bench
    domain = network.deployment.domain("licenses")
    uses = Uses(use_reads, store.registry, store.licenses, store.heads, domain, clock)
    readiness = Readiness(
        store.db, store.outcomes, vitals, network, (clock, monotonic), os.urandom,
        (settings.stale_after, settings.waiting_limit),
        (
            lambda: vault_opens(store.db, vault, os.urandom),
            lambda: disk_has_room(lambda: shutil.disk_usage(settings.data).free, settings.disk_floor),
        ),
    )  # fmt: skip
    moments = Moments(vitals.freshness, worlds.scratch, licensing.kept_elsewhere, monotonic)
    return Container(
        network=network, store=store, new_world=worlds.scratch, submissions=submissions, tracking=tracking,
        preflight=preflight, casework=casework, licensing=licensing, uses=uses,
        license_forms=license_forms,
        seal_uses=SealUses(use_reads, casework, seal_records), vitals=vitals, readiness=readiness,
        documents=DocumentVerification(store.registry, store.outcomes),
        quick_verification=QuickVerification(store.lookup, moments, clock),
        signins=SignIns(
            _site(settings, network), store.sessions, worlds.scratch, clock, os.urandom, _nonce_key(master)
        ),
        events=EventFeed(store.outcomes, monotonic, run_in_threadpool),
        now=clock, monotonic=monotonic, random_bytes=os.urandom,
    )  # fmt: skip


def read_master_key(path: Path) -> MasterKey:
    """The vault's master key; InvalidInput ``MASTER_KEY_UNREADABLE``."""
    try:
        return MasterKey(bytes.fromhex(path.read_text(encoding="ascii").strip()))
    except (OSError, ValueError) as error:
        raise InvalidInput(
            "MASTER_KEY_UNREADABLE", path.name, f"{path.name} must hold 64 hexadecimal digits",
            f"{path.name} 须为 64 位十六进制主密钥",
        ) from error  # fmt: skip


def _lookup_key(master: MasterKey) -> bytes:
    """A key of its own for look-ups, so that they say nothing about the vault's."""
    return hmac.digest(master.secret, b"huxin:license-lookup:1", hashlib.sha256)


def _nonce_key(master: MasterKey) -> bytes:
    """What marks the nonces of sign-in: the same in all processes that serve, and after a restart."""
    return hmac.digest(master.secret, b"huxin:sign-in-nonce:1", hashlib.sha256)


def _connector(network: LedgerNetwork) -> Callable[[], HeadSource]:
    @cache
    def connect() -> HeadSource:
        # web3 takes seconds to import: a server that was restarted answers before
        from node.gateway.gateway import Gateway  # noqa: PLC0415

        return Gateway(network.rpc_url, network.chain_id, timeout=_HEAD_TIMEOUT)

    return connect


def _site(settings: Settings, network: LedgerNetwork) -> Site:
    origin = settings.public_url or f"http://{settings.http_host}:{settings.http_port}"
    domain = origin.partition("://")[2]
    return Site(domain, f"{origin}/v1/session", network.chain_id, settings.challenge_seconds, settings.session_seconds)
