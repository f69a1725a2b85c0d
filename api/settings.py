"""Everything that can be configured, read once (``api/composition.py`` or a process's entry)."""

from pathlib import Path
from typing import Literal

from pydantic import Field, IPvAnyNetwork
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Frozen; every field can be set by ``HUXIN_<NAME>`` in the environment.

    Times are seconds. ``database_url`` and ``rpc_url`` stand in for what the data folder says.
    """

    model_config = SettingsConfigDict(env_prefix="HUXIN_", frozen=True, extra="forbid")

    data: Path = Path("huxin-data")
    database_url: str | None = Field(default=None, repr=False)
    rpc_url: str | None = None
    rpc_timeout: float = Field(default=15.0, gt=0)
    finality_depth: int = Field(default=0, ge=0)

    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8600, ge=0, le=65_535)
    session_seconds: int = Field(default=3_600, gt=0)
    challenge_seconds: int = Field(default=300, gt=0)
    body_limit: int = Field(default=2_000_000, gt=0)
    public_rate: int = Field(default=60, gt=0)
    """Requests a minute and address on what needs no sign-in."""
    officer_rate: float = Field(default=1_000.0, gt=0)
    """Requests and acts a second and officer, once session or signature has shown who it is.

    So much that a business system is not hindered; where officers are people, a fraction of it will do.
    """
    officer_burst: float = Field(default=10_000.0, ge=1)
    """How many of them may come at once."""
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()
    """Networks whose ``X-Forwarded-For`` is believed, as JSON: ``["10.0.0.2/32"]``; none believes nobody."""
    public_url: str | None = Field(default=None, pattern=r"^https?://[^/?#\s]+$")
    """The origin that people see, where a proxy stands in front: sign-in messages name it."""
    head_seconds: float = Field(default=10.0, gt=0)
    """Time for a request's head, from its first byte."""
    body_seconds: float = Field(default=20.0, gt=0)
    """Time for a request's body, beyond what it has brought at 16 KiB/s."""
    address_connections: int = Field(default=256, gt=0)
    """Connections open at once from one address that is no trusted proxy."""
    connections: int = Field(default=2_000, gt=0)
    """Connections open at once."""

    outbox_limit: int = Field(default=50_000, gt=0)
    """Acts accepted and not yet anchored beyond which more are turned away (503)."""
    commit_batch: int = Field(default=500, gt=0)
    """Accepts that share one database commit, at most."""
    commit_queue: int = Field(default=10_000, gt=0)
    """Accepts waiting for their commit beyond which more are turned away (503)."""

    batch_acts: int = Field(default=200, gt=0)
    batch_bytes: int = Field(default=100_000, gt=0)
    batch_gas: int = Field(default=12_000_000, gt=0)
    batch_age: float = Field(default=0.2, ge=0)
    """How long the oldest act waits for company before a batch that is not full is sent."""
    in_flight: int = Field(default=32, gt=0)
    """Batches sent and not yet in the index, at most."""
    in_flight_gas: int = Field(default=96_000_000, gt=0)
    """The same by their gas limits: some blocks' worth, so that the engine never waits for the index."""
    resend_after: float = Field(default=5.0, gt=0)
    lease_seconds: float = Field(default=15.0, gt=0)
    lease_holder: str | None = Field(default=None, min_length=16, max_length=64)
    """The name under which the relay holds its lease; random where none is given. Whoever sees to it that one relay
    ends before the next begins may give both the same name: the next one need not wait then."""
    poll_seconds: float = Field(default=0.05, gt=0)
    stale_after: float = Field(default=10.0, gt=0)
    """Age of the relay's heartbeat beyond which health says that it is not running."""
    waiting_limit: float = Field(default=120.0, gt=0)
    """Age of the oldest act without a verdict beyond which health says that something is stuck."""
    disk_floor: int = Field(default=256 * 1024 * 1024, ge=0)
    """Bytes that must be free where the data lies."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    """DEBUG logs each act, by its id."""
    log_format: Literal["json", "text"] = "json"
    relay_metrics_port: int | None = Field(default=None, ge=0, le=65_535)
    """Where on loopback the relay tells its own metrics; None: nowhere."""

    @property
    def database(self) -> str:
        """SQLAlchemy URL of the database."""
        return self.database_url or f"sqlite:///{self.data / 'huxin.db'}"

    @property
    def network_file(self) -> Path:
        """Chain id, endpoint, contracts, council."""
        return self.data / "network.json"

    @property
    def relay_key_file(self) -> Path:
        """The relay's own sending key; no officer's."""
        return self.data / "relay.key"

    @property
    def master_key_file(self) -> Path:
        """The vault's master key."""
        return self.data / "master.key"
