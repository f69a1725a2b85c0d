"""One license as an issuer's library has it."""

from typing import Any

TYPE, ISSUER = "11100000000013338W011", "11430000006122244L"
IDENTIFIER = f"1.2.156.3005.2.{TYPE}.{ISSUER}.20230000403.001.U"
HOLDER = "91350100M000100Y43"
RESIDENT = "11010519491231002X"


def row(**other: Any) -> dict[str, Any]:
    """Elements of a license without a fault; None leaves one out."""
    elements: dict[str, Any] = {
        "ZZMC": "食品经营许可证", "ZZLXDM": TYPE, "ZZBH": "JY14300000000001", "ZZBS": IDENTIFIER,
        "ZZBFJG": "市场监督管理局",
        "ZZBFJGDM": ISSUER, "ZZBFRQ": "2023-05-22", "CZZT": "某某餐饮有限公司", "CZZTDM": HOLDER, "CZZTDMLX": "001",
        "ZZYXQQSRQ": "2023-05-22", "ZZYXQJZRQ": "2028-05-21",
    }  # fmt: skip
    return {name: value for name, value in (elements | other).items() if value is not None}
