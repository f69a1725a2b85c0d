"""Where hostile documents go in, and how it is known that an answer was wrong.

A report that says valid is wrong unless every part of the document has the bytes that were sealed, as Python's own
``zipfile`` reads them: another reader than ours. Signature values alone may differ, where the format has fields that
no signature covers (GM/T 35275 lists digest algorithms before them): then all that they are found to say must be the
same, and they must end where their DER ends. A parser may refuse with InvalidInput alone. An answer must come in time
(processor time, so that a busy machine accuses nobody).
"""

import hashlib
import io
import random
import re
import signal
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from ledger.documents import ofd_check
from ledger.documents.ofd_check import Judge
from ledger.documents.ofd_making import unpack
from ledger.documents.zip_directory import Bounds
from ledger.errors import InvalidInput
from ledger.seals import certificates, seal, signature, signed_data
from ledger.seals.checks import SignatureReport
from ledger.verdict import Report, Verdict
from scripts import fault_documents_spoil as spoil
from scripts.documents_scene import Scene
from scripts.fault_documents_forge import FORGERIES, Forger
from scripts.fault_inputs_tally import Tally

T = TypeVar("T")
SECONDS = 2.0
"""Processor time that one input may take."""
_RANGE = re.compile(rb"/ByteRange ?\[(\d+) (\d+) (\d+) (\d+) *\]")
BOUNDS = Bounds(entry=8 << 20, total=32 << 20)
Spoiler = Callable[[bytes, random.Random], bytes]
PartsSpoiler = Callable[[spoil.Parts, random.Random], bytes]
Arm = Callable[[], None]

PACKAGE: tuple[tuple[str, Spoiler], ...] = (("bytes", spoil.raw), ("headers", spoil.directory))
CONTENT: tuple[tuple[str, PartsSpoiler], ...] = (
    ("parts rearranged", spoil.rearranged),
    ("part spoilt", spoil.part_spoilt),
    ("XML changed", spoil.xml_spoilt),
    ("seal or value changed", spoil.value_spoilt),
)
_PARSERS: dict[str, Callable[[bytes], object]] = {
    "seal": seal.parse_seal,
    "signature": signature.parse_signature,
    "signed data": signed_data.parse_signed_data,
    "certificate": certificates.parse_certificate,
}


class TooSlowError(BaseException):
    """An input took longer than it may; no ``except Exception`` on the way may swallow it."""


@contextmanager
def in_time() -> Iterator[None]:
    """Raise TooSlowError after ``SECONDS`` of this process's time; in the main thread."""

    def late(*_: object) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def parts_of(file: bytes) -> dict[str, bytes] | None:
    """Parts by name as ``zipfile`` reads them; None where it cannot.

    Names count as they are written. Only what no reader shows may bear its own in another case: a signature's files.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            names = [info for info in archive.infolist() if not info.is_dir()]
            found = {_told(info.filename): archive.read(info) for info in names}
    except Exception:  # noqa: BLE001 - zipfile raises whatever it likes on hostile files
        return None
    return found if len(found) == len(names) else None


def _told(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).lower()
    return folded if folded.endswith(("/signature.xml", "/signedvalue.dat")) else name


@dataclass(slots=True)
class Original:
    """A valid document of ours: its bytes, and its parts as we and as ``zipfile`` read them."""

    name: str
    file: bytes
    parts: dict[str, bytes]
    told: dict[str, bytes] = field(init=False)

    def __post_init__(self) -> None:
        """Read it once."""
        self.told = parts_of(self.file) or {}


class Arms:
    """All ways in, over one scene; each call of an arm is one input."""

    def __init__(self, scene: Scene, seed: int, tally: Tally, keep: Path | None = None) -> None:
        self.scene, self.tally, self.chance = scene, tally, random.Random(seed)  # noqa: S311 - repeatable
        self.documents = [Original(name, file, unpack(file)) for name, file in scene.documents]
        self.forger = Forger(scene.stranger, scene.thief, [one.parts for one in self.documents])
        self.judge = remembered(scene.judge)
        self.keep = keep
        """Folder for inputs that were answered wrongly: signature values have randomness, so a seed is not all."""

    def begin(self) -> None:
        """What is valid must be found valid: an experiment that refuses everything shows nothing."""
        for one in self.documents:
            report = ofd_check.check_ofd(one.file, self.judge, BOUNDS)
            if report.overall is not Verdict.VALID:
                self.tally.fault(f"OFD {one.name} as it was made", str([c.reason_code for c in report.failures]))
        for name, file in self.scene.pdfs:
            if self.scene.check_pdf(file).overall is not Verdict.VALID:
                self.tally.fault(f"PDF {name} as it was made", "not valid")
        for name, file in self.scene.forged_pdfs:
            if self.scene.check_pdf(file).overall is Verdict.VALID:
                self.tally.fault(f"PDF {name}: wrong valid", "as it was made")
        for kind, value, original in self.scene.values:
            if self.scene.judge(value, original).overall is not Verdict.VALID:
                self.tally.fault(f"DER {kind} as it was made", "not valid")

    def package(self) -> None:
        """The file's bytes, or a header of its archive."""
        one = self.chance.choice(self.documents)
        kind, change = self.chance.choice(PACKAGE)
        self._ofd(one, kind, change(one.file, self.chance))

    def content(self) -> None:
        """What is in the archive, which is itself well formed."""
        one = self.chance.choice(self.documents)
        kind, change = self.chance.choice(CONTENT)
        self._ofd(one, kind, change(one.parts, self.chance))

    def forged(self) -> None:
        """By somebody who knows the format and has keys, but none that are trusted."""
        one = self.chance.choice(self.documents)
        forgery = self.chance.choice(FORGERIES)
        self._ofd(one, f"forged: {forgery.__name__.replace('_', ' ')}", forgery(self.forger, one.parts, self.chance))

    def _ofd(self, one: Original, kind: str, file: bytes) -> None:
        report = self._run("OFD", kind, file, lambda: ofd_check.check_ofd(file, self.judge, BOUNDS))
        if report is None:
            return
        self.tally.add("OFD", kind, _code(report))
        if report.overall is Verdict.VALID and not any(self._same(each, file) for each in (one, *self.documents)):
            self._wrong(f"OFD {kind}: wrong valid", one.name, file)

    def _same(self, one: Original, file: bytes) -> bool:
        """Whether a valid document is the one it was made from, but for fields of values that nothing covers."""
        parts = parts_of(file)
        if parts is None or parts.keys() != one.told.keys():
            return False
        differing = [name for name in parts if parts[name] != one.told[name]]
        if not all(name.endswith("/signedvalue.dat") and whole(parts[name]) for name in differing):
            return False
        said, meant = (ofd_check.examine(each, self.judge, BOUNDS).signatures for each in (file, one.file))
        return not differing or [claims(each.value) for each in said] == [claims(each.value) for each in meant]

    def parsers(self) -> None:
        """A seal, signature, signed data or certificate, only read."""
        kind, data = self.chance.choice(self.scene.encoded)
        spoilt = spoil.der(data, self.chance)
        parser = _PARSERS[self.chance.choice(list(_PARSERS)) if self.chance.random() < 0.1 else kind]
        code = self._run("DER", kind, spoilt, lambda: _refusal(parser, spoilt))
        if code is not None:
            self.tally.add("DER", f"{kind} read", code)

    def values(self) -> None:
        """A signature value, checked in full."""
        kind, value, original = self.chance.choice(self.scene.values)
        spoilt = spoil.der(value, self.chance)
        found = self._run("DER", kind, spoilt, lambda: self.scene.judge(spoilt, original))
        if found is None:
            return
        self.tally.add("DER", f"{kind} checked", _code(found.report))
        same = spoilt == value or (whole(spoilt) and claims(found) == claims(self.judge(value, original)))
        if found.overall is Verdict.VALID and not same:
            self._wrong(f"DER {kind}: wrong valid", spoilt.hex()[:120], spoilt)

    def pdf(self) -> None:
        """A signed PDF, checked in full."""
        genuine = self.chance.random() < 0.75
        name, file = self.chance.choice(self.scene.pdfs if genuine else self.scene.forged_pdfs)
        spoilt = spoil.pdf(file, self.chance)
        report = self._run("PDF", name, spoilt, lambda: self.scene.check_pdf(spoilt))
        if report is None:
            return
        self.tally.add("PDF", name if genuine else f"forged: {name}", _code(report))
        if report.overall is Verdict.VALID and not (genuine and self._same_pdf(file, spoilt)):
            self._wrong(f"PDF {name}: wrong valid", "", spoilt)

    def _same_pdf(self, file: bytes, spoilt: bytes) -> bool:
        """Whether everything around the last value is as it was, and that value says what it said."""
        before, start, end, rest = (int(one) for one in _RANGE.findall(file)[-1])
        outside = file[before:start] + file[end : end + rest]
        if spoilt[before:start] + spoilt[end : end + rest] != outside or spoilt[end + rest :].strip():
            return False
        values = [_value(one[start:end]) for one in (file, spoilt)]
        return values[0] == values[1] or claims(self.judge(values[0], outside)) == claims(
            self.judge(values[1], outside)
        )

    def _run(self, place: str, kind: str, file: bytes, work: Callable[[], T]) -> T | None:
        try:
            with in_time():
                return work()
        except TooSlowError:
            self._wrong(f"{place} {kind}: hang", f"over {SECONDS} s", file)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a crash
            self._wrong(f"{place} {kind}: crash", f"{type(error).__name__}: {error}", file)
        return None

    def _wrong(self, what: str, sample: str, file: bytes) -> None:
        digest = hashlib.sha256(file).hexdigest()[:16]
        self.tally.fault(what, f"{sample} ({len(file)} bytes, {digest})")
        if self.keep is not None:
            (self.keep / f"{digest}.bin").write_bytes(file)


def _value(gap: bytes) -> bytes:
    """The DER that stands in hexadecimal between angle brackets, without its padding."""
    try:
        data = bytes.fromhex(gap[1:-1].decode("ascii"))
    except ValueError:
        return b""
    outer = spoil.elements(data)
    return data[: outer[0][2]] if outer else b""


def whole(data: bytes) -> bool:
    """Whether DER ends where its outermost length says."""
    outer = spoil.elements(data)
    return bool(outer) and outer[0][2] == len(data)


def claims(found: SignatureReport | None) -> tuple[object, ...]:
    """Everything that a signature value is found to say."""
    if found is None:
        return ()
    return (found.form, found.signed_at, found.property_info, found.seal_der, found.seal, found.signer, found.maker)


def remembered(judge: Judge) -> Judge:
    """The judge with a memory for values that come again unspoilt: it is a function of its arguments alone."""

    @lru_cache(maxsize=64)
    def again(value: bytes, original: bytes) -> SignatureReport:
        return judge(value, original)

    return again


def _refusal(parser: Callable[[bytes], object], data: bytes) -> str:
    try:
        parser(data)
    except InvalidInput as error:
        return error.code
    return "READ"


def _code(report: Report) -> str:
    return next((check.reason_code for check in report.failures), "VALID")
