"""Who is signed in: challenges that can be answered once, and sessions by the hash of their token."""

from sqlalchemy import delete, insert, select

from api.store.database import Database
from api.store.models import Session
from api.store.own_tables import challenges, sessions
from api.store.paging import one


class SessionStore:
    """Keeps hashes of tokens; whoever reads the database cannot sign in with what stands in it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add_challenge(self, nonce: str, address: bytes, expires: int) -> None:
        """A challenge for an address."""
        with self._db.write() as connection:
            connection.execute(insert(challenges).values(nonce=nonce, address=address, expires=expires))

    def take_challenge(self, nonce: str, now: int) -> bytes | None:
        """The address that a challenge was for, once; None where it is unknown, used or expired."""
        with self._db.write() as connection:
            query = select(challenges.c.address, challenges.c.expires).where(challenges.c.nonce == nonce)
            row = connection.execute(query).first()
            connection.execute(delete(challenges).where(challenges.c.nonce == nonce))
        return None if row is None or row.expires <= now else bytes(row.address)

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
