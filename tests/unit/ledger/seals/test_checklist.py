"""The list of checks is what is done, each under its own number and name."""

from ledger.seals.checklist import CHECKLIST
from ledger.seals.development import stamper_of
from ledger.seals.making import make_signed_data
from ledger.seals.seal import Form
from tests.unit.ledger.seals.place import ALL_FORMS, DOCUMENT, NOON, Place


def test_numbers_and_names_are_each_given_once() -> None:
    assert len({item.number for item in CHECKLIST}) == len({item.name for item in CHECKLIST}) == len(CHECKLIST)
    assert all(item.clause(form) for item in CHECKLIST for form in (*Form, None))


def test_every_check_of_the_list_is_made(place: Place) -> None:
    stamped = [place.signature(form, stamper=stamper_of(place.stamper, NOON + 60)) for form in ALL_FORMS]
    reports = [place.check(data) for data in (*stamped, make_signed_data(DOCUMENT, place.agency, NOON))]
    made = {check.name for report in reports for check in report.report.checks if not check.name.startswith("finding.")}
    assert made == {item.name for item in CHECKLIST}


def test_facts_name_no_person(place: Place) -> None:
    report = place.check(place.signature(Form.V4))
    facts = {value for check in report.report.checks for _, value in check.facts}
    assert not any("行政审批" in value or "DEVELOPMENT" in value for value in facts)
