"""A database belongs to one ledger: another's processes would drop its index and misjudge its acts."""

from hashlib import sha256

from sqlalchemy import insert, select

from api.store.database import Database
from api.store.origin import Origin
from api.store.own_tables import owner
from ledger.errors import Conflict

_LEDGER = "ledger"


def claim(db: Database, origin: Origin) -> None:
    """Note whose database this is, where nobody has; Conflict ``DATABASE_OF_ANOTHER_LEDGER``."""
    ours = identity_of(origin)
    stands = select(owner.c.value).where(owner.c.name == _LEDGER)
    with db.write() as connection:
        found = connection.execute(stands).scalar_one_or_none()
        if found is None:
            connection.execute(insert(owner).values(name=_LEDGER, value=ours))
        elif found != ours:
            raise Conflict(
                "DATABASE_OF_ANOTHER_LEDGER", "this database belongs to another ledger: give this one its own",
                "此数据库属于另一账本,请为本账本另建数据库",
            )  # fmt: skip


def identity_of(origin: Origin) -> str:
    """What a ledger is known by: chain, genesis, contracts; 64 hexadecimal digits."""
    deployment = origin.deployment
    contracts = "".join(f"{name}{at.hex()}" for name, at in sorted(deployment.addresses.items()))
    return sha256(f"{deployment.chain_id}:{origin.genesis_hash.hex()}:{contracts}".encode()).hexdigest()
