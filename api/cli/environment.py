"""The command line's own composition root: where it takes environment, clock and randomness from."""

import os
import secrets  # noqa: TID251 - the one place for it here
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Environment:
    """What a command may need of the machine."""

    variables: Mapping[str, str] = field(repr=False)
    clock: Callable[[], float]
    monotonic: Callable[[], float]
    random_bytes: Callable[[int], bytes]


def of_this_machine() -> Environment:
    """The real thing."""
    return Environment(
        variables=os.environ,  # noqa: TID251 - handed on
        clock=time.time,  # noqa: TID251 - likewise
        monotonic=time.monotonic,
        random_bytes=secrets.token_bytes,
    )
