"""Our own code with one protection off, for experiments to show that they would notice.

A module a topic; each of its public functions is a mutant, named ``module.function``: it patches our modules before the
program runs, and its docstring says in one line which protection is off. Production code knows nothing of them.
"""
