"""Licenses of a run found again: their shares, made from the work folder alone."""

import hashlib
from collections.abc import Iterator

from api.anchoring.reading import KEY_SIZE
from api.anchoring.run import Anchoring
from api.anchoring.work import Taken, Work
from ledger.codes.findings import canonical
from ledger.errors import NotFound
from ledger.licenses import Share


class Finding:
    """Over an open work folder."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._run = Anchoring(work, _no_randomness)

    def share(self, identifier: str | None = None, leaf: bytes | None = None, line: int | None = None) -> Share:
        """The newest license with this identifier, leaf or line; NotFound ``LICENSE_NOT_TAKEN``."""
        if identifier is not None:
            secret = self._work.setting("secret") or b""
            text = canonical(identifier, keep=".").encode()
            found = self._work.by_key(hashlib.blake2b(text, digest_size=KEY_SIZE, key=secret).digest())
        else:
            found = self._work.by_leaf(leaf) if leaf is not None else self._work.by_line(line or 0)
        return self._run.share(_found(found))

    def all(self) -> Iterator[Share]:
        """Every license of every frozen batch."""
        for batch in self._work.batches():
            yield from self._run.shares(batch)


def _found(taken: Taken | None) -> Taken:
    if taken is None:
        raise NotFound("LICENSE_NOT_TAKEN", "no such license was taken in this run", "该工作目录中没有此证照")
    return taken


def _no_randomness(count: int) -> bytes:
    raise AssertionError(count)
