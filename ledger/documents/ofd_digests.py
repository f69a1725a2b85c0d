"""Digests of parts, each computed once however many signatures refer to it."""

from ledger.algorithms.digests import DigestAlgorithm, hasher
from ledger.documents.container import Container


class PartDigests:
    """Digests by part and algorithm; parts are read in pieces."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._known: dict[tuple[str, DigestAlgorithm], bytes] = {}

    def of(self, part: str, algorithm: DigestAlgorithm) -> bytes:
        """InvalidInput ``ZIP_DATA_CORRUPT``."""
        known = self._known.get((part, algorithm))
        if known is None:
            one = hasher(algorithm)
            self._container.feed(part, one)
            known = self._known[part, algorithm] = one.digest()
        return known
