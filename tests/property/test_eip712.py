"""Our EIP-712 encoder against eth-account's and ethers', and ABI bodies there and back, for every act."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from ledger import acts
from ledger.crypto import keccak
from ledger.eip712 import (
    decode_body,
    digest,
    domain_separator,
    encode_body,
    struct_fields,
    struct_hash,
    type_string,
    typed_data,
)
from ledger.errors import InvalidInput
from ledger.rules.signed import list_hash
from scripts.node_tools import node_binary, node_module
from tests.strategies import structs

NESTED = (acts.GrantTerms, acts.License)
ALL = (acts.Open, acts.Step, acts.StepList, acts.Proposal, *(cls for group in acts.ACTS.values() for cls in group))


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
@given(data=st.data(), chain=st.integers(1, 2**63), contract=st.binary(min_size=20, max_size=20))
def test_digest_equals_eth_account(cls: type, data: st.DataObject, chain: int, contract: bytes) -> None:
    """Every struct hashes as another implementation of EIP-712 hashes its typed data."""
    act = data.draw(structs(cls))
    other = encode_typed_data(full_message=typed_data(act, chain, contract))
    theirs = keccak(b"\x19" + other.version + other.header + other.body)
    assert digest(domain_separator(chain, contract), struct_hash(act)) == theirs
    assert struct_hash(act) == other.body
    assert domain_separator(chain, contract) == other.header


class Ethers:
    """A Node process that hashes typed data with ethers, as long as the tests need it."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("hash_typed_data.mjs")
        command = [str(node_binary()), str(script), str(node_module("ethers").parent)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def hash(self, typed: dict[str, Any]) -> dict[str, str]:
        """``structHash``, ``encoded`` (of the struct), ``domain``, ``digest`` in hex, and ``type``."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(typed | {"domain": _exact(typed["domain"])}) + "\n")
        self.process.stdin.flush()
        answer: dict[str, str] = json.loads(self.process.stdout.readline())
        return answer

    def close(self) -> None:
        """End the process; it must not have failed."""
        self.process.communicate(timeout=30)
        assert self.process.returncode == 0


@pytest.fixture(scope="module")
def ethers() -> Iterator[Ethers]:
    one = Ethers()
    yield one
    one.close()


def _exact(value: Any) -> Any:
    """Numbers as decimal strings: JavaScript's own are exact to 53 bits."""
    if isinstance(value, dict):
        return {name: _exact(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_exact(member) for member in value]
    return str(value) if type(value) is int else value


@pytest.mark.needs("node", "ethers")
@pytest.mark.parametrize("cls", [*ALL, *NESTED], ids=lambda cls: cls.__name__)
@given(data=st.data(), chain=st.integers(1, 2**63), contract=st.binary(min_size=20, max_size=20))
def test_digest_equals_ethers(
    ethers: Ethers, cls: type, data: st.DataObject, chain: int, contract: bytes
) -> None:  # fmt: skip
    """The second other implementation, the one that browsers sign with: types, words, hashes, digest."""
    act = data.draw(structs(cls))
    typed = typed_data(act, chain, contract)
    theirs = ethers.hash(typed | {"message": _exact(typed["message"])})
    assert theirs["type"] == type_string(cls)
    assert theirs["structHash"] == "0x" + struct_hash(act).hex() == "0x" + keccak(_bytes(theirs["encoded"])).hex()
    assert theirs["domain"] == "0x" + domain_separator(chain, contract).hex()
    assert theirs["digest"] == "0x" + digest(domain_separator(chain, contract), struct_hash(act)).hex()


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


@given(several=structs(acts.StepList))
def test_a_list_hashes_as_its_members_do(several: acts.StepList) -> None:
    """What is hashed once a step makes up the hash of the list too."""
    members = [list(map(struct_hash, side)) for side in (several.opens, several.steps)]
    assert list_hash(*members) == struct_hash(several)


WRONG: dict[str, tuple[Any, str]] = {
    "bytes32": (bytes(31), "WRONG_LENGTH"),
    "address": (bytes(32), "WRONG_LENGTH"),
    **{f"uint{bits}": (1 << bits, "NUMBER_OUT_OF_RANGE") for bits in (8, 16, 32, 48, 64)},
}


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_attack_a_value_that_its_type_cannot_hold_is_never_cut_to_fit(cls: type, data: st.DataObject) -> None:
    """Each field in turn one too large, negative, or a byte string of another length."""
    act = data.draw(structs(cls))
    for field in struct_fields(cls):
        wrong, code = WRONG.get(field.type_name, (None, ""))
        for value in [wrong, -1 if isinstance(wrong, int) else bytes(33)] if code else []:
            with pytest.raises(InvalidInput) as caught:
                struct_hash(replace(act, **{field.python_name: value}))
            assert caught.value.code == code


@pytest.mark.parametrize("cls", [*(c for g in acts.ACTS.values() for c in g), acts.Proposal], ids=lambda c: c.__name__)
@given(data=st.data())
def test_body_there_and_back(cls: type, data: st.DataObject) -> None:
    """What is carried is what was signed."""
    act = data.draw(structs(cls))
    assert decode_body(cls, encode_body(act)) == (act,)


def test_types_are_spelled_as_published() -> None:
    """A type string is part of what every wallet shows and every old signature rests on."""
    assert type_string(acts.Step) == (
        "Step(bytes32 caseKey,uint16 seq,uint8 action,uint64 officer,uint64 grant,uint32 detail,"
        "bytes32 subject,bytes32 evidence,bytes32 previous,uint32 signedAt,uint32 deadline)"
    )
    assert type_string(acts.OfferGrant).startswith(
        "OfferGrant(GrantTerms terms,uint64 officer,uint64 nonce,uint32 deadline)GrantTerms(uint64 grant,"
    )
