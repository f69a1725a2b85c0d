"""What all bodies share: camelCase names, no unknown fields, bounded values."""

from typing import Annotated, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Item = TypeVar("Item")

Hex32: TypeAlias = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$", examples=["0x" + "5e" * 32])]
"""32 bytes, lower-case hexadecimal."""
HexAddress: TypeAlias = Annotated[
    str, Field(pattern=r"^0x[0-9a-fA-F]{40}$", examples=["0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"])
]
"""20 bytes; answers carry the EIP-55 checksum, questions must if letters are mixed."""
HexData: TypeAlias = Annotated[str, Field(pattern=r"^0x([0-9a-f]{2})*$", max_length=65_538, examples=["0x"])]
HexSignature: TypeAlias = Annotated[
    str, Field(pattern=r"^0x([0-9a-f]{128}|[0-9a-f]{130})$", examples=["0x" + "1b" * 64])
]
"""64 bytes as EIP-2098 has them, or r ‖ s ‖ v (65)."""
ScopedId: TypeAlias = Annotated[
    str, Field(pattern=r"^[1-9][0-9]{0,9}-[1-9][0-9]{0,9}$", max_length=21, examples=["3-17"])
]
"""``agency-number``."""
AgencyNumber: TypeAlias = Annotated[int, Field(ge=1, le=2**32 - 1, examples=[3])]
Seconds: TypeAlias = Annotated[int, Field(ge=0, le=2**32 - 1, examples=[1_790_000_000])]
"""Unix seconds."""
RegionDigits: TypeAlias = Annotated[str, Field(pattern=r"^[0-9]{12}$", examples=["370100000000"])]
"""GB/T 2260 and GB/T 10114, filled up to 12 digits."""


class Wire(BaseModel):
    """A body, or a part of one."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        extra="forbid",
        frozen=True,
    )


class FaultView(Wire):
    """One thing that is wrong with a request: which, where, and what to do."""

    code: str = Field(examples=["NUMBER_OUT_OF_RANGE"])
    where: str = Field(examples=["body.act.deadline"])
    zh: str
    en: str


class BothLanguages(Wire):
    """A text for people."""

    zh: str
    en: str


class Problem(Wire):
    """RFC 9457; ``code`` is stable, ``faults`` lists all that was found, not just the first."""

    type: str = Field(examples=["urn:huxin:error:CASE_NOT_ACCESSIBLE"])
    title: str = Field(examples=["Forbidden"])
    status: int = Field(ge=400, le=599, examples=[403])
    code: str = Field(examples=["CASE_NOT_ACCESSIBLE"])
    detail: BothLanguages
    faults: tuple[FaultView, ...] = ()
    incident: str | None = Field(None, description="To be quoted when asking about a failure of the server")


class ReasonView(Wire):
    """A reason code of the protocol (``ledger.reasons``) with its meaning."""

    code: str = Field(examples=["GRANT_EXPIRED"])
    number: int = Field(ge=0, le=65_535, examples=[84])
    zh: str
    en: str


class Standing(Wire):
    """Whether something holds at this moment, and if not, why."""

    holds: bool
    reason: ReasonView
    at: Seconds


class Page(Wire, Generic[Item]):
    """One page; ``next`` is handed back as ``after``, null at the end."""

    items: tuple[Item, ...]
    next: str | None = Field(None, max_length=200)
