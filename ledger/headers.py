"""QBFT block headers: extra data, the block's own hash, committed seals and their verification.

Source: Hyperledger Besu, ``QbftExtraDataCodec``, ``BftBlockHashing``, ``BftHelpers`` and the header
rules of ``QbftBlockHeaderValidationRulesetFactory``. The same format seals a chain of one, so that
one offline verifier judges both.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import rlp

from ledger import crypto
from ledger.errors import InvalidInput

MIX_HASH = bytes.fromhex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365")
EMPTY_OMMERS_HASH = bytes.fromhex("1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347")
VANITY_LENGTH = 32
SEAL_LENGTH = 65
MAX_HEADER_BYTES = 64 * 1024
_VOTE_ADD = b"\xff"
_FEWEST_FIELDS = 15
_FIXED_LENGTHS = {0: 32, 1: 32, 2: 20, 3: 32, 4: 32, 5: 32, 6: 256, 13: 32, 14: 8}
_SCALARS = (7, 8, 9, 10, 11)
_EXTRA_DATA = 12


@dataclass(frozen=True, slots=True)
class Vote:
    """A validator's vote to add or to drop ``recipient`` (20 bytes)."""

    recipient: bytes
    add: bool


@dataclass(frozen=True, slots=True)
class ExtraData:
    """What QBFT keeps in ``extraData``: addresses of 20 bytes, seals r ‖ s ‖ v of 65 (v 0 or 1)."""

    vanity: bytes
    validators: tuple[bytes, ...]
    vote: Vote | None = None
    round: int = 0
    seals: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """A block header as its RLP fields (15 before London, 16 and more since)."""

    fields: tuple[bytes, ...]

    @property
    def parent_hash(self) -> bytes:
        """Hash of the block before, 32 bytes."""
        return self.fields[0]

    @property
    def ommers_hash(self) -> bytes:
        """Keccak of the RLP list of ommers; BFT blocks have none."""
        return self.fields[1]

    @property
    def proposer(self) -> bytes:
        """The ``coinbase``: under QBFT the validator that proposed the block, 20 bytes."""
        return self.fields[2]

    @property
    def state_root(self) -> bytes:
        """Root of the account trie after the block (see ``ledger.stateproof``)."""
        return self.fields[3]

    @property
    def transactions_root(self) -> bytes:
        """Root of the trie of the block's transactions, keyed by RLP(index)."""
        return self.fields[4]

    @property
    def receipts_root(self) -> bytes:
        """Root of the trie of the block's receipts, keyed by RLP(index)."""
        return self.fields[5]

    @property
    def difficulty(self) -> int:
        """Always 1 under QBFT."""
        return int.from_bytes(self.fields[7])

    @property
    def number(self) -> int:
        """Height of the block; the genesis block has 0."""
        return int.from_bytes(self.fields[8])

    @property
    def timestamp(self) -> int:
        """Unix seconds at which the block was proposed."""
        return int.from_bytes(self.fields[11])

    @property
    def extra_data(self) -> bytes:
        """The RLP of ``ExtraData``."""
        return self.fields[_EXTRA_DATA]

    @property
    def mix_hash(self) -> bytes:
        """A constant under QBFT, 32 bytes."""
        return self.fields[13]

    def encode(self) -> bytes:
        """The header's RLP."""
        return _encode(list(self.fields))

    def with_extra_data(self, extra_data: bytes) -> "Header":
        """The same header with other extra data."""
        before, after = self.fields[:_EXTRA_DATA], self.fields[_EXTRA_DATA + 1 :]
        return Header((*before, extra_data, *after))


@dataclass(frozen=True, slots=True)
class SealCheck:
    """One check of a header: a stable code, whether it held, and what was seen."""

    code: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class SealReport:
    """Every check of one header; ``number`` and ``block_hash`` are None where it is unreadable."""

    number: int | None
    block_hash: bytes | None
    checks: tuple[SealCheck, ...]

    @property
    def valid(self) -> bool:
        """Whether every check held."""
        return all(check.passed for check in self.checks)


def _encode(value: object) -> bytes:
    return cast("bytes", rlp.encode(value))


def _refuse(code: str, en: str, zh: str) -> InvalidInput:
    return InvalidInput(code, "header", en, zh)


def _decode(raw: bytes, code: str, what: str, zh: str) -> Any:
    if len(raw) > MAX_HEADER_BYTES:
        raise _refuse(code, f"{what} has {len(raw)} bytes, too many", f"{zh}过长:{len(raw)} 字节")
    try:
        value = rlp.decode(raw)
        canonical = _encode(value) == raw
    except (rlp.exceptions.RLPException, TypeError, ValueError, RecursionError) as error:
        raise _refuse(code, f"{what} is no RLP: {error}", f"{zh}不是合法的 RLP 编码") from error
    if not canonical or not isinstance(value, (list, tuple)):
        raise _refuse(code, f"{what} is no canonical RLP list", f"{zh}不是规范的 RLP 列表")
    return value


def _is_scalar(field: bytes, longest: int = 32) -> bool:
    return len(field) <= longest and not field.startswith(b"\0")


def decode_header(header_rlp: bytes) -> Header:
    """Read a header from its RLP; InvalidInput ``HEADER_MALFORMED``."""
    fields = _decode(header_rlp, "HEADER_MALFORMED", "the block header", "区块头")
    well_formed = (
        len(fields) >= _FEWEST_FIELDS
        and all(isinstance(field, bytes) for field in fields)
        and all(len(fields[index]) == length for index, length in _FIXED_LENGTHS.items())
        and all(_is_scalar(fields[index]) for index in _SCALARS)
    )
    if not well_formed:
        raise _refuse(
            "HEADER_MALFORMED",
            "the block header's fields are not those of Ethereum's yellow paper, 4.3",
            "区块头字段不符合以太坊黄皮书 4.3 节",
        )
    return Header(tuple(fields))


def _encode_vote(vote: Vote | None) -> list[bytes]:
    # a drop is written as the empty string (Besu's writeNull), not as a zero byte
    return [] if vote is None else [vote.recipient, _VOTE_ADD if vote.add else b""]


def encode_extra_data(extra: ExtraData) -> bytes:
    """RLP[vanity, [validators], vote, round, [seals]] (``QbftExtraDataCodec.encode``)."""
    return _encode(
        [
            extra.vanity,
            list(extra.validators),
            _encode_vote(extra.vote),
            extra.round,
            list(extra.seals),
        ]
    )


def _extra_data_error(en: str, zh: str) -> InvalidInput:
    return _refuse("EXTRA_DATA_MALFORMED", f"extraData: {en}", f"extraData:{zh}")


def _decode_vote(item: Any) -> Vote | None:
    if item == []:
        return None
    two = isinstance(item, list) and len(item) == 2 and all(isinstance(x, bytes) for x in item)
    if not two or len(item[0]) != 20 or item[1] not in {b"", b"\0", _VOTE_ADD}:
        raise _extra_data_error("the vote is no [recipient, add or drop]", "投票项格式有误")
    return Vote(item[0], item[1] == _VOTE_ADD)


def _byte_strings(item: Any, length: int, name: str) -> tuple[bytes, ...]:
    fits = isinstance(item, list) and all(isinstance(x, bytes) and len(x) == length for x in item)
    if not fits:
        raise _extra_data_error(f"{name} must be a list of {length} bytes each", f"{name} 格式有误")
    return tuple(item)


def decode_extra_data(raw: bytes) -> ExtraData:
    """Read QBFT extra data; InvalidInput ``EXTRA_DATA_MALFORMED`` (also for IBFT 2.0 and Clique)."""
    items = _decode(raw, "EXTRA_DATA_MALFORMED", "extraData", "extraData ")
    if len(items) != 5:
        raise _extra_data_error(f"5 items expected, {len(items)} found", "应有 5 项")
    vanity, validators, vote, round_, seals = items
    if not isinstance(vanity, bytes) or len(vanity) != VANITY_LENGTH:
        raise _extra_data_error("the vanity has 32 bytes", "前缀须为 32 字节")
    if not isinstance(round_, bytes) or not _is_scalar(round_, 4):
        raise _extra_data_error("the round is a scalar of at most 4 bytes", "轮次编码有误")
    return ExtraData(
        vanity,
        _byte_strings(validators, 20, "validators"),
        _decode_vote(vote),
        int.from_bytes(round_),
        _byte_strings(seals, SEAL_LENGTH, "seals"),
    )


def _hash_with(header: Header, extra: ExtraData) -> bytes:
    return crypto.keccak(header.with_extra_data(encode_extra_data(extra)).encode())


def block_hash(header_rlp: bytes) -> bytes:
    """The block's own hash: taken without seals and with round 0; the genesis block's as it is.

    Raises InvalidInput (``HEADER_MALFORMED``, ``EXTRA_DATA_MALFORMED``).
    """
    header = decode_header(header_rlp)
    if header.number == 0:
        return crypto.keccak(header_rlp)
    extra = decode_extra_data(header.extra_data)
    return _hash_with(header, replace(extra, round=0, seals=()))


def seal_digest(header_rlp: bytes) -> bytes:
    """What a committed seal signs: the header without seals, its round kept (32 bytes)."""
    header = decode_header(header_rlp)
    return _hash_with(header, replace(decode_extra_data(header.extra_data), seals=()))


def quorum(validators: int) -> int:
    """How many different validators must seal: ⌈2n/3⌉ (``calculateRequiredValidatorQuorum``)."""
    return -(-2 * validators // 3)


def seal_header(header_rlp: bytes, private_keys: Sequence[bytes]) -> bytes:
    """Put one committed seal per 32-byte key into a header, in the order of the keys."""
    header = decode_header(header_rlp)
    extra = decode_extra_data(header.extra_data)
    digest = seal_digest(header_rlp)
    seals = tuple(_seal(key, digest) for key in private_keys)
    return header.with_extra_data(encode_extra_data(replace(extra, seals=seals))).encode()


def _seal(private_key: bytes, digest: bytes) -> bytes:
    expanded = crypto.expand_65(crypto.sign(private_key, digest))
    return expanded[:64] + bytes((expanded[64] - 27,))


def recover_sealer(digest: bytes, seal: bytes) -> bytes | None:
    """The validator that made a seal of 65 bytes; None where nobody can have made it."""
    if len(seal) != SEAL_LENGTH or seal[64] not in {0, 1}:
        return None
    try:
        return crypto.recover(digest, crypto.compact(seal))
    except InvalidInput:
        return None


def verify_header_seals(header_rlp: bytes, parent_validators: Sequence[bytes]) -> SealReport:
    """Judge a header by the validator set in force after its parent; reports, never raises.

    Codes: ``HEADER_READABLE``, ``MIX_HASH``, ``DIFFICULTY``, ``NO_OMMERS``, ``VALIDATORS_REPEATED``
    (sorted and equal to the parent's set), ``PROPOSER_IS_VALIDATOR``, ``SEALS_READABLE``,
    ``SEALS_DIFFERENT``, ``SEALS_BY_VALIDATORS``, ``QUORUM``. A genesis block has no seals: it is
    trusted by its hash, not by this report.
    """
    try:
        header = decode_header(header_rlp)
        extra = decode_extra_data(header.extra_data)
    except InvalidInput as error:
        return SealReport(None, None, (SealCheck("HEADER_READABLE", False, error.en),))
    sealers = tuple(recover_sealer(seal_digest(header_rlp), seal) for seal in extra.seals)
    checks = (
        SealCheck("HEADER_READABLE", True, f"{len(header.fields)} fields"),
        *_constant_checks(header),
        *_validator_checks(header, extra, parent_validators),
        *_sealer_checks(sealers, parent_validators),
    )
    return SealReport(header.number, block_hash(header_rlp), checks)


def _constant_checks(header: Header) -> tuple[SealCheck, ...]:
    return (
        SealCheck("MIX_HASH", header.mix_hash == MIX_HASH, header.mix_hash.hex()),
        SealCheck("DIFFICULTY", header.difficulty == 1, str(header.difficulty)),
        SealCheck("NO_OMMERS", header.ommers_hash == EMPTY_OMMERS_HASH, header.ommers_hash.hex()),
    )


def _names(addresses: Sequence[bytes | None]) -> str:
    return ", ".join("unreadable" if a is None else "0x" + a.hex() for a in addresses) or "none"


def _validator_checks(header: Header, extra: ExtraData, expected: Sequence[bytes]) -> tuple[SealCheck, ...]:
    repeated = extra.validators == tuple(sorted(set(expected)))
    return (
        SealCheck("VALIDATORS_REPEATED", repeated, _names(extra.validators)),
        SealCheck("PROPOSER_IS_VALIDATOR", header.proposer in expected, _names([header.proposer])),
    )


def _sealer_checks(sealers: Sequence[bytes | None], expected: Sequence[bytes]) -> tuple[SealCheck, ...]:
    known = {sealer for sealer in sealers if sealer in expected}
    needed = quorum(len(set(expected)))
    enough = bool(expected) and len(known) >= needed
    return (
        SealCheck("SEALS_READABLE", None not in sealers, f"{len(sealers)} seals"),
        SealCheck("SEALS_DIFFERENT", len(set(sealers)) == len(sealers), _names(sealers)),
        SealCheck("SEALS_BY_VALIDATORS", set(sealers) <= set(expected), _names(sealers)),
        SealCheck("QUORUM", enough, f"{len(known)} of {needed} needed"),
    )
