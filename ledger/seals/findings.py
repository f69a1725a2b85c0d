"""Deviations met in real files that do not touch what was signed: tolerated, and always reported."""

from enum import StrEnum

from ledger.verdict import Check, Verdict


class Finding(StrEnum):
    """A tolerated deviation; the value is its stable code."""

    RAW_SIGNATURE_VALUE = "RAW_SIGNATURE_VALUE"
    EXTENSIONS_UNTAGGED = "EXTENSIONS_UNTAGGED"
    DEFAULT_WRITTEN_OUT = "DEFAULT_WRITTEN_OUT"
    TIME_NOT_UTC = "TIME_NOT_UTC"
    KEY_USAGE_ABSENT = "KEY_USAGE_ABSENT"
    UNKNOWN_PICTURE_TYPE = "UNKNOWN_PICTURE_TYPE"
    UNKNOWN_SEAL_TYPE = "UNKNOWN_SEAL_TYPE"
    VERSION_UNUSUAL = "VERSION_UNUSUAL"
    SEAL_OF_ANOTHER_VERSION = "SEAL_OF_ANOTHER_VERSION"
    TIME_TYPE_UNUSUAL = "TIME_TYPE_UNUSUAL"
    DEVELOPMENT_CERTIFICATE = "DEVELOPMENT_CERTIFICATE"


_TEXTS = {
    Finding.RAW_SIGNATURE_VALUE: (
        "signature value is 64 raw bytes r‖s, not DER",
        "签名值是 64 字节 r‖s，非 DER",
    ),
    Finding.EXTENSIONS_UNTAGGED: ("custom data stands without its [0] tag", "自定义数据缺少 [0] 标签"),
    Finding.DEFAULT_WRITTEN_OUT: ("DEFAULT FALSE is written out", "缺省值 FALSE 被写出"),
    Finding.TIME_NOT_UTC: ("a time has an offset instead of Z", "时间使用时区偏移而非 Z"),
    Finding.KEY_USAGE_ABSENT: ("a certificate does not say what its key is for", "证书未说明密钥用法"),
    Finding.UNKNOWN_PICTURE_TYPE: ("picture type outside the standard's list", "印章图像类型不在标准所列之内"),
    Finding.UNKNOWN_SEAL_TYPE: ("seal type outside the standard's list", "印章类型不在标准所列之内"),
    Finding.VERSION_UNUSUAL: ("version number does not fit the structure", "版本号与结构不一致"),
    Finding.SEAL_OF_ANOTHER_VERSION: ("the seal has another version than the signature", "印章与签章的版本不同"),
    Finding.TIME_TYPE_UNUSUAL: ("a time has the other ASN.1 type than the version demands", "时间类型与版本规定不符"),
    Finding.DEVELOPMENT_CERTIFICATE: ("a certificate is for development only", "证书仅供开发使用"),
}


def as_check(finding: Finding, where: str) -> Check:
    """A check that passed with a remark: the verdict is VALID, the reason code the finding's."""
    english, chinese = _TEXTS[finding]
    return Check(f"finding.{where}", Verdict.VALID, finding.value, f"提示：{chinese}", f"note: {english}")
