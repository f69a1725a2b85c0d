"""The secret files of a data folder, sealed under a password: scrypt (RFC 7914), then AES-256-GCM.

Form: ``HXK1`` ‖ salt (16) ‖ nonce (12) ‖ ciphertext and tag of a JSON object from name to text.
"""

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from ledger.errors import InvalidInput
from node.durable import PRIVATE, write_durably

NEEDED = ("relay.key", "master.key")
VALIDATOR = "chain/validator.key"
_MAGIC, _SALT, _NONCE = b"HXK1", 16, 12
_COST = 2**17
_PLACE = b"huxin:backup:keys:1"


def key_files(data: Path) -> dict[str, str]:
    """Every secret file there is, by its name below the folder."""
    return {name: (data / name).read_text(encoding="utf-8") for name in _names(data)}


def missing(data: Path) -> tuple[str, ...]:
    """Names of the key files without which the ledger of this folder does not run."""
    needed = (*NEEDED, VALIDATOR) if (data / "chain").exists() else NEEDED
    return tuple(name for name in needed if not (data / name).exists())


def _names(data: Path) -> Iterator[str]:
    for name in (*NEEDED, VALIDATOR):
        if (data / name).is_file():
            yield name
    for path in sorted((data / "keys").glob("*")):
        if path.is_file() and stat.S_ISREG(path.lstat().st_mode):
            yield f"keys/{path.name}"


def seal(files: dict[str, str], password: str, random_bytes: Callable[[int], bytes]) -> bytes:
    """The files under a password."""
    salt, nonce = random_bytes(_SALT), random_bytes(_NONCE)
    box = AESGCM(_derive(password, salt))
    return _MAGIC + salt + nonce + box.encrypt(nonce, json.dumps(files).encode(), _PLACE)


def unseal(sealed: bytes, password: str) -> dict[str, str]:
    """The files; InvalidInput ``KEYS_PASSWORD`` where the password is another's or a byte was changed."""
    salt, nonce, box = sealed[4:20], sealed[20:32], sealed[32:]
    try:
        if sealed[:4] != _MAGIC:
            raise _does_not_open()
        opened = AESGCM(_derive(password, salt)).decrypt(nonce, box, _PLACE)
    except (InvalidTag, ValueError) as error:
        raise _does_not_open() from error
    files: dict[str, str] = json.loads(opened)
    return files


def put_in_place(files: dict[str, str], data: Path) -> None:
    """Write the files, readable by their owner alone; InvalidInput for a name that is no key file's."""
    for name, text in files.items():
        folder, _, plain = name.rpartition("/")
        if name not in (*NEEDED, VALIDATOR) and (folder != "keys" or plain in {"", ".", ".."}):
            raise InvalidInput("KEY_FILE_UNKNOWN", name, f"{name} is no key file", f"{name} 不是密钥文件")
        (data / folder).mkdir(exist_ok=True, mode=0o700)
        write_durably(data / name, text, PRIVATE)


def _derive(password: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_COST, r=8, p=1).derive(password.encode())


def _does_not_open() -> InvalidInput:
    return InvalidInput(
        "KEYS_PASSWORD", "password", "the sealed keys do not open: another password, or a changed file",
        "密钥部分无法解开:口令不符,或文件被改动",
    )  # fmt: skip
