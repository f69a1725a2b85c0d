"""EIP-712 hashing of our fixed struct types, exact and without a schema walk per message.

A struct is a frozen dataclass whose fields are annotated with the aliases below; the EIP-712 type
string, the struct hash and the ABI form are all derived from that one declaration. Python names
are snake_case, the signed names camelCase.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import cache
from operator import attrgetter
from struct import Struct
from struct import error as NotPackable  # noqa: N812 - the class is called "error", which says nothing in an except
from typing import Annotated, Any, TypeAlias, get_args, get_origin, get_type_hints

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError, EncodingError

from ledger.crypto import keccak
from ledger.errors import InvalidInput

Uint8 = Annotated[int, "uint8"]
Uint16 = Annotated[int, "uint16"]
Uint32 = Annotated[int, "uint32"]
Uint48 = Annotated[int, "uint48"]
Uint64 = Annotated[int, "uint64"]
Bool = Annotated[bool, "bool"]
Bytes32 = Annotated[bytes, "bytes32"]
Address = Annotated[bytes, "address"]
Bytes = Annotated[bytes, "bytes"]
String = Annotated[str, "string"]

DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
DOMAIN_NAME = "Huxin"
DOMAIN_VERSION = "1"

Encoder: TypeAlias = Callable[[Any], bytes]


class Field:
    """One field of a struct: its names, its types in both notations and its word encoder."""

    __slots__ = ("abi_type", "encode", "item", "name", "python_name", "type_name")

    def __init__(self, python_name: str, hint: Any) -> None:
        self.python_name = python_name
        self.name = camel(python_name)
        self.item: type | None = None
        if get_origin(hint) is tuple:
            inner = get_args(hint)[0]
            self.type_name, self.abi_type, self.item, encode = _element(inner)
            self.type_name += "[]"
            self.abi_type += "[]"
            self.encode: Encoder = lambda values: keccak(b"".join(map(encode, values)))
        else:
            self.type_name, self.abi_type, self.item, self.encode = _element(hint)


def _class_of(value: object) -> type:
    return type(value)


def camel(name: str) -> str:
    """``case_key`` → ``caseKey``."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def _element(hint: Any) -> tuple[str, str, type | None, Encoder]:
    """(EIP-712 type, ABI type, struct class or None, word encoder) of one annotation."""
    if get_origin(hint) is Annotated:
        kind = hint.__metadata__[0]
        return kind, kind, None, _word_encoder(kind)
    return hint.__name__, abi_type(hint), hint, struct_hash


def _word_encoder(kind: str) -> Encoder:
    if kind.startswith("uint"):
        size = int(kind[4:])
        return lambda value: _uint(value, size)
    if kind == "string":
        return lambda value: keccak(value.encode())
    if kind == "bytes":
        return keccak
    if kind == "bool":
        return lambda value: int(value).to_bytes(32, "big")
    width = 20 if kind == "address" else int(kind[5:])
    pad_left = kind == "address"
    return lambda value: _fixed(value, width, pad_left=pad_left)


def _uint(value: int, bits: int) -> bytes:
    if not 0 <= value < 1 << bits:
        raise InvalidInput(
            "NUMBER_OUT_OF_RANGE",
            "act",
            f"{value} does not fit uint{bits}",
            f"{value} 超出 uint{bits} 的范围",
        )
    return value.to_bytes(32, "big")


def _fixed(value: bytes, width: int, *, pad_left: bool) -> bytes:
    if len(value) != width:
        raise InvalidInput(
            "WRONG_LENGTH",
            "act",
            f"{len(value)} bytes where {width} belong",
            f"应为 {width} 字节,实为 {len(value)} 字节",
        )
    return value.rjust(32, b"\0") if pad_left else value.ljust(32, b"\0")


@cache
def struct_fields(cls: type) -> tuple[Field, ...]:
    """The declared fields of a struct class, in signing order."""
    hints = get_type_hints(cls, include_extras=True)
    return tuple(Field(item.name, hints[item.name]) for item in fields(cls))


@cache
def type_string(cls: type) -> str:
    """EIP-712 ``encodeType``: the struct, then what it refers to, sorted by name."""
    referred: dict[str, type] = {}

    def collect(struct: type) -> None:
        for field in struct_fields(struct):
            if field.item is not None and field.item.__name__ not in referred:
                referred[field.item.__name__] = field.item
                collect(field.item)

    collect(cls)
    others = [referred[name] for name in sorted(referred) if name != cls.__name__]
    return "".join(_own_type(struct) for struct in (cls, *others))


def _own_type(cls: type) -> str:
    members = ",".join(f"{field.type_name} {field.name}" for field in struct_fields(cls))
    return f"{cls.__name__}({members})"


@cache
def type_hash(cls: type) -> bytes:
    """keccak-256 of the type string."""
    return keccak(type_string(cls).encode())


def struct_hash(value: Any) -> bytes:
    """EIP-712 ``hashStruct`` (32 bytes); raises InvalidInput for a value that its field cannot hold."""
    return _hasher(value.__class__)(value)


_PACKED = {
    "uint8": "31xB", "uint16": "30xH", "uint32": "28xI", "uint64": "24xQ", "bool": "31x?",
    "bytes32": "32s", "address": "12x20s",
}  # fmt: skip
"""Types that one ``struct`` format writes as their word; fields of all others are words already."""


@cache
def _hasher(cls: type) -> Callable[[Any], bytes]:
    """``hashStruct`` of one class: all its words in one pack, three times as fast as word by word."""
    members = struct_fields(cls)
    if len(members) < 2:  # of one name, attrgetter gives no tuple
        return _word_by_word
    kinds = [_PACKED.get(field.type_name) for field in members]
    pack = Struct(">" + "".join(kind or "32s" for kind in kinds)).pack
    read = attrgetter(*(field.python_name for field in members))
    encoded = tuple((place, members[place].encode) for place, kind in enumerate(kinds) if kind is None)
    # `struct` cuts and fills up byte strings in silence
    sized = tuple((place, int(kind[-3:-1])) for place, kind in enumerate(kinds) if kind and kind.endswith("s"))
    prefix = type_hash(cls)

    def hashed(value: Any) -> bytes:
        words: Any = read(value)
        if encoded:
            words = list(words)
            for place, encode in encoded:
                words[place] = encode(words[place])
        for place, size in sized:
            if len(words[place]) != size:
                return _word_by_word(value)
        try:
            return keccak(prefix + pack(*words))
        except NotPackable:
            return _word_by_word(value)

    return hashed


def _word_by_word(value: Any) -> bytes:
    """The same hash as the definition has it; says which value is not of its type."""
    cls = _class_of(value)
    words = [field.encode(getattr(value, field.python_name)) for field in struct_fields(cls)]
    return keccak(type_hash(cls) + b"".join(words))


@cache
def domain_separator(chain_id: int, contract: bytes) -> bytes:
    """Separator of one contract (20 bytes) on one chain."""
    return keccak(
        keccak(DOMAIN_TYPE.encode())
        + keccak(DOMAIN_NAME.encode())
        + keccak(DOMAIN_VERSION.encode())
        + chain_id.to_bytes(32, "big")
        + contract.rjust(32, b"\0")
    )


def digest(domain: bytes, hashed_struct: bytes) -> bytes:
    """What is signed: keccak(0x1901 ‖ domain separator ‖ struct hash)."""
    return keccak(b"\x19\x01" + domain + hashed_struct)


@cache
def abi_type(cls: type) -> str:
    """The struct as an ABI tuple type, for example ``(uint64,uint32[])``."""
    return "(" + ",".join(field.abi_type for field in struct_fields(cls)) + ")"


def _plain(value: Any) -> Any:
    """A struct, or a tuple of them, as the nested tuples that eth-abi takes."""
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    if hasattr(type(value), "__dataclass_fields__"):
        return tuple(_plain(getattr(value, f.python_name)) for f in struct_fields(_class_of(value)))
    return value


def encode_body(*values: Any, extra: tuple[str | type, ...] = ()) -> bytes:
    """``abi.encode`` of a struct, followed by values of the types ``extra``: ABI types or structs."""
    struct, *rest = values
    try:
        return abi_encode((abi_type(_class_of(struct)), *map(_abi, extra)), (_plain(struct), *map(_plain, rest)))
    except EncodingError as error:
        raise InvalidInput("ACT_UNENCODABLE", "act", str(error), f"无法编码:{error}") from error


def _abi(kind: str | type) -> str:
    return abi_type(kind) if isinstance(kind, type) else kind


def decode_body(cls: type, body: bytes, extra: tuple[str | type, ...] = ()) -> tuple[Any, ...]:
    """Inverse of :func:`encode_body`; raises InvalidInput ``ACT_UNDECODABLE``."""
    try:
        raw, *rest = decode_canonical((abi_type(cls), *map(_abi, extra)), body)
    except (DecodingError, OverflowError, UnicodeDecodeError) as error:
        raise InvalidInput("ACT_UNDECODABLE", "act", str(error), f"无法解码:{error}") from error
    carried = (_rebuild(kind, one) if isinstance(kind, type) else one for kind, one in zip(extra, rest, strict=True))
    return (_rebuild(cls, raw), *carried)


def decode_canonical(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """Decode ABI data of which the encoding is exactly ``data``, as the contracts do.

    Decoders differ in what else they take (offsets that overlap, bytes left over), so nothing else
    is taken. Raises eth-abi's DecodingError, OverflowError, UnicodeDecodeError.
    """
    values = abi_decode(types, data)
    if abi_encode(types, values) != data:
        msg = "not the canonical ABI encoding of its values"
        raise DecodingError(msg)
    return values


def _rebuild(cls: type, raw: tuple[Any, ...]) -> Any:
    values = []
    for field, value in zip(struct_fields(cls), raw, strict=True):
        item = field.item
        if item is not None:
            many = field.type_name.endswith("[]")
            values.append(tuple(_rebuild(item, v) for v in value) if many else _rebuild(item, value))
        elif field.type_name == "address":
            values.append(bytes.fromhex(value[2:]))
        else:
            values.append(value)
    return cls(*values)


def typed_data(value: Any, chain_id: int, contract: bytes) -> dict[str, Any]:
    """The ``eth_signTypedData_v4`` form, for wallets, ethers and eth-account."""
    types: dict[str, list[dict[str, str]]] = {
        "EIP712Domain": [
            {"name": "name", "type": "string"},
            {"name": "version", "type": "string"},
            {"name": "chainId", "type": "uint256"},
            {"name": "verifyingContract", "type": "address"},
        ]
    }

    def declare(cls: type) -> None:
        types[cls.__name__] = [{"name": f.name, "type": f.type_name} for f in struct_fields(cls)]
        for field in struct_fields(cls):
            if field.item is not None:
                declare(field.item)

    declare(_class_of(value))
    return {
        "types": types,
        "primaryType": type(value).__name__,
        "domain": {
            "name": DOMAIN_NAME,
            "version": DOMAIN_VERSION,
            "chainId": chain_id,
            "verifyingContract": "0x" + contract.hex(),
        },
        "message": message(value),
    }


def message(value: Any) -> Any:
    """A struct as JSON: byte strings as 0x-hex, numbers as numbers, camelCase names."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, tuple):
        return [message(item) for item in value]
    if hasattr(type(value), "__dataclass_fields__"):
        return {f.name: message(getattr(value, f.python_name)) for f in struct_fields(_class_of(value))}
    return value
