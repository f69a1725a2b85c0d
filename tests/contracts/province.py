"""The people and places of the contract tests."""

from ledger.ids import scoped
from tests.contracts.pair import Pair
from tests.scene import CENTRE, CITY, COUNTY, OTHER_CITY, PROVINCE

HOME, AWAY, BELOW = 1, 2, 3
"""A provincial agency, a city's service centre, a county's service centre within that city."""
ELSEWHERE = 4
"""Another city's service centre."""
HOME_ADMIN, AWAY_ADMIN, BELOW_ADMIN = scoped(HOME, 1), scoped(AWAY, 1), scoped(BELOW, 1)
CLERK = scoped(HOME, 2)
"""An officer of HOME with every role, at WINDOW."""
AWAY_CLERK = scoped(AWAY, 2)
WINDOW, AWAY_WINDOW = scoped(HOME, 1), scoped(AWAY, 1)
ITEM, SEAL = scoped(HOME, 1), scoped(HOME, 1)


def settle(pair: Pair) -> None:
    """Found the agencies and give them windows, officers, an item and a seal."""
    scene = pair.scene
    founded = ((HOME, PROVINCE, 0), (AWAY, CITY, CENTRE), (BELOW, COUNTY, CENTRE), (ELSEWHERE, OTHER_CITY, CENTRE))
    for agency, region, flags in founded:
        pair.applied(*scene.found(agency, region, flags))
    for agency, region in ((HOME, PROVINCE), (AWAY, CITY), (BELOW, COUNTY)):
        pair.applied(*scene.window(agency, 1, region))
        pair.applied(*scene.enrol(agency, 2, scoped(agency, 1)))
    pair.applied(*scene.item(HOME, 1))
    pair.applied(*scene.seal(HOME, 1, CLERK))
    scene.now += 10
