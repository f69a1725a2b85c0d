"""Trust stores, one for each purpose, and paths from a certificate to what is trusted.

A path is only looked for here; whether what is on it held at a time is judged in ``ledger.seals.validity``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from ledger.seals.certificates import Certificate, parse_certificate
from ledger.seals.ocsp import OcspResponse, parse_ocsp
from ledger.seals.revocation import RevocationList, Status, parse_revocation_list
from ledger.seals.verifying import Outcome, is_signed_by

LONGEST_PATH = 8
_MOST_PATHS = 8
# Signatures that one search may check: cross-certified authorities must not make a search endless.
_MOST_TRIES = 64


@dataclass(frozen=True, slots=True)
class TrustStore:
    """What is trusted for one purpose, and what helps to judge: intermediates and revocation data, all given offline.

    An anchor may be an authority, or directly the one certificate that is trusted.
    """

    anchors: tuple[Certificate, ...] = field(default=(), repr=False)
    intermediates: tuple[Certificate, ...] = field(default=(), repr=False)
    lists: tuple[RevocationList, ...] = field(default=(), repr=False)
    responses: tuple[OcspResponse, ...] = field(default=(), repr=False)

    @classmethod
    def of(
        cls,
        anchors: Iterable[bytes],
        intermediates: Iterable[bytes] = (),
        lists: Iterable[bytes] = (),
        responses: Iterable[bytes] = (),
    ) -> "TrustStore":
        """A store from DER; raises ``MalformedDer`` where something in it is not what it should be."""
        return cls(
            tuple(parse_certificate(one) for one in anchors),
            tuple(parse_certificate(one) for one in intermediates),
            tuple(parse_revocation_list(one) for one in lists),
            tuple(parse_ocsp(one) for one in responses),
        )

    def statuses(self, certificate: Certificate, issuer: Certificate) -> tuple[Status, ...]:
        """What every source that may speak for the issuer says of the certificate."""
        sources: tuple[RevocationList | OcspResponse, ...] = (*self.lists, *self.responses)
        found = (source.status_of(certificate, issuer) for source in sources)
        return tuple(status for status in found if status is not None)

    def is_anchor(self, certificate: Certificate) -> bool:
        """Whether exactly this certificate is trusted by itself."""
        return any(anchor.raw == certificate.raw for anchor in self.anchors)


@dataclass(frozen=True, slots=True)
class TrustStores:
    """Who may make seals 制章者, sign with them 签章者, stamp times 时间戳, sign documents 文件签名."""

    makers: TrustStore = TrustStore()
    signers: TrustStore = TrustStore()
    time_stamps: TrustStore = TrustStore()
    documents: TrustStore = TrustStore()


Path = tuple[Certificate, ...]


def find_paths(leaf: Certificate, store: TrustStore, given: tuple[Certificate, ...] = ()) -> tuple[Path, ...]:
    """Paths leaf … anchor whose every signature holds, shortest first, at most eight; ``given`` came with the data."""
    search = _Search(store, given)
    return tuple(islice(search.paths(), _MOST_PATHS)) if search.begin(leaf) else ()


class _Search:
    """Breadth first, bounded in length and in signatures checked."""

    def __init__(self, store: TrustStore, given: tuple[Certificate, ...]) -> None:
        self._store = store
        self._issuers = (*store.anchors, *store.intermediates, *given)
        self._open: list[Path] = []
        self._tries = _MOST_TRIES

    def begin(self, leaf: Certificate) -> bool:
        """Set out from the leaf; False where there is nothing to reach."""
        self._open = [(leaf,)]
        return bool(self._store.anchors)

    def paths(self) -> Iterator[Path]:
        while self._open:
            path = self._open.pop(0)
            if self._store.is_anchor(path[-1]):
                yield path
            elif len(path) < LONGEST_PATH:
                self._open.extend((*path, issuer) for issuer in self._issuers if self._issued(path, issuer))

    def _issued(self, path: Path, issuer: Certificate) -> bool:
        subject = path[-1]
        if any(issuer.raw == one.raw for one in path) or not subject.issuer.same_as(issuer.subject):
            return False
        if subject.authority_key and issuer.key_identifier and subject.authority_key != issuer.key_identifier:
            return False
        if self._tries <= 0:
            return False
        self._tries -= 1
        return is_signed_by(subject, issuer.public_key_info) is Outcome.HOLDS
