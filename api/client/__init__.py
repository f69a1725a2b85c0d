"""The typed client for windows' own systems: it computes what it signs itself, and trusts no server for it."""

from api.client.client import HuxinClient
from api.client.trail import Cursor
from api.client.transport import Patience

__all__ = ["Cursor", "HuxinClient", "Patience"]
