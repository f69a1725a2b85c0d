"""Small files that must be whole or not there at all, also after a power cut."""

import os
from pathlib import Path

PRIVATE = 0o600
PUBLIC = 0o644


def write_durably(path: Path, content: str, mode: int = PUBLIC) -> None:
    """Put a text file in place atomically and wait until it is on disk; ``mode`` as in open(2)."""
    temporary = path.with_name(path.name + ".new")
    # what was left there, by a crash or by somebody else, keeps its mode and may point elsewhere
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
