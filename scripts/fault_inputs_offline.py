"""Hostile inputs against what is checked without a chain: proofs, sealed headers, sign-in, documents, signatures."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import rlp
from trie import HexaryTrie

from ledger import crypto, headers, merkle, stateproof
from ledger.errors import HuxinError, InvalidInput
from ledger.evidence import Document, DocumentKind, check_disclosure
from ledger.evidence_json import read_disclosure, write_disclosure
from ledger.evidence_rules import Entry
from ledger.signin import Expected, SignIn, personal_digest, verify_sign_in
from ledger.vault import MasterKey, Vault
from ledger.verdict import Verdict
from scripts.fault_inputs_tally import Tally

PLACE = "校验 offline"
_NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
_KEYS = tuple(bytes((number,)) * 32 for number in range(1, 5))


@dataclass(frozen=True, slots=True)
class Target:
    """Something genuine, and how it is judged: the code of the refusal, or ``VALID``."""

    kind: str
    genuine: bytes
    judge: Callable[[bytes], str]


def run(seed: int, count: int, tally: Tally) -> None:
    """About ``count`` inputs, every target in turn; a spoilt one that is found valid is wrong."""
    chance = random.Random(seed)  # noqa: S311 - a seed makes a run repeatable
    targets = [*_proofs(chance), _header(), _sign_in_text(), _sign_in_signature(), _disclosure(), _sealed(chance)]
    for target in targets:
        if target.judge(target.genuine) != "VALID":
            tally.fault(f"{PLACE}: {target.kind}", "the genuine one is not valid")
    for place in range(count * 4 // 5):
        target = targets[place % len(targets)]
        how, spoilt = _spoilt(chance, target.genuine)
        code = _code(target, spoilt)
        refused = code != "VALID" and not code.startswith("CRASHED")
        tally.judge(PLACE, f"{target.kind} {how}", code, {code} if refused else (), spoilt.hex()[:80])
    for _ in range(count // 5):
        _signature(chance, tally)


def _code(target: Target, spoilt: bytes) -> str:
    try:
        return target.judge(spoilt)
    except HuxinError as error:
        return error.code
    except Exception as error:  # noqa: BLE001 - that nothing else comes out is what is tested
        return f"CRASHED {type(error).__name__}"


def _spoilt(chance: random.Random, genuine: bytes) -> tuple[str, bytes]:
    place, choice = chance.randrange(len(genuine)), chance.randrange(6)
    if choice == 0:
        return "cut short", genuine[:place]
    if choice == 1:
        return "with a byte more", genuine[:place] + chance.randbytes(1) + genuine[place:]
    changed = bytearray(genuine)
    changed[place] ^= 1 << chance.randrange(8)
    return "with a bit flipped", bytes(changed)


def _proofs(chance: random.Random) -> Sequence[Target]:
    tree = merkle.MerkleTree([chance.randbytes(32) for _ in range(300)])
    joined = b"".join((tree.root, tree.leaf(7), *tree.proof(7)))

    def in_tree(data: bytes) -> str:
        words = [data[place : place + 32] for place in range(0, len(data), 32)]
        if len(words) < 2:
            return "MERKLE_LENGTH"
        return "VALID" if merkle.verify(words[0], words[1], words[2:]) else "BAD_PROOF"

    trie = HexaryTrie({})
    for number in range(200):
        trie[crypto.keccak(number.to_bytes(2))] = rlp.encode(number)
    key = crypto.keccak((7).to_bytes(2))
    nodes = [bytes(rlp.encode(node)) for node in trie.get_proof(key)]
    proof = [node for place, node in enumerate(nodes) if not place or len(node) >= 32]
    wanted = stateproof.prove(trie.root_hash, key, proof)
    lengths = [len(node) for node in proof]

    def in_state(data: bytes) -> str:
        parts, at = [], 0
        for length in lengths[:-1]:
            parts.append(data[at : at + length])
            at += length
        found = stateproof.prove(trie.root_hash, key, [*parts, data[at:]])
        return "VALID" if found == wanted else "PROVEN_OTHERWISE"

    return Target("Merkle proof", joined, in_tree), Target("state proof", b"".join(proof), in_state)


def _header() -> Target:
    validators = tuple(sorted(crypto.address_of(key) for key in _KEYS))
    extra = headers.encode_extra_data(headers.ExtraData(bytes(32), validators))
    fields = [
        b"\x05" * 32, headers.EMPTY_OMMERS_HASH, validators[0], b"\x01" * 32, b"\x02" * 32, b"\x03" * 32, bytes(256),
        b"\x01", b"\x07", b"\x05\xf5\xe1\x00", b"", b"\x6b\x02\x46\x75", extra, headers.MIX_HASH, bytes(8), b"",
    ]  # fmt: skip
    sealed = headers.seal_header(bytes(rlp.encode(fields)), _KEYS)

    def judge(data: bytes) -> str:
        report = headers.verify_header_seals(data, validators)
        return "VALID" if report.valid else next(check.code for check in report.checks if not check.passed)

    return Target("sealed header", sealed, judge)


_EXPECTED = Expected("ledger.test", "https://ledger.test/v1/session", 860_000, "0123456789abcdef", _NOW)
_MESSAGE = SignIn(
    domain=_EXPECTED.domain, address=crypto.address_of(_KEYS[0]), uri=_EXPECTED.uri, chain_id=_EXPECTED.chain_id,
    nonce=_EXPECTED.nonce, issued_at=_NOW, expiration_time=_NOW + timedelta(minutes=5), statement="Sign in.",
).text()  # fmt: skip
_SIGNED = crypto.sign(_KEYS[0], personal_digest(_MESSAGE.encode()))


def _sign_in_text() -> Target:
    def judge(data: bytes) -> str:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return "TEXT_ENCODING"
        verify_sign_in(text, _SIGNED, _EXPECTED)
        return "VALID"

    return Target("sign-in text", _MESSAGE.encode(), judge)


def _sign_in_signature() -> Target:
    def judge(data: bytes) -> str:
        verify_sign_in(_MESSAGE, data, _EXPECTED)
        return "VALID"

    return Target("sign-in signature", _SIGNED, judge)


def _disclosure() -> Target:
    entries = [Entry(f"list.{number}", public=False, value=f"材料{number}") for number in range(1, 6)]
    document = Document.make(DocumentKind.MATERIALS, entries, lambda size: crypto.keccak(b"salt")[:size])
    genuine = document.disclose(["list.2"])

    def judge(data: bytes) -> str:
        shown = read_disclosure(data)
        if data != write_disclosure(genuine) and shown == genuine:
            return "SAME_MEANING"
        report = check_disclosure(shown, document.root)
        return "VALID" if report.overall is Verdict.VALID else report.failures[0].reason_code

    return Target("disclosure", write_disclosure(genuine), judge)


def _sealed(chance: random.Random) -> Target:
    vault, case, name = Vault(MasterKey(chance.randbytes(32)), chance.randbytes), chance.randbytes(32), b"\x09" * 32
    wrapped = vault.new_case_key(case)
    sealed = vault.seal(case, name, wrapped, b"content")

    def judge(data: bytes) -> str:
        return "VALID" if vault.open(case, name, wrapped, data) == b"content" else "OTHER_CONTENT"

    return Target("sealed document", sealed, judge)


def _signature(chance: random.Random, tally: Tally) -> None:
    """Forms of signatures: 64 and 65 bytes, v 0, 1, 27, 28 and all others, high s, the zero address' friends."""
    digest, key = chance.randbytes(32), _KEYS[chance.randrange(4)]
    good = crypto.sign(key, digest)
    long, signer = crypto.expand_65(good), crypto.address_of(key)
    r, s, parity = long[:32], int.from_bytes(long[32:64]), long[64] - 27
    v = chance.choice([v for v in range(256) if v not in (0, 1, 27, 28)])
    over = (crypto.CURVE_ORDER - s).to_bytes(32)
    cases: Sequence[tuple[str, bytes, str]] = (
        ("65 bytes, v 0 or 1", long[:64] + bytes((parity,)), "VALID"),
        ("65 bytes, v 27 or 28", long, "VALID"),
        ("65 bytes, another v", long[:64] + bytes((v,)), "SIGNATURE_V"),
        ("65 bytes, the other v", long[:64] + bytes((28 - parity,)), "OTHER_SIGNER"),
        ("65 bytes, high s", r + over + bytes((28 - parity,)), "SIGNATURE_HIGH_S"),
        ("another length", chance.randbytes(chance.choice([0, 1, 63, 66, 130])), "SIGNATURE_LENGTH"),
        ("all zero", bytes(65), "SIGNATURE_OUT_OF_RANGE"),
        ("s is the order", r + crypto.CURVE_ORDER.to_bytes(32) + b"\x1b", "SIGNATURE_OUT_OF_RANGE"),
    )
    kind, signature, wanted = chance.choice(cases)
    try:
        short = signature if len(signature) not in (64, 65) else crypto.compact(signature)
        code = "VALID" if crypto.recover(digest, short) == signer else "OTHER_SIGNER"
    except InvalidInput as error:
        code = error.code
    allowed = {wanted, "SIGNATURE_NO_KEY"} if wanted == "OTHER_SIGNER" else {wanted}
    tally.judge(PLACE, f"signature: {kind}", code, allowed)
