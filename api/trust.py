"""Trust stores from a folder: whom this installation takes for seal makers, signers, time stampers.

``FOLDER/{makers,signers,time-stamps,documents}``, each with certificates of anchors (``.cer .crt .der .pem``),
``intermediates/`` with more certificates, revocation lists (``.crl``) and OCSP responses (``.ors .ocsp``), DER or PEM.
What stands in the folder itself counts for every purpose.
"""

import base64
import binascii
from collections.abc import Iterator
from pathlib import Path

from ledger.algorithms.der import MalformedDer
from ledger.errors import InvalidInput
from ledger.seals.trust import TrustStore, TrustStores

_CERTIFICATES = {".cer", ".crt", ".der", ".pem"}
_LISTS, _RESPONSES = {".crl"}, {".ors", ".ocsp"}
_PURPOSES = ("makers", "signers", "time-stamps", "documents")
_LARGEST = 64 << 20


def read_trust(folder: Path | None) -> TrustStores:
    """The stores; empty ones where there is no folder: then no chain can be judged.

    Raises InvalidInput ``TRUST_FILE_UNREADABLE`` naming the file.
    """
    if folder is None:
        return TrustStores()
    if not folder.is_dir():
        raise InvalidInput("TRUST_FOLDER_MISSING", str(folder), f"{folder} is no folder", f"{folder} 不是目录")
    return TrustStores(*(_store((folder, folder / purpose)) for purpose in _PURPOSES))


def _store(folders: tuple[Path, ...]) -> TrustStore:
    files = [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
    more = [
        path
        for folder in folders
        if (folder / "intermediates").is_dir()
        for path in sorted((folder / "intermediates").iterdir())
    ]
    for path in (*files, *more):
        _check(path)
    return TrustStore.of(
        _contents(files, _CERTIFICATES),
        _contents(more, _CERTIFICATES),
        _contents(files, _LISTS),
        _contents(files, _RESPONSES),
    )


def _contents(files: list[Path], suffixes: set[str]) -> Iterator[bytes]:
    for path in files:
        if path.is_file() and path.suffix.lower() in suffixes:
            yield from _objects(path)


def _check(path: Path) -> None:
    """Each file by itself first, so that a fault names its file."""
    if not path.is_file():
        return
    suffix = path.suffix.lower()
    try:
        for der in _objects(path) if suffix in _CERTIFICATES | _LISTS | _RESPONSES else ():
            TrustStore.of(*((der,) if suffix in kinds else () for kinds in (_CERTIFICATES, set(), _LISTS, _RESPONSES)))
    except (MalformedDer, OSError, binascii.Error, ValueError) as error:
        raise InvalidInput(
            "TRUST_FILE_UNREADABLE", str(path), f"{path.name} is no certificate, revocation list or OCSP response",
            f"{path.name} 不是证书、吊销列表或 OCSP 响应",
        ) from error  # fmt: skip


def _objects(path: Path) -> Iterator[bytes]:
    """The DER objects of a file: itself, or what stands between PEM lines."""
    if path.stat().st_size > _LARGEST:
        raise ValueError(path.name)
    content = path.read_bytes()
    if not content.lstrip().startswith(b"-----BEGIN"):
        yield content
        return
    for part in content.split(b"-----BEGIN ")[1:]:
        body = part.partition(b"-----")[2].partition(b"-----END")[0]
        yield base64.b64decode(b"".join(body.split()), validate=True)
