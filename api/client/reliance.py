"""免提交: evidence that a step rests on a verified license, from what ``huxin verify document --json`` printed."""

import json
from typing import Any

from api.client.documents import Verified
from api.client.uses import terms_of
from ledger.crypto import Digest, parse_digest
from ledger.errors import InvalidInput
from ledger.evidence_license import VerifiedLicense, read_report
from ledger.holding import authorization_digest
from ledger.licenses.packing import packed
from ledger.licenses.share import Share
from ledger.verdict import Report


def of_verified(
    found: Verified, entry: int, share: Share | None = None, authorization: bytes | None = None
) -> VerifiedLicense:
    """From a verification of this process; ``authorization`` is the digest that the holder signed.

    InvalidInput ``LICENSE_NOT_NAMED``, ``LICENSE_DIFFERS``, ``REPORT_INCOMPLETE``.
    """
    return _made(found.report, found.leaf, (found.sm3, found.sha256), entry, share, authorization)


def of_printed(
    printed: str, entry: int, domain: bytes, share: str | None = None, authorization: str | None = None
) -> VerifiedLicense:
    """From the JSON that the command printed, the share file and the authorization that the holder handed over.

    ``domain`` is that of Licenses. The verdict is taken from the checks, not from what is written above them.
    """
    made, _ = read_report(printed)
    body: dict[str, Any] = json.loads(printed)
    leaf, sm3, sha256 = (body.get(name) for name in ("leaf", "sm3", "sha256"))
    digests = parse_digest(str(sm3), "sm3"), parse_digest(str(sha256), "sha256")
    opened = None if share is None else Share.from_json(share)
    terms = None if authorization is None else terms_of(_object(authorization))
    signed = None if terms is None else authorization_digest(domain, terms)
    return _made(made, _word(leaf), digests, entry, opened, signed)


def _made(
    made: Report, leaf: bytes | None, digests: tuple[Digest, Digest], entry: int, share: Share | None,
    authorization: bytes | None,
) -> VerifiedLicense:  # fmt: skip
    if leaf is None:
        en = "the verification found no license on the ledger that the document is"
        raise InvalidInput("LICENSE_NOT_NAMED", "leaf", en, "核验未找到与该文件对应的已登记证照")
    if share is None:
        return VerifiedLicense.of(made, leaf, digests, entry, authorization=authorization)
    if share.leaf != leaf:
        raise InvalidInput("LICENSE_DIFFERS", "share", "the share is another license's", "份额属于另一份证照")
    return VerifiedLicense.of(
        made, leaf, digests, entry, authorization=authorization, body=packed(share.license), proof=share.proof
    )


def _word(text: object) -> bytes | None:
    try:
        word = bytes.fromhex(str(text).removeprefix("0x")) if text is not None else None
    except ValueError:
        word = b""
    if word is not None and len(word) != 32:
        raise InvalidInput("REPORT_MALFORMED", "leaf", "leaf must be 32 bytes in hex", "leaf 须为 32 字节十六进制")
    return word


def _object(text: str) -> Any:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InvalidInput("FILE_NOT_JSON", "authorization", "not JSON", "不是 JSON 文件") from error
    if not isinstance(found, dict):
        raise InvalidInput("FILE_NOT_JSON", "authorization", "not a JSON object", "不是 JSON 对象")
    return found
