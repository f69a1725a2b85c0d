"""Our EIP-712 encoder against eth-account's, and ABI bodies there and back, for every act."""

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
    struct_hash,
    type_string,
    typed_data,
)
from tests.strategies import structs

ALL = (acts.Open, acts.Step, acts.StepList, acts.Proposal, *(cls for group in acts.ACTS.values() for cls in group))


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
@given(data=st.data(), chain=st.integers(1, 2**63), contract=st.binary(min_size=20, max_size=20))
def test_digest_equals_eth_account(cls: type, data: st.DataObject, chain: int, contract: bytes) -> None:
    """Every struct hashes as another implementation of EIP-712 hashes its typed data."""
    act = data.draw(structs(cls))
    other = encode_typed_data(full_message=typed_data(act, chain, contract))
    theirs = keccak(b"\x19" + other.version + other.header + other.body)
    assert digest(domain_separator(chain, contract), struct_hash(act)) == theirs


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
