"""What reads return: one frozen record per row, fields named as the columns (``index_tables``).

Times are Unix seconds, ids ``ledger.ids``, regions packed BCD; ``block`` is where a record last changed.
"""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ledger.ids import agency_of
from ledger.state import CaseState

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page in order of key; ``after`` is the key to go on from, None at the end."""

    items: tuple[T, ...]
    after: Any = None


@dataclass(frozen=True, slots=True)
class AgencyView:
    """An agency."""

    id: int
    name: str | None
    uscc: str | None
    region: int
    flags: int
    status: int
    valid_from: int
    valid_until: int
    stopped_at: int
    block: int


@dataclass(frozen=True, slots=True)
class WindowView:
    """A window."""

    id: int
    agency: int
    name: str | None
    region: int
    status: int
    valid_from: int
    valid_until: int
    stopped_at: int
    block: int


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key that is or was an officer's; ``window`` is the number within the agency, 0: none."""

    address: bytes
    officer: int
    agency: int
    window: int
    roles: int
    status: int
    valid_from: int
    valid_until: int
    stopped_at: int
    block: int


@dataclass(frozen=True, slots=True)
class OfficerView:
    """An officer with the current key first, then the former ones."""

    id: int
    agency: int
    keys: tuple[KeyView, ...]

    @property
    def current(self) -> KeyView:
        """The key that the officer signs with now."""
        return self.keys[0]


@dataclass(frozen=True, slots=True)
class ItemVersionView:
    """One version of an item."""

    item: int
    version: int
    effective_from: int
    entries: int
    tolerable: int
    promisable: int
    grantable: int
    originals: int
    modes: int
    license: int
    code: str | None
    name: str | None
    materials: bytes | None
    accept_days: int | None
    decide_days: int | None
    block: int


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item with its versions, first to latest."""

    id: int
    agency: int
    retired_from: int
    latest: int
    block: int
    versions: tuple[ItemVersionView, ...]


@dataclass(frozen=True, slots=True)
class GrantView:
    """A grant; ``agency`` is the grantor, ``items`` None is all, ``used`` counts against a quota."""

    id: int
    agency: int
    parent: int
    kind: int
    grantee: int
    rights: int
    depth: int
    quota: int
    used: int
    items: tuple[int, ...] | None
    stopper: int
    agreement: int | None
    status: int
    valid_from: int
    valid_until: int
    stopped_at: int
    block: int


@dataclass(frozen=True, slots=True)
class SealView:
    """A seal; ``digest`` is what the chain keeps, the three digests are those of its object."""

    id: int
    agency: int
    name: str | None
    version: int
    digest: bytes
    sm3: bytes | None
    sha256: bytes | None
    certificate: bytes | None
    status: int
    valid_from: int
    valid_until: int
    stopped_at: int
    block: int


@dataclass(frozen=True, slots=True)
class LicenseView:
    """A license by its leaf; what is None was issued in a batch and is not on chain in the open."""

    leaf: bytes
    issuer: int
    seal: int
    case_tag: int
    item: int | None
    sm3: bytes | None
    sha256: bytes | None
    identifier: bytes | None
    holder: bytes | None
    case_key: bytes | None
    supersedes: bytes | None
    batch: bytes | None
    status: int
    valid_from: int
    valid_until: int
    stopped_at: int
    block: int


@dataclass(frozen=True, slots=True)
class BatchView:
    """A Merkle batch of licenses on chain."""

    root: bytes
    issuer: int
    seal: int
    issued_at: int
    count: int
    block: int


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as of the index; ``officer`` and ``agency`` opened it, ``home`` decides it."""

    case_key: bytes
    head: bytes
    trail: bytes
    word: int
    item: int
    version: int
    mode: int
    status: int
    seq: int
    opened_at: int
    last_at: int
    home: int
    officer: int
    agency: int
    parent: bytes
    block: int

    @property
    def state(self) -> CaseState:
        """The full state, as the next step must carry it."""
        return CaseState.unpack(self.trail, self.word)


@dataclass(frozen=True, slots=True)
class StepView:
    """A step that was taken; ``trail`` and ``word`` are the state after it."""

    case_key: bytes
    seq: int
    action: int
    officer: int
    agency: int
    grant: int
    detail: int
    subject: bytes
    evidence: bytes
    previous: bytes
    signed_at: int
    deadline: int
    trail: bytes
    word: int
    late: bool
    position: int
    act_id: bytes
    at: int
    block: int
    tx_hash: bytes


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """What became of an act on chain. ``result``: applied, scheduled, refused, discarded.

    ``position`` is the event cursor; ``act`` the signed struct as JSON (None: a step that was
    taken, see ``StepView``); ``at`` the block's time; ``other`` the second agency concerned or 0.
    """

    position: int
    block: int
    tx_hash: bytes
    act_id: bytes
    contract: str
    name: str
    officer: int
    agency: int
    other: int
    subject: bytes
    reason: int
    result: str
    at: int
    act: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class ActStatus:
    """An act in the outbox. ``status``: queued, sent, applied, refused, discarded."""

    act_id: bytes
    name: str
    officer: int
    subject: bytes
    status: str
    reason: int | None
    tx_hash: bytes | None
    block: int | None
    at: int | None
    received_at: int

    @property
    def agency(self) -> int:
        """The officer's agency; 0 for the council."""
        return agency_of(self.officer)

    @property
    def is_final(self) -> bool:
        """Whether the chain has given its verdict."""
        return self.status in ("applied", "refused", "discarded")


@dataclass(frozen=True, slots=True)
class IndexHead:
    """How far the index has come; ``number`` -1 before the first block."""

    number: int
    hash: bytes
    timestamp: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a process last said of itself."""

    name: str
    at: int
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A sealed document of a case (``ledger.vault``) and who brought it."""

    case_key: bytes
    root: bytes
    kind: str
    sealed: bytes
    officer: int
    at: int


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """Who read what of a case; ``root`` None: not one document but ``what``."""

    id: int
    case_key: bytes
    root: bytes | None
    officer: int
    at: int
    what: str


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in until when; the token itself is not kept."""

    token_hash: bytes
    address: bytes
    officer: int
    created_at: int
    expires: int


@dataclass(frozen=True, slots=True)
class LicenseRecordRow:
    """The off-chain half of a license: its ABI form, digests, keyed look-up, sealed identifier."""

    leaf: bytes
    issuer: int
    body: bytes
    sm3: bytes
    sha256: bytes
    lookup: bytes
    sealed: bytes
    created_at: int
