"""EAS: a hundred attestations a call under a schema that carries who, which case, which order, which digest.

The recipient is made from the case, so that the event can be found by it. Plain, the attester is the gateway that
sends, and the officer is only named; delegated, each officer's signature is checked by the contract (v1.4,
`EIP1271Verifier._verifyAttest`), with a nonce of the officer, so that they must be carried in the order of signing.
"""

import time
from collections import defaultdict
from collections.abc import Sequence

from eth_abi.abi import decode, encode

from ledger.calldata import selector
from ledger.crypto import address_of, expand_65, keccak, sign
from node.deployment import created_address
from scripts.compare.chains import ComparedChain, Fed
from scripts.compare.packages import eas_creation
from scripts.compare.records import Record, Row, WrongAnswer, address_known, batches, compare, signed_by_officers
from scripts.compare.rpc import Rpc
from scripts.gas_scene import CHAIN_ID
from scripts.report import progress

SCHEMA = "uint64 officer,bytes32 caseKey,uint32 order,bytes32 digest"
_FIELDS = ["uint64", "bytes32", "uint32", "bytes32"]
_NOBODY = bytes(20)
_ATTESTED = keccak(b"Attested(address,address,bytes32,bytes32)")
_REQUEST = "(address,uint64,bool,bytes32,bytes,uint256)"
_PLAIN = f"(bytes32,{_REQUEST}[])[]"
_DELEGATED = f"(bytes32,{_REQUEST}[],(uint8,bytes32,bytes32)[],address,uint64)[]"
_TYPE = keccak(
    b"Attest(address attester,bytes32 schema,address recipient,uint64 expirationTime,bool revocable,bytes32 refUID,"
    b"bytes data,uint256 value,uint256 nonce,uint64 deadline)"
)
_DOMAIN = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_ATTESTATION = "(bytes32,bytes32,uint64,uint64,uint64,bytes32,address,address,bool,bytes)"


class Eas:
    """EAS and its schema registry on a chain."""

    def __init__(self, engine: str, chain: ComparedChain) -> None:
        self._engine, self._chain = engine, chain
        registry = self._create(eas_creation("SchemaRegistry"))
        self._address = self._create(eas_creation("EAS") + encode(["address"], [registry]))
        call = selector("register(string,address,bool)") + encode(
            ["string", "address", "bool"], [SCHEMA, _NOBODY, True]
        )
        if not chain.send(registry, call).succeeded:
            raise WrongAnswer("the schema cannot be registered")
        self._schema = keccak(SCHEMA.encode() + _NOBODY + b"\x01")
        domain = [_DOMAIN, keccak(b"EAS"), keccak(b"1.4.0"), CHAIN_ID, self._address]
        self._domain = keccak(encode(["bytes32", "bytes32", "bytes32", "uint256", "address"], domain))
        self._nonces: defaultdict[bytes, int] = defaultdict(int)

    def _create(self, code: bytes) -> bytes:
        address = created_address(self._chain.relay, self._chain.nonce)
        if not self._chain.send(None, code).succeeded:
            raise WrongAnswer("a contract of EAS cannot be created")
        return address

    # --- plain

    def plain(self, records: Sequence[Record]) -> Row:
        """`multiAttest` by the gateway, which checks the officers' signatures itself."""
        signed, signing, checking = signed_by_officers(records)
        calls = [
            selector(f"multiAttest({_PLAIN})") + encode([_PLAIN], [[(self._schema, [_request(one) for one in run])]])
            for run in batches(records)
        ]
        fed = self._feed(calls)
        beside = sum(len(signature) for _, signature in signed)
        return self._row("EAS multiAttest ×100", calls, fed, len(records), signing, checking, beside)

    # --- delegated

    def delegated(self, records: Sequence[Record]) -> Row:
        """`multiAttestByDelegation`: a group for each officer, every attestation signed."""
        signing, calls = 0.0, []
        for run in batches(records):
            by_officer: defaultdict[int, list[Record]] = defaultdict(list)
            for one in run:
                by_officer[one.officer].append(one)
            began = time.perf_counter()
            signed = [[self._sign(one) for one in own] for own in by_officer.values()]
            signing += time.perf_counter() - began
            groups = [self._group(own, those) for own, those in zip(by_officer.values(), signed, strict=True)]
            calls.append(selector(f"multiAttestByDelegation({_DELEGATED})") + encode([_DELEGATED], [groups]))
        fed = self._feed(calls)
        return self._row("EAS multiAttestByDelegation ×100", calls, fed, len(records), signing, 0.0, 0)

    def _group(self, records: Sequence[Record], signatures: Sequence[bytes]) -> tuple[object, ...]:
        split = [(one[64], one[:32], one[32:64]) for one in map(expand_65, signatures)]
        return self._schema, [_request(one) for one in records], split, address_of(records[0].key), 0

    def _sign(self, record: Record) -> bytes:
        attester = address_known(record.key)
        nonce = self._nonces[attester]
        self._nonces[attester] += 1
        said = b"".join((
            _TYPE, attester.rjust(32, b"\0"), self._schema, _recipient(record.case).rjust(32, b"\0"), bytes(32),
            (1).to_bytes(32), bytes(32), keccak(_data(record)), bytes(32), nonce.to_bytes(32), bytes(32),
        ))  # fmt: skip
        return sign(record.key, keccak(b"\x19\x01" + self._domain + keccak(said)))

    # --- both

    def _feed(self, calls: Sequence[bytes]) -> Fed:
        fed = self._chain.feed_all([self._chain.sign(self._address, data) for data in calls])
        if not all(one.succeeded for one in fed.mined):
            raise WrongAnswer("a transaction of EAS failed")
        return fed

    def _row(
        self, arm: str, calls: Sequence[bytes], fed: Fed, count: int, signing: float, checking: float, beside: int
    ) -> Row:
        gas, size = sum(one.gas for one in fed.mined), sum(map(len, calls))
        row = Row(self._engine, arm, count, fed.seconds, signing, checking, fed.busy, gas, size, fed.stored, beside)
        progress(f"{self._engine}: {arm}: {row.alone:,.0f}/s")
        return row

    def read_back(self, rpc: Rpc, sample: Sequence[Record]) -> None:
        """Both attestations of each record: event by recipient, attestation by its uid, who signed; WrongAnswer."""
        for record in sample:
            topics = [_ATTESTED, _recipient(record.case).rjust(32, b"\0")]
            attesters = [self._attested(rpc, record, shown) for shown in rpc.logs(self._address, topics)]
            if sorted(attesters) != sorted((self._chain.relay, address_of(record.key))):
                message = f"attested by {[one.hex() for one in attesters]}"
                raise WrongAnswer(message)

    def _attested(self, rpc: Rpc, record: Record, shown: dict[str, str]) -> bytes:
        uid = bytes.fromhex(shown["data"][2:])
        (found,) = rpc.view(self._address, "getAttestation(bytes32)", uid, [_ATTESTATION])
        officer, case, order, digest = decode(_FIELDS, found[9])
        compare(record, (officer, case, order, digest))
        return bytes.fromhex(found[7][2:])


def _recipient(case: bytes) -> bytes:
    return case[12:]


def _data(record: Record) -> bytes:
    return record.officer.to_bytes(32) + record.case + record.order.to_bytes(32) + record.digest


def _request(record: Record) -> tuple[object, ...]:
    return _recipient(record.case), 0, True, bytes(32), _data(record), 0
