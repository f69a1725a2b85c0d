"""Sign-in by key (EIP-4361), the network, health."""

from typing import Literal

from pydantic import Field

from api.wire.base import AgencyNumber, Hex32, HexAddress, HexSignature, ScopedId, Seconds, Wire


class ChallengeRequest(Wire):
    """Who wants to sign in."""

    address: HexAddress


class Challenge(Wire):
    """The EIP-4361 text to be signed with ``personal_sign`` (EIP-191)."""

    message: str = Field(max_length=4096)
    expires: Seconds


class SessionRequest(Wire):
    """The text as it was handed out, and the signature over it."""

    message: str = Field(max_length=4096, examples=["huxin.local wants you to sign in with your Ethereum account:\n…"])
    signature: HexSignature


class Session(Wire):
    """``token`` goes into ``Authorization: Bearer``; it is shown this once."""

    token: str = Field(min_length=32, max_length=128)
    expires: Seconds
    officer: ScopedId
    agency: AgencyNumber
    roles: tuple[str, ...] = Field(examples=[["WINDOW"]])


class WhoAmI(Wire):
    """Who is signed in."""

    expires: Seconds
    officer: ScopedId
    agency: AgencyNumber
    roles: tuple[str, ...]


class Domain(Wire):
    """The EIP-712 domain that all contracts share; ``verifyingContract`` is one of ``contracts``."""

    name: str = Field(examples=["Huxin"])
    version: str = Field(examples=["1"])
    chain_id: int


class CouncilView(Wire):
    """The root of authority: how many of whom must sign, and how long dangerous acts wait."""

    members: tuple[HexAddress, ...]
    threshold: int
    delay: int = Field(description="Seconds that dangerous acts wait")


class ClockView(Wire):
    """Tolerances of time in seconds."""

    skew: int
    prompt: int
    late_limit: int


class Network(Wire):
    """Where the ledger lives and how far this server has read it."""

    chain_id: int
    contracts: dict[str, HexAddress] = Field(examples=[{"trails": "0x5FbDB2315678afecb367f032d93F642f64180aa3"}])
    code_hashes: dict[str, Hex32] = Field(examples=[{"trails": "0x" + "5e" * 32}])
    domain: Domain
    genesis_hash: Hex32
    first_block: int
    council: CouncilView
    clock: ClockView
    indexed_block: int = Field(description="-1 before the first")
    indexed_time: Seconds
    server_time: Seconds


class HealthCheck(Wire):
    """One part, by the operation that it is needed for."""

    name: str = Field(examples=["store"])
    ok: bool
    verdict: Literal["ok", "wrong", "unknown"] = Field("ok", description="unknown: could not be looked at")
    code: str = Field("", examples=["CHAIN_STUCK"])
    zh: str
    en: str
    todo_zh: str = Field("", description="怎么办 / what to do, in Chinese")
    todo_en: str = ""
    facts: dict[str, str] = Field({}, examples=[{"lagBlocks": "0"}])


class Health(Wire):
    """``ready`` only if every part does what it is for."""

    status: Literal["live", "ready", "unready"]
    checks: tuple[HealthCheck, ...] = ()
