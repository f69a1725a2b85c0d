"""``huxin backup``: one file with everything that no chain, or no other machine, gives back."""

import hashlib
import os
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

from api.backup import keys, postgres, sqlite
from api.backup.facts import Facts, read_facts
from api.backup.manifest import CHAIN, DATABASE, DUMP, KEYS, MANIFEST, PLAIN, Head, Manifest, Part
from api.settings import Settings
from api.store.database import Database
from ledger.errors import Conflict
from node.artifacts import fingerprint
from node.durable import PRIVATE, sync_folder
from node.network import load

CHUNK = 1 << 20
Progress = Callable[[str, int, int], None]
"""Told the stage, how far it is and of how much."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Clock, randomness and the environment of child processes."""

    clock: Callable[[], float]
    random_bytes: Callable[[int], bytes]
    variables: Mapping[str, str]


def backup(
    settings: Settings, target: Path, machine: Machine, password: str | None, progress: Progress
) -> tuple[Manifest, str]:
    """Write the backup; its manifest and the manifest's SHA-256.

    The secret files are left out unless there is a ``password`` to seal them under. Raises Conflict
    ``BACKUP_EXISTS``, ``BACKUP_INCONSISTENT``, NotFound ``NOTHING_TO_BACK_UP``; nothing is left behind then.
    """
    if target.exists():
        raise Conflict("BACKUP_EXISTS", f"{target} is there already", f"{target} 已存在")
    network = load(settings.network_file)
    with tempfile.TemporaryDirectory(prefix=".huxin-backup-", dir=target.resolve().parent) as folder:
        stage = Path(folder)
        facts = _database(settings, stage, machine, progress)
        chain = _chain(settings, stage, facts.index, progress)
        _plain(settings, stage)
        if password is not None:
            (stage / KEYS).write_bytes(keys.seal(keys.key_files(settings.data), password, machine.random_bytes))
        manifest = Manifest(
            int(machine.clock()), version("huxin"), fingerprint(), facts.migration, network.chain_id,
            facts.index, chain, facts.acts, _parts(stage),
        )  # fmt: skip
        return manifest, _write(stage, target, manifest, progress)


def _database(settings: Settings, stage: Path, machine: Machine, progress: Progress) -> Facts:
    """The first copy: see the package."""
    database = Database(settings.database)
    database.close()
    if not database.is_sqlite:
        facts = read_facts(settings.database)
        progress(DUMP, 0, 1)
        postgres.dump(settings.database, stage / DUMP, machine.variables)
        progress(DUMP, 1, 1)
        return facts
    source = Path(str(settings.database).removeprefix("sqlite:///"))
    sqlite.copy(source, stage / DATABASE, lambda done, of: progress(DATABASE, done, of))
    sqlite.forget_transient(stage / DATABASE)
    return read_facts(f"sqlite:///{stage / DATABASE}")


def _chain(settings: Settings, stage: Path, index: Head, progress: Progress) -> Head | None:
    """The second copy; None where the chain is an engine's that has its own folder."""
    source = settings.data / CHAIN
    if not source.exists():
        return None
    (stage / CHAIN).parent.mkdir()
    sqlite.copy(source, stage / CHAIN, lambda done, of: progress(CHAIN, done, of))
    check_order(stage / CHAIN, index)
    return sqlite.chain_head(stage / CHAIN)


def check_order(chain: Path, index: Head) -> None:
    """Conflict ``BACKUP_INCONSISTENT`` unless the chain has the very block that the index has read last."""
    if index.number >= 0 and sqlite.block_hash(chain, index.number) != index.hash:
        raise Conflict(
            "BACKUP_INCONSISTENT",
            f"the index has read block {index.number}, which the copied chain does not have",
            f"索引已读到区块 {index.number},而链的副本中没有该区块",
        )


def _plain(settings: Settings, stage: Path) -> None:
    for name in PLAIN:
        source = settings.data / name
        if source.exists():
            (stage / name).parent.mkdir(exist_ok=True)
            (stage / name).write_bytes(source.read_bytes())


def _parts(stage: Path) -> tuple[Part, ...]:
    names = sorted(str(path.relative_to(stage)) for path in stage.rglob("*") if path.is_file())
    return tuple(Part(name, (stage / name).stat().st_size, digest_of(stage / name)) for name in names)


def digest_of(path: Path) -> str:
    """SHA-256 of a file, hex."""
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            hashed.update(chunk)
    return hashed.hexdigest()


def _write(stage: Path, target: Path, manifest: Manifest, progress: Progress) -> str:
    """Write the archive beside its place, wait until it is on disk, and give it its name last."""
    text = manifest.to_json().encode()
    total = sum(one.size for one in manifest.parts)
    unfinished = stage / "archive"
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
            archive.addfile(_member(MANIFEST, len(text), manifest.made_at), BytesIO(text))
            done = 0
            for one in manifest.parts:
                with (stage / one.name).open("rb") as part:
                    archive.addfile(_member(one.name, one.size, manifest.made_at), part)
                done += one.size
                progress("archive", done, total)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(target)
    sync_folder(target.resolve().parent)
    return hashlib.sha256(text).hexdigest()


def _member(name: str, size: int, made_at: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = size, made_at, PRIVATE
    return member
