"""What a step rests on: a document of named fields, of which only the root goes on chain.

Every field is committed with a salt of its own, so that one can be shown without the others, and
one can be made unreadable for good (its salt destroyed) while the root stays what was signed.

Commitment, 32 bytes, exactly::

    keccak256( "huxin:evidence:1"          16 bytes, ASCII
             ‖ salt                        32 bytes
             ‖ len(kind)  ‖ kind            1 byte, then ASCII
             ‖ flags                        1 byte: bit 0 public, bit 1 the value is bytes, not text
             ‖ len(name)  ‖ name            2 bytes big endian, then ASCII
             ‖ len(value) ‖ value )         4 bytes big endian, then UTF-8 (NFC) or the bytes

Root: the Merkle root (``ledger.merkle``) over keccak(keccak(commitment)), fields in the order of
their names: ``StandardMerkleTree.of([[c0], [c1], …], ["bytes32"], {sortLeaves: false})``.

A stranger who is shown some fields learns that these were signed, not how many others there are;
that no name stands twice is checked by whoever holds the whole document.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter

from ledger.crypto import keccak
from ledger.errors import Fault, InvalidInput
from ledger.evidence_rules import Entry, draft_faults, refuse_faults, shape_faults
from ledger.merkle import MerkleTree, leaf_of, verify
from ledger.verdict import Check, Report, invalid, report, valid

TAG = b"huxin:evidence:1"
SALT_LENGTH = 32
VERSION = 1


class DocumentKind(StrEnum):
    """What a document is; the kind is part of every commitment."""

    MATERIALS = "materials"  # 收件材料清单
    RECEIPT = "receipt"  # 收件凭证
    NOTIFICATION = "notification"  # 一次性告知书
    SUPPLEMENT = "supplement"  # 补正材料
    ORIGINALS_SEEN = "originals_seen"  # 原件核验记录
    VIDEO_RECORD = "video_record"  # 视频核验记录
    PROMISE = "promise"  # 告知承诺书
    TOLERANCE = "tolerance"  # 容缺受理承诺
    ACCEPTANCE = "acceptance"  # 受理凭证
    REFUSAL = "refusal"  # 不予受理决定
    FORWARDING = "forwarding"  # 转办单
    REVIEW = "review"  # 审查意见
    CLOCK = "clock"  # 特别程序、延期
    DECISION = "decision"  # 审批决定
    CERTIFICATE = "certificate"  # 证照
    DELIVERY = "delivery"  # 送达回证
    WAYBILL = "waybill"  # 邮寄单
    RATING = "rating"  # 评价
    MENDING = "mending"  # 差评整改
    WITHDRAWAL = "withdrawal"  # 撤回申请
    TERMINATION = "termination"  # 终止决定
    LINK = "link"  # 并联、关联办件
    HOLDER = "holder"  # 持证主体
    AUTHORIZATION = "authorization"  # 用证授权
    VERIFIED_LICENSE = "verified_license"  # 免提交:电子证照核验记录


def commit(kind: DocumentKind, entry: Entry, salt: bytes) -> bytes:
    """The commitment of one field, laid out as this module's head has it."""
    value = entry.value.encode() if isinstance(entry.value, str) else entry.value
    name, ascii_kind = entry.name.encode(), kind.value.encode()
    flags = entry.public | isinstance(entry.value, bytes) << 1
    return keccak(
        TAG
        + salt
        + len(ascii_kind).to_bytes(1)
        + ascii_kind
        + flags.to_bytes(1)
        + len(name).to_bytes(2)
        + name
        + len(value).to_bytes(4)
        + value
    )


@dataclass(frozen=True, slots=True)
class Field:
    """One field: open (entry and 32-byte salt known) or destroyed (only its commitment is left)."""

    name: str
    public: bool
    commitment: bytes
    entry: Entry | None = field(default=None, repr=False)
    salt: bytes | None = field(default=None, repr=False)

    @property
    def value(self) -> str | bytes | None:
        """Text or bytes; None once the salt is destroyed."""
        return self.entry.value if self.entry else None


@dataclass(frozen=True, slots=True)
class DisclosedField:
    """One opened field and the Merkle siblings that lead from it to the root."""

    entry: Entry
    salt: bytes = field(repr=False)
    proof: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Chosen fields of a document, to be checked against the root in the signed act."""

    kind: DocumentKind
    fields: tuple[DisclosedField, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """All fields of one kind of document, in the order of their names."""

    kind: DocumentKind
    fields: tuple[Field, ...]

    @classmethod
    def make(cls, kind: DocumentKind, entries: Iterable[Entry], random_bytes: Callable[[int], bytes]) -> "Document":
        """Commit to the entries with fresh salts; InvalidInput with every fault, personal data included."""
        given = tuple(entries)
        refuse_faults(draft_faults(given))
        return cls.of(kind, [(entry, random_bytes(SALT_LENGTH)) for entry in given])

    @classmethod
    def of(cls, kind: DocumentKind, parts: Iterable[tuple[Entry, bytes] | Field]) -> "Document":
        """Put a document together from entries with their salts and what is left of destroyed fields.

        Does not look for personal data: what was made under older rules must stay readable.
        """
        given = list(parts)
        faults = shape_faults([part.name if isinstance(part, Field) else part[0] for part in given])
        faults += [_bad_salt(part[0].name) for part in given if isinstance(part, tuple) and len(part[1]) != SALT_LENGTH]
        refuse_faults(faults)
        fields = [part if isinstance(part, Field) else _open(kind, *part) for part in given]
        return cls(kind, tuple(sorted(fields, key=attrgetter("name"))))

    def _tree(self) -> MerkleTree:
        return MerkleTree((leaf_of(each.commitment) for each in self.fields), sort_leaves=False)

    @property
    def root(self) -> bytes:
        """The 32 bytes that go into the act."""
        return self._tree().root

    def value(self, name: str) -> str | bytes | None:
        """A field's value, None if destroyed; InvalidInput ``EVIDENCE_FIELD_UNKNOWN``."""
        return self.fields[self._place(name)].value

    def disclose(self, names: Iterable[str]) -> Disclosure:
        """Open the named fields to somebody; each unknown or destroyed one is a fault."""
        asked = sorted(set(names))
        by_name = {each.name: place for place, each in enumerate(self.fields)}
        faults = [_unknown(name) for name in asked if name not in by_name]
        places = [by_name[name] for name in asked if name in by_name]
        faults += [_destroyed(self.fields[place].name) for place in places if self.fields[place].entry is None]
        refuse_faults(faults)
        tree = self._tree()
        return Disclosure(self.kind, tuple(_disclosed(self.fields[place], tree.proof(place)) for place in places))

    def destroy_salt(self, name: str) -> "Document":
        """The same document, same root, in which nobody can open this field any more.

        Whoever stored the document must overwrite it with this one. Destroying twice changes nothing.
        """
        place = self._place(name)
        left = Field(name, self.fields[place].public, self.fields[place].commitment)
        return Document(self.kind, (*self.fields[:place], left, *self.fields[place + 1 :]))

    def _place(self, name: str) -> int:
        for place, each in enumerate(self.fields):
            if each.name == name:
                return place
        raise InvalidInput.of([_unknown(name)])


def check_disclosure(disclosure: Disclosure, root: bytes) -> Report:
    """One check a field: does it lead to the root; and that no name is shown twice.

    A disclosure of nothing is indeterminate: it shows nothing.
    """
    checks = [_check_field(disclosure.kind, shown, root) for shown in disclosure.fields]
    names = [shown.entry.name for shown in disclosure.fields]
    if len(set(names)) != len(names):
        checks.append(
            invalid(
                "evidence.names",
                "EVIDENCE_FIELD_DUPLICATE",
                "a field is shown twice; the signer committed to two values of one name",
                "同一字段出现两次:签名人对同一名称作了两个承诺",
            )
        )
    return report(checks)


def _check_field(kind: DocumentKind, shown: DisclosedField, root: bytes) -> Check:
    name = f"evidence.{shown.entry.name}"
    leaf = leaf_of(commit(kind, shown.entry, shown.salt))
    if len(shown.salt) == SALT_LENGTH and verify(root, leaf, shown.proof):
        return valid(name, "the field is part of what was signed", "该字段属于已签名的材料", {"kind": kind.value})
    return invalid(
        name,
        "EVIDENCE_NOT_UNDER_ROOT",
        "the field is not part of what was signed: value, salt, proof or kind differ",
        "该字段不属于已签名的材料:内容、盐值、证明路径或材料种类不符",
        {"kind": kind.value, "root": root.hex()},
    )


def _open(kind: DocumentKind, entry: Entry, salt: bytes) -> Field:
    return Field(entry.name, entry.public, commit(kind, entry, salt), entry, salt)


def _disclosed(opened: Field, proof: tuple[bytes, ...]) -> DisclosedField:
    if opened.entry is None or opened.salt is None:
        raise InvalidInput.of([_destroyed(opened.name)])
    return DisclosedField(opened.entry, opened.salt, proof)


def _unknown(name: str) -> Fault:
    return Fault(
        "EVIDENCE_FIELD_UNKNOWN",
        name[:64],
        f"材料中没有字段 {name[:64]!r},请先列出字段名称",
        f"the document has no field {name[:64]!r}; list its names first",
    )


def _destroyed(name: str) -> Fault:
    return Fault(
        "EVIDENCE_FIELD_DESTROYED",
        name,
        f"字段 {name} 的盐值已销毁,任何人都无法再打开",
        f"the salt of field {name} was destroyed; nobody can open it any more",
    )


def _bad_salt(name: str) -> Fault:
    return Fault(
        "EVIDENCE_SALT_LENGTH",
        name[:64],
        f"字段 {name[:64]} 的盐值须为 {SALT_LENGTH} 字节随机数",
        f"the salt of field {name[:64]} must be {SALT_LENGTH} random bytes",
    )
