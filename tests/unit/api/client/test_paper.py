"""What a window writes down about paper: every fault is told, in the order of the file."""

import json

import pytest

from api.client.paper import read_record
from ledger.errors import InvalidInput


def test_unknown_fields_are_told_in_the_order_of_the_file() -> None:
    names = ["zeta", "alpha", "mu", "beta", "omega", "gamma"]
    with pytest.raises(InvalidInput) as caught:
        read_record(json.dumps(dict.fromkeys(names, 1)))
    assert [fault.where for fault in caught.value.faults] == [*names, "event", "license"]
