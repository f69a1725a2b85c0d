"""What keeps two relays on one database from doing the same work, switched off."""

from sqlalchemy import Connection

from api.relay import journal
from api.relay.lease import Lease
from scripts.mutants import put


def lease_off() -> None:
    """Every relay takes itself for the only one: no lease, no check inside its writes, no claim on its batch."""

    def mine(self: Lease) -> bool:
        del self
        return True

    def unguarded(self: Lease, connection: Connection) -> None:
        del self, connection

    def unclaimed(taken: int, wanted: int) -> None:
        del taken, wanted

    put(Lease, "acquire", mine)
    put(Lease, "guard", unguarded)
    journal.check_claim = unclaimed
