"""The project's own text files, as git would have them: nothing installed, nothing built, nothing ignored."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("api", "contracts", "hardhat", "ledger", "node", "scripts", "tests")
NOT_OURS = {"node_modules", "artifacts", "cache", "__pycache__"}


def sources(*suffixes: str) -> tuple[Path, ...]:
    """Source files with one of `suffixes` (with dot), links not followed, sorted."""
    return tuple(
        sorted(
            path
            for folder in FOLDERS
            for path in (ROOT / folder).rglob("*")
            if path.suffix in suffixes and path.is_file() and not NOT_OURS.intersection(path.parts)
        )
    )
