"""Who is signed in: challenges that were answered, and sessions by the hash of their token."""

from sqlalchemy import delete, insert, select

from api.store.database import Database
from api.store.models import Session
from api.store.own_tables import challenges, sessions
from api.store.paging import one


class SessionStore:
    """Keeps hashes of tokens; whoever reads the database cannot sign in with what stands in it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def spend(self, nonce: str, address: bytes, expires: int) -> bool:
        """Note that an address answered a challenge, until it expires; False where it was answered before."""
        # writers take turns, so that nobody comes in between
        with self._db.write() as connection:
            if connection.execute(select(challenges.c.nonce).where(challenges.c.nonce == nonce)).first() is not None:
                return False
            connection.execute(insert(challenges).values(nonce=nonce, address=address, expires=expires))
        return True

    def add(self, session: Session) -> None:
        """A new session."""
        with self._db.write() as connection:
            connection.execute(
                insert(sessions).values(
                    token_hash=session.token_hash,
                    address=session.address,
                    officer=session.officer,
                    created_at=session.created_at,
                    expires=session.expires,
                )
            )

    def get(self, token_hash: bytes, now: int) -> Session | None:
        """A session that has not expired."""
        condition = (sessions.c.token_hash == token_hash) & (sessions.c.expires > now)
        with self._db.read() as connection:
            return one(connection, Session, sessions, condition)

    def remove(self, token_hash: bytes) -> None:
        """End a session."""
        with self._db.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))

    def purge(self, now: int) -> None:
        """Drop what has expired."""
        with self._db.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.expires <= now))
            connection.execute(delete(challenges).where(challenges.c.expires <= now))
