"""Our own code with one protection off, for experiments to show that they would notice.

A module a topic; each of its public functions is a mutant, named ``module.function``: it patches our modules before the
program runs, and its docstring says in one line which protection is off. Production code knows nothing of them.
"""


def put(owner: object, name: str, value: object) -> None:
    """Set what a module or class has under ``name``; AttributeError where it has none: nothing would be off."""
    getattr(owner, name)
    setattr(owner, name, value)
