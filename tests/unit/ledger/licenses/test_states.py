"""States of licenses and what becomes of them on the ledger."""

import itertools

import pytest

from ledger.errors import Conflict
from ledger.licenses import LicenseState, state_of, status_change
from ledger.licenses.states import FOLLOWING
from ledger.reasons import Reason
from ledger.records import Interval, Status

S = LicenseState


@pytest.mark.parametrize(("before", "after"), list(itertools.product(S, S)))
def test_each_lawful_change_is_one_that_the_ledger_takes(before: LicenseState, after: LicenseState) -> None:
    if after not in FOLLOWING[before]:
        with pytest.raises(Conflict, match="LICENSE_STATE_CHANGE"):
            status_change(before, after)
        return
    change = status_change(before, after)
    held = {S.VALID: Status.ACTIVE, S.SUSPENDED: Status.SUSPENDED, S.OTHER: Status.SUSPENDED}
    record = Interval(0, 100, held.get(before, Status.REVOKED))
    if change is None:
        assert before not in held, "what is not ended is not passed over in silence"
        assert held.get(after, Status.REVOKED) is Status.REVOKED
    else:
        assert record.change(change.status, 50) is Reason.OK
        assert state_of(change.status, change.reason) is after


def test_withdrawn_cancelled_and_revoked_as_penalty_stay_apart_on_the_ledger() -> None:
    changes = [status_change(S.VALID, one) for one in (S.WITHDRAWN, S.CANCELLED, S.PENALISED)]
    assert [(one.status, one.reason) for one in changes if one] == [(Status.REVOKED, n) for n in (3, 4, 7)]


def test_a_cancelled_license_never_comes_back() -> None:
    assert FOLLOWING[S.CANCELLED] == frozenset()
    assert all(S.VALID not in FOLLOWING[one] for one in S if one not in {S.SUSPENDED, S.OTHER})


def test_reason_that_contradicts_the_status_is_not_believed() -> None:
    assert state_of(Status.SUSPENDED, 7) is S.SUSPENDED
    assert state_of(Status.REVOKED, 1) is S.CANCELLED
    assert state_of(Status.REVOKED, 200) is S.CANCELLED
    assert state_of(Status.SUPERSEDED) is S.LAPSED
    assert state_of(Status.NONE) is None
