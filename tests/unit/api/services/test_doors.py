"""What is turned away at the door, and as what."""

import pytest

from api.services.doors import error_of, error_of_several, turned_away
from ledger.reasons import TEXTS, Reason


@pytest.mark.parametrize("reason", list(Reason))
def test_refusals_are_queued_discards_are_not(reason: Reason) -> None:
    assert turned_away(reason) == (0 < reason < 20)


@pytest.mark.parametrize(("reason", "status"), [
    (Reason.MALFORMED, 422), (Reason.ACT_EXPIRED, 422), (Reason.BAD_SIGNATURE, 401), (Reason.SIGNER_UNKNOWN, 401),
    (Reason.WRONG_ACTOR, 401),
    (Reason.STALE_STATE, 409), (Reason.CASE_UNKNOWN, 404),
])  # fmt: skip
def test_each_reason_has_its_status(reason: Reason, status: int) -> None:
    error = error_of(reason)
    assert (error.http_status, error.code, error.zh) == (status, reason.name, TEXTS[reason].zh)


def test_list_is_judged_by_its_first_fault() -> None:
    refused_then_stale = [Reason.OK, Reason.ROLE_MISSING, Reason.STALE_STATE]
    assert error_of_several(refused_then_stale) is None
    error = error_of_several([Reason.OK, Reason.ACT_EXPIRED, Reason.ACT_EXPIRED])
    assert error is not None
    assert (error.http_status, error.code) == (422, "ACT_EXPIRED")
