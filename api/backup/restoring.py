"""``huxin restore``: everything is checked before anything is put in place, and audited after."""

import hashlib
import os
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from api import audit as auditing
from api import founding
from api.audit import AuditReport
from api.backup import keys, postgres, sqlite
from api.backup.facts import is_empty
from api.backup.making import CHUNK, Progress, check_order
from api.backup.manifest import (
    CHAIN,
    DATABASE,
    DUMP,
    KEYS,
    MANIFEST,
    MOST_BYTES,
    Manifest,
    Part,
    damaged,
    read_manifest,
    unreadable,
)
from api.founding import DataFolder
from api.settings import Settings
from ledger.errors import Conflict, HuxinError
from node.durable import sync_folder
from node.embedded.checks import audit_folder
from node.engines import EmbeddedEngine
from node.network import load


@dataclass(frozen=True, slots=True)
class Restored:
    """``audit`` is None where keys are missing, for then the chain cannot be run: ``faults`` of its store alone."""

    manifest: Manifest
    missing_keys: tuple[str, ...]
    audit: AuditReport | None
    faults: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing was found in what could be checked."""
        return not self.faults and (self.audit is None or self.audit.clean)


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where the secret files come from: sealed in the backup, or a folder in which they were kept apart."""

    password: Callable[[], str] | None = None
    folder: Path | None = None


def restore(
    source: Path, settings: Settings, secrets: Secrets, variables: Mapping[str, str], progress: Progress
) -> Restored:
    """Put a backup in place at ``settings.data`` and audit it.

    Raises Conflict ``DATA_NOT_EMPTY``, ``DATABASE_NOT_EMPTY``, ``BACKUP_INCONSISTENT``,
    ``CONTRACTS_OF_ANOTHER_VERSION``, InvalidInput ``BACKUP_UNREADABLE``, ``BACKUP_DAMAGED``, ``KEYS_PASSWORD``.
    Until everything was checked, nothing is in place.
    """
    data = settings.data.resolve()
    _check_room(data)
    data.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{data.name}.restoring-", dir=data.parent) as folder:
        stage = Path(folder) / "data"
        stage.mkdir(mode=0o700)
        manifest = _unpack(source, stage, progress)
        _check(stage, manifest)
        _place_keys(stage, secrets)
        _place_dump(stage, settings, variables)
        if data.exists():
            data.rmdir()
        stage.rename(data)
        sync_folder(data.parent)
    missing = keys.missing(data)
    if missing:
        return Restored(manifest, missing, None, tuple(_store_faults(data)))
    return Restored(manifest, (), _audited(settings, progress), ())


def _check_room(data: Path) -> None:
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise Conflict(
            "DATA_NOT_EMPTY", f"{data} is not empty: restore into a new folder", f"{data} 不为空,请恢复到新目录"
        )


# --- reading


def _unpack(source: Path, stage: Path, progress: Progress) -> Manifest:
    """Every part, checked against the manifest while it is written."""
    try:
        with tarfile.open(source, "r:") as archive:
            manifest = _read_manifest(archive)
            total, done = sum(one.size for one in manifest.parts), 0
            for member in archive:
                if member.name == MANIFEST:
                    continue
                part = manifest.part(member.name)
                if part is None or not member.isreg() or member.size != part.size:
                    raise damaged(member.name[:80])
                if (stage / part.name).exists():
                    raise damaged(part.name)
                _write_part(archive, member, part, stage)
                done += part.size
                progress("archive", done, total)
    except (OSError, tarfile.TarError, EOFError) as error:
        raise unreadable(source.name, type(error).__name__) from error
    for one in manifest.parts:
        if not (stage / one.name).exists():
            raise damaged(one.name)
    return manifest


def _read_manifest(archive: tarfile.TarFile) -> Manifest:
    first = archive.next()
    if first is None or first.name != MANIFEST or not first.isreg() or first.size > MOST_BYTES:
        raise unreadable(MANIFEST, "it does not come first")
    file = archive.extractfile(first)
    return read_manifest(b"" if file is None else file.read())


def _write_part(archive: tarfile.TarFile, member: tarfile.TarInfo, part: Part, stage: Path) -> None:
    target = stage / part.name
    target.parent.mkdir(exist_ok=True, mode=0o700)
    hashed = hashlib.sha256()
    file = archive.extractfile(member)
    with target.open("xb") as written:
        while file is not None and (chunk := file.read(CHUNK)):
            hashed.update(chunk)
            written.write(chunk)
        written.flush()
        os.fsync(written.fileno())
    if hashed.hexdigest() != part.sha256:
        raise damaged(part.name)


# --- checking and placing


def _check(stage: Path, manifest: Manifest) -> None:
    folder = DataFolder(stage)
    network = load(folder.network_file)
    if network.chain_id != manifest.chain_id:
        raise damaged("network.json")
    if not founding.is_of_this_version(folder):
        raise Conflict(
            "CONTRACTS_OF_ANOTHER_VERSION",
            f"the backup is of a ledger with other contracts: restore it with huxin {manifest.version}",
            f"该备份属于其他版本的合约:请用互信 {manifest.version} 恢复",
        )
    if manifest.part(CHAIN) is not None:
        sqlite.check(stage / CHAIN)
        check_order(stage / CHAIN, manifest.index)
    if manifest.part(DATABASE) is not None:
        sqlite.check(stage / DATABASE)


def _place_keys(stage: Path, secrets: Secrets) -> None:
    sealed = stage / KEYS
    if secrets.folder is not None:
        keys.put_in_place(keys.key_files(secrets.folder), stage)
    elif sealed.exists() and secrets.password is not None:
        keys.put_in_place(keys.unseal(sealed.read_bytes(), secrets.password()), stage)
    sealed.unlink(missing_ok=True)


def _place_dump(stage: Path, settings: Settings, variables: Mapping[str, str]) -> None:
    part = stage / DUMP
    if not part.exists():
        return
    if settings.database_url is None:
        raise Conflict(
            "DATABASE_URL_NEEDED",
            "the backup holds a PostgreSQL database: name an empty one in HUXIN_DATABASE_URL",
            "该备份含 PostgreSQL 数据库,请以 HUXIN_DATABASE_URL 指定一个空数据库",
        )
    if not is_empty(settings.database_url):
        raise Conflict(
            "DATABASE_NOT_EMPTY", "the database has tables: restore into an empty one", "数据库不为空,请恢复到空数据库"
        )
    postgres.restore(settings.database_url, part, variables)
    part.unlink()


# --- auditing


def _audited(settings: Settings, progress: Progress) -> AuditReport:
    """The audit of what was restored, on its own chain: at the old address the old ledger may still run."""
    folder = settings.data / "chain"
    if not folder.exists():
        return auditing.run(settings, progress)
    network = load(settings.network_file)
    with EmbeddedEngine().start(folder, network.chain_id) as engine:
        return auditing.run(settings.model_copy(update={"rpc_url": engine.url}), progress)


def _store_faults(data: Path) -> list[str]:
    if not (data / "chain").exists():
        return []
    try:
        return [f"{fault.code} {fault.where}" for fault in audit_folder(data / "chain")]
    except HuxinError as error:
        return [error.code]
