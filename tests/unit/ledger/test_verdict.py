"""How single verdicts make one, and the form in which reports are handed on."""

from itertools import product

import pytest

from ledger.verdict import Check, Report, Verdict, indeterminate, invalid, report, valid


def _check(verdict: Verdict) -> Check:
    return Check("status", verdict, "CODE", "说明", "text")


@pytest.mark.parametrize("verdicts", [c for n in range(4) for c in product(Verdict, repeat=n)])
def test_overall(verdicts: tuple[Verdict, ...]) -> None:
    """Every combination of up to three checks, against the rule read literally."""
    overall = report(map(_check, verdicts)).overall
    if any(v is Verdict.INVALID for v in verdicts):
        assert overall is Verdict.INVALID
    elif not verdicts or any(v is Verdict.INDETERMINATE for v in verdicts):
        assert overall is Verdict.INDETERMINATE
    else:
        assert overall is Verdict.VALID


def test_attack_report_without_checks_passes_for_valid() -> None:
    """Nothing checked is nothing known."""
    assert Report().overall is Verdict.INDETERMINATE
    assert (Report() + Report()).to_json() == {"verdict": "indeterminate", "checks": []}


def test_reports_add_up_and_name_what_failed() -> None:
    """One failed half makes the whole fail; the good checks stay listed."""
    good = valid("seal.signature", "the seal's signature holds", "印章签名有效", {"block": 7})
    gone = indeterminate("seal.status", "CHAIN_UNREACHABLE", "the chain does not answer", "链无应答")
    bad = invalid("seal.period", "EXPIRED", "the seal has expired", "印章已过期")
    assert report([good]).overall is Verdict.VALID
    whole = report([good, gone]) + report([bad])
    assert whole.overall is Verdict.INVALID
    assert whole.failures == (gone, bad)
    assert whole.to_json()["checks"][0] == {  # type: ignore[index]
        "name": "seal.signature",
        "verdict": "valid",
        "reason_code": "OK",
        "zh": "印章签名有效",
        "en": "the seal's signature holds",
        "facts": {"block": "7"},
    }
