"""The ABI form of a license in one pack: a library of a million is encoded in seconds, not minutes."""

from operator import attrgetter
from struct import Struct
from struct import error as NotPackable  # noqa: N812 - the class is called "error", which says nothing in an except

from ledger.acts import License
from ledger.eip712 import encode_body, struct_fields
from ledger.merkle import double_hash

_FIELDS = struct_fields(License)
_WORDS = {"uint64": "24xQ", "uint32": "28xI", "bytes32": "32s"}
_pack = Struct(">" + "".join(_WORDS[one.type_name] for one in _FIELDS)).pack
_values = attrgetter(*(one.python_name for one in _FIELDS))
_hashes = attrgetter(*(one.python_name for one in _FIELDS if one.type_name == "bytes32"))


def packed(license_: License) -> bytes:
    """``abi.encode`` of the license (320 bytes); InvalidInput ``ACT_UNENCODABLE``."""
    try:
        if all(len(word) == 32 for word in _hashes(license_)):  # ``struct`` cuts and fills up in silence
            return _pack(*_values(license_))
    except (NotPackable, TypeError):
        pass
    return encode_body(license_)  # says what is wrong


def fast_leaf(license_: License) -> bytes:
    """The license's leaf, as ``ledger.rules.licenses.leaf_of`` has it."""
    return double_hash(packed(license_))
