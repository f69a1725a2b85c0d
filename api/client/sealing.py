"""用印: what a decision says of its seal, read from the sealed document; the document never leaves this machine."""

from typing import BinaryIO

from api.client.proofs import chunks_of
from ledger.crypto import file_digests, sm3
from ledger.documents import ofd_check
from ledger.errors import InvalidInput
from ledger.evidence_seal import SealUse
from ledger.seals.trust import TrustStores


def seal_use(file: BinaryIO, seal: int, registered: bytes, license_: bytes | None = None) -> SealUse:
    """Of a sealed OFD that bears the seal registered with this digest (SM3 of its DER); ``license_`` is its leaf.

    Whether the signature holds is for ``huxin verify document``. InvalidInput ``SEAL_NOT_FOUND_IN_FILE`` where the
    document bears no such seal, or is none.
    """
    file.seek(0)
    digests = file_digests(chunks_of(file))
    for one in reversed(ofd_check.examine(file, ofd_check.judge_by(TrustStores(), 0)).signatures):
        if one.value is not None and one.value.seal is not None and one.value.seal.sm3 == registered:
            return SealUse.of(seal, registered, digests, sm3(one.signature.value).value, license_)
    en = "the file is no OFD that bears the seal as it is registered"
    raise InvalidInput("SEAL_NOT_FOUND_IN_FILE", "sealed", en, "文件不是加盖了该登记印章的 OFD")
