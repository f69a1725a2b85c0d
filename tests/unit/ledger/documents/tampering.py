"""A sealed document of ours, and ways to change what is in it without its keys."""

from collections.abc import Callable

from ledger.documents.ofd_making import Sheet, pack, unpack
from ledger.verdict import Report

PAGE, LIST = "Doc_0/Pages/Page_0/Content.xml", "Doc_0/Signs/Signatures.xml"
FIRST = "Doc_0/Signs/Sign_0"
SHEET = Sheet("营业执照", ("名称：某某有限公司",), (("ZZMC", "营业执照"),), metadata=b"<license/>")
Change = Callable[[dict[str, bytes]], None]


def changed(file: bytes, change: Change) -> bytes:
    parts = unpack(file)
    change(parts)
    return pack(parts)


def codes(report: Report) -> dict[str, str]:
    """Reason codes of everything that is not plainly valid, by the check's name."""
    return {
        check.name: check.reason_code
        for check in report.checks
        if check.reason_code != "OK" and ".finding." not in check.name
    }


def edit(part: str, old: bytes, new: bytes) -> Change:
    def change(parts: dict[str, bytes]) -> None:
        assert old in parts[part]
        parts[part] = parts[part].replace(old, new, 1)

    return change


def put(part: str, data: bytes) -> Change:
    return lambda parts: parts.update({part: data})


def drop(part: str) -> Change:
    def change(parts: dict[str, bytes]) -> None:
        del parts[part]

    return change


def rename(old: str, new: str) -> Change:
    """One part under another name, at its place among the others."""

    def change(parts: dict[str, bytes]) -> None:
        before = dict(parts)
        parts.clear()
        parts.update((new if name == old else name, data) for name, data in before.items())

    return change
