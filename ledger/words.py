"""The packed storage words of docs/protocol.md, made from records."""

from ledger.records import (
    Agency,
    Batch,
    Grant,
    Interval,
    ItemVersion,
    Key,
    LicenseRecord,
    LicenseUse,
    Seal,
    Window,
)


def _pack(*fields: tuple[int, int]) -> int:
    """Join (value, offset) pairs; the offsets are those of the protocol."""
    word = 0
    for value, offset in fields:
        word |= value << offset
    return word


def _interval(record: Interval) -> int:
    return _pack(
        (record.valid_from, 0), (record.valid_until, 32), (record.stopped_at, 64),
        (record.status, 96),
    )  # fmt: skip


def agency(record: Agency) -> int:
    """Agencies have no end, so their word is laid out without one."""
    return _pack(
        (record.valid_from, 0), (record.stopped_at, 32), (record.status, 64), (record.flags, 68),
        (record.region, 76),
    )  # fmt: skip


def window(record: Window) -> int:
    """Window word."""
    return _interval(record) | record.region << 100


def key(record: Key) -> int:
    """Key word."""
    return _interval(record) | _pack((record.roles, 100), (record.window, 116), (record.officer, 148))


def item_version(record: ItemVersion) -> int:
    """Item version word."""
    return _pack(
        (record.effective_from, 0), (record.entries, 32), (record.tolerable, 40),
        (record.promisable, 72), (record.grantable, 104), (record.originals, 112),
        (record.modes, 120), (record.license, 128),
    )  # fmt: skip


def grant(record: Grant) -> int:
    """Grant word."""
    flags = (1 if record.items is not None else 0) | (2 if record.quota else 0)
    return _interval(record) | _pack(
        (record.stopper, 100), (record.depth, 104), (record.kind, 108), (record.rights, 112),
        (flags, 120), (record.grantee, 128), (record.parent, 192),
    )  # fmt: skip


def quota(record: Grant) -> int:
    """Limit 32@0, used 32@32."""
    return record.quota | record.used << 32


def seal(record: Seal) -> int:
    """Seal word."""
    return _interval(record) | record.version << 100


def license_(record: LicenseRecord) -> int:
    """License word."""
    return _interval(record) | _pack((record.issuer, 100), (record.seal, 132), (record.case_tag, 164))


def batch(record: Batch) -> int:
    """Issuer 32@0, seal number 32@32, issuedAt 32@64, count 32@96."""
    return _pack((record.issuer, 0), (record.seal, 32), (record.issued_at, 64), (record.count, 96))


def use(record: LicenseUse) -> int:
    """Officer 64@0, usedAt 32@64."""
    return _pack((record.officer, 0), (record.used_at, 64))
