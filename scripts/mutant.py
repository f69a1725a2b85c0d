"""``python -m scripts.mutant NAME [--supervised FILE] PACKAGE ARGS``: run a package with one protection switched off.

NAME is a function of a module in ``scripts/mutants``, such as ``outbox.synchronous_off``. With ``--supervised`` the
process is like one of ``api.supervised``: it waits for FILE and ends with whoever holds its stdin, so that
``Supervisor(…, runners={"http": runner("outbox.synchronous_off")})`` is a ledger whose HTTP process is mutated.
Without arguments it lists all mutants.
"""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable
from pathlib import Path

from api import supervised
from scripts import mutants


def runner(name: str) -> tuple[str, ...]:
    """What a supervisor puts before a process's arguments to have it mutated; KeyError."""
    patch_of(name)
    return (sys.executable, "-m", "scripts.mutant", name, "--supervised")


def names() -> tuple[str, ...]:
    """All mutants, sorted."""
    topics = [module.name for module in pkgutil.iter_modules(mutants.__path__)]
    return tuple(sorted(f"{topic}.{name}" for topic in topics for name in _patches(topic)))


def patch_of(name: str) -> Callable[[], None]:
    """The function that patches our modules; KeyError."""
    topic, _, function = name.partition(".")
    if topic not in [module.name for module in pkgutil.iter_modules(mutants.__path__)]:
        raise KeyError(name)
    return _patches(topic)[function]


def _patches(topic: str) -> dict[str, Callable[[], None]]:
    module = importlib.import_module(f"{mutants.__name__}.{topic}")
    found = inspect.getmembers(module, inspect.isfunction)
    return {name: one for name, one in found if one.__module__ == module.__name__ and not name.startswith("_")}


def main() -> None:
    """Patch, then run; the program sees its own arguments alone."""
    if not sys.argv[1:]:
        for name in names():
            print(f"{name:<40} {inspect.getdoc(patch_of(name))}")
        return
    name, *rest = sys.argv[1:]
    patch_of(name)()
    if rest[0] == "--supervised":
        supervised.run(Path(rest[1]), rest[2:])
    sys.argv = rest
    sys.exit(importlib.import_module(f"{rest[0]}.__main__").main())


if __name__ == "__main__":
    main()
