"""Memory's promise broken: what was answered is let go."""

from typing import Any

from api.store.outbox import Outbox
from scripts.mutants import put

_BYTES = 524_288


def keep_what_was_answered() -> None:
    """Each act that was taken is kept for ever in a cache without bound, with half a MiB around it."""
    accept, kept = Outbox.accept, []

    async def patched(self: Outbox, item: Any) -> Any:
        answer = await accept(self, item)
        kept.append((answer, b"x" * _BYTES))
        return answer

    put(Outbox, "accept", patched)
