"""Each way in which an archive can lie, cheat or be broken has its own code."""

import hashlib
import io
import itertools
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from ledger.documents.container import Container
from ledger.documents.zip_directory import LIMITS, Bounds
from ledger.documents.zip_names import shown
from ledger.errors import InvalidInput
from tests.unit.ledger.documents.archives import Part, archive, streamed

ONE = Part(b"OFD.xml", b"<OFD/>" * 20)
TWO = Part(b"Doc_0/Document.xml", b"<Document/>" * 20)
TEXT = b"the same again " * 1000
SMALL = Bounds(entries=10, entry=1 << 20, total=3 << 20, ratio=50, ratio_from=1 << 10, total_from=1 << 20)


def code_of(file: bytes, bounds: Bounds | None = None) -> str:
    """The code with which an archive is refused on opening or reading everything."""
    with pytest.raises(InvalidInput) as refused:
        everything(file, bounds)
    return refused.value.code


def everything(file: bytes, bounds: Bounds | None = None) -> dict[str, bytes]:
    opened = Container.open(file, bounds)
    return {name: opened.read(name, 1 << 30) for name in opened.entries}


def test_parts_are_read_as_zipfile_reads_them() -> None:
    file = archive(ONE, Part(b"Doc_0/", method=0), TWO, streamed(Part(b"a", TEXT)), Part(b"b", TEXT, method=0))
    opened = Container.open(file)
    with zipfile.ZipFile(io.BytesIO(file)) as judge:
        assert list(opened.entries) == [name for name in judge.namelist() if not name.endswith("/")]
        for name in opened.entries:
            assert opened.read(name, 1 << 20) == judge.read(name)


@pytest.mark.parametrize(("mark", "wide"), list(itertools.product((True, False), repeat=2)))
def test_streamed_entries_are_read_with_either_descriptor(mark: bool, wide: bool) -> None:
    one, two = (streamed(part, mark=mark, wide=wide) for part in (ONE, TWO))
    assert list(Container.open(archive(one, two)).entries) == ["OFD.xml", "Doc_0/Document.xml"]


def test_zip64_is_read() -> None:
    wide = Part(b"OFD.xml", b"<OFD/>", wide=True)
    assert Container.open(archive(wide, zip64=True)).read("OFD.xml", 100) == b"<OFD/>"


def test_a_large_entry_is_hashed_in_pieces(tmp_path: Path) -> None:
    piece, file = bytes(range(256)) * 4096, tmp_path / "large.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as made, made.open("large", "w") as part:
        for _ in range(64):
            part.write(piece)
    hasher = hashlib.sha256()
    with file.open("rb") as source:
        tracemalloc.start()
        Container.open(source).feed("large", hasher)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert hasher.digest() == hashlib.sha256(piece * 64).digest()
    assert most < 2 << 20


def _cut(file: bytes, count: int) -> bytes:
    return file[: len(file) - count]


def _flipped(file: bytes, place: int, mask: int = 1) -> bytes:
    return file[:place] + bytes([file[place] ^ mask]) + file[place + 1 :]


UNICODE_PATH = struct.pack("<2HBL", 0x7075, 5 + 5, 1, 0) + b"other"
PLAIN = archive(ONE, TWO)

BROKEN: dict[str, tuple[bytes, str]] = {
    "end cut off": (_cut(PLAIN, 30), "ZIP_TRUNCATED"),
    "last byte cut off": (_cut(PLAIN, 1), "ZIP_TRUNCATED"),
    "comment cut off": (_cut(archive(ONE, comment=b"hello"), 2), "ZIP_TRUNCATED"),
    "bytes after the end": (archive(ONE, after=b"<script>"), "ZIP_TRAILING_DATA"),
    "a second archive after it": (PLAIN + b"x" + PLAIN, "ZIP_PREFIXED"),
    "a program before it": (b"MZ" + b"\0" * 100 + PLAIN, "ZIP_PREFIXED"),
    "a program before the first entry": (archive(ONE, before=b"MZ\0\0"), "ZIP_PREFIXED"),
    "two ends": (archive(ONE, comment=archive(TWO)[-22:]), "ZIP_MALFORMED"),
    "hidden before the directory": (archive(ONE, between=TWO.local()), "ZIP_HIDDEN_DATA"),
    "hidden between entries": (archive(Part(b"a", TEXT, after=b"hidden"), TWO), "ZIP_HIDDEN_DATA"),
    "an entry listed twice": (archive(Part(b"a", TEXT), Part(b"b", TEXT, offset=0, local_name=b"")), ""),
    "more entries announced": (archive(ONE, TWO, count=3), "ZIP_COUNT"),
    "fewer entries announced": (archive(ONE, TWO, count=1), "ZIP_COUNT"),
    "one name twice": (archive(ONE, Part(b"OFD.xml", b"<Other/>")), "ZIP_DUPLICATE_NAME"),
    "one name in two cases": (archive(ONE, Part(b"ofd.XML", b"<Other/>")), "ZIP_DUPLICATE_NAME"),
    "one name in two Unicode forms": (
        archive(Part("é.xml".encode(), flags=0x800), Part("e\u0301.xml".encode(), flags=0x800)),
        "ZIP_DUPLICATE_NAME",
    ),
    "one name in full width": (archive(ONE, Part("ＯＦＤ.xml".encode(), flags=0x800)), "ZIP_DUPLICATE_NAME"),
    "a folder of a part's name": (archive(ONE, Part(b"OFD.xml/", method=0)), "ZIP_DUPLICATE_NAME"),
    "another name in the header": (archive(Part(b"OFD.xml", b"x", local_name=b"OFD.xmk")), "ZIP_HEADERS_DISAGREE"),
    "another size in the header": (archive(Part(b"OFD.xml", b"xyz", local_size=2)), "ZIP_HEADERS_DISAGREE"),
    "another name in an extra field": (archive(Part(b"OFD.xml", b"x", extra=UNICODE_PATH)), "ZIP_HEADERS_DISAGREE"),
    "another name in the directory": (
        archive(Part(b"OFD.xml", b"x", central_extra=UNICODE_PATH)),
        "ZIP_HEADERS_DISAGREE",
    ),
    "a wrong descriptor": (
        archive(Part(b"a", TEXT, flags=8, after=b"PK\x07\x08" + b"\0" * 12), TWO),
        "ZIP_HEADERS_DISAGREE",
    ),
    "leading out": (archive(Part(b"../../etc/passwd", b"x")), "ZIP_NAME_UNSAFE"),
    "leading out in between": (archive(Part(b"Doc_0/../../x", b"x")), "ZIP_NAME_UNSAFE"),
    "absolute": (archive(Part(b"/etc/passwd", b"x")), "ZIP_NAME_UNSAFE"),
    "a drive": (archive(Part(b"C:/x", b"x")), "ZIP_NAME_UNSAFE"),
    "a backslash": (archive(Part(b"..\\x", b"x")), "ZIP_NAME_UNSAFE"),
    "a null character": (archive(Part(b"OFD.xml\0.txt", b"x")), "ZIP_NAME_UNSAFE"),
    "right to left": (archive(Part("a\u202elmx.b".encode(), b"x", flags=0x800)), "ZIP_NAME_UNSAFE"),
    "no name": (archive(Part(b"", b"x")), "ZIP_NAME_UNSAFE"),
    "a link": (archive(Part(b"OFD.xml", b"/etc/passwd", made=(3 << 8) | 20, mode=0o120777 << 16)), "ZIP_LINK"),
    "a link made on another system": (
        archive(Part(b"OFD.xml", b"/etc/passwd", made=(19 << 8) | 20, mode=0o120777 << 16)),
        "ZIP_LINK",
    ),
    "encrypted": (archive(Part(b"OFD.xml", b"x", flags=1)), "ZIP_ENCRYPTED"),
    "encrypted with AES": (archive(Part(b"OFD.xml", b"x", method=99)), "ZIP_ENCRYPTED"),
    "of a version to come": (archive(Part(b"OFD.xml", b"x", needed=64)), "ZIP_VERSION_UNKNOWN"),
    "a patch": (archive(Part(b"OFD.xml", b"x", flags=0x20)), "ZIP_VERSION_UNKNOWN"),
    "packed with LZMA": (archive(Part(b"OFD.xml", b"x", method=14)), "ZIP_COMPRESSION_UNKNOWN"),
    "wrong checksum": (archive(Part(b"OFD.xml", b"xyz", crc=1)), "ZIP_DATA_CORRUPT"),
    "larger than it says": (archive(Part(b"OFD.xml", TEXT, size=100)), "ZIP_DATA_CORRUPT"),
    "smaller than it says": (archive(Part(b"OFD.xml", b"abc", size=100)), "ZIP_DATA_CORRUPT"),
    "data after the packed data": (archive(Part(b"a", b"", packed=b"\x03\x00junk")), "ZIP_DATA_CORRUPT"),
    "packed data cut off": (archive(Part(b"a", TEXT, packed=Part(b"", TEXT).body()[:-4])), "ZIP_DATA_CORRUPT"),
    "packed data destroyed": (archive(Part(b"a", TEXT, packed=b"\xff" * 40)), "ZIP_DATA_CORRUPT"),
    "a folder with data": (archive(Part(b"Doc_0/", b"x")), "ZIP_MALFORMED"),
    "split": (archive(Part(b"a", b"x", disk=1)), "ZIP_SPLIT"),
    "offset beyond": (archive(Part(b"a", b"x", offset=1 << 20)), "ZIP_OVERLAP"),
    "offset into an entry": (archive(Part(b"a", TEXT), Part(b"b", b"x", offset=7)), "ZIP_MALFORMED"),
}


@pytest.mark.parametrize("defect", BROKEN)
def test_a_defect_is_refused_under_its_name(defect: str) -> None:
    file, expected = BROKEN[defect]
    assert code_of(file) == (expected or "ZIP_HEADERS_DISAGREE")


def test_entries_that_share_bytes_are_refused() -> None:
    """A quoted entry: the first one's data are the second one's header and data (D. Fifield's bomb)."""
    kernel = Part(b"b", TEXT)
    quoting = Part(b"a", b"".join([kernel.local()]), method=0)
    inner = len(quoting.local()) - len(kernel.local())
    file = archive(quoting, Part(b"b", TEXT, offset=inner))
    cut = len(quoting.local())
    file = file[:cut] + file[cut + len(kernel.local()) :]
    place = file.rfind(b"PK\x05\x06")
    directory = struct.unpack_from("<L", file, place + 16)[0] - len(kernel.local())
    assert code_of(file[: place + 16] + struct.pack("<L", directory) + file[place + 20 :]) == "ZIP_OVERLAP"


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (archive(Part(b"a", b"\0" * (1 << 19))), "ZIP_BOMB"),
        (archive(Part(b"a", b"abc", size=(1 << 20) + 1)), "ZIP_TOO_LARGE"),
        (archive(*(Part(b"%d" % n, b"\1\2" * (1 << 18), method=0) for n in range(7))), "ZIP_TOO_LARGE"),
        (archive(*(Part(b"%d" % n) for n in range(11))), "ZIP_TOO_MANY_ENTRIES"),
    ],
    ids=["zip bomb", "large entry", "large altogether", "many entries"],
)
def test_a_bomb_is_not_unpacked(file: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Container.open(file, SMALL)
    assert refused.value.code == code
    assert code in LIMITS


def test_a_bomb_of_many_small_ones_is_one() -> None:
    """No entry alone is large enough to be looked at; together they unpack to hundreds of times the file."""
    file = archive(*(Part(b"%d" % n, b"\0" * (1 << 19)) for n in range(9)))
    with pytest.raises(InvalidInput, match="ZIP_BOMB"):
        Container.open(file, Bounds(total_from=4 << 20))
    assert len(Container.open(file, Bounds(total_from=5 << 20)).entries) == 9


def test_strange_but_visible_names_are_read() -> None:
    name = "某\u3000执照\ue000🏛.xml"
    assert list(Container.open(archive(Part(name.encode(), flags=0x800))).entries) == [name]


def test_a_bomb_that_hides_its_size_is_stopped_at_the_size_it_gave() -> None:
    opened = Container.open(archive(Part(b"a", b"\0" * (1 << 24), size=1000)))
    got: list[int] = []
    with pytest.raises(InvalidInput, match="ZIP_DATA_CORRUPT"):
        got.extend(len(piece) for piece in opened.pieces("a"))
    assert sum(got) <= 1000


def test_names_of_chinese_tools_are_read_and_noted() -> None:
    opened = Container.open(archive(Part("证照.xml".encode("gb18030"), b"x")))
    assert list(opened.entries) == ["证照.xml"]
    assert opened.findings == ("ZIP_NAME_ENCODING",)


def test_a_strange_name_in_a_report_is_harmless() -> None:
    said = shown("a\u202e\x00\n" + "11010519491231002X" + "z" * 10_000)
    assert said.isascii()
    assert said.isprintable()
    assert "1101051949" not in said
    assert len(said) <= 120


def test_any_cut_and_any_flipped_bit_is_refused_or_leaves_the_bytes_alone() -> None:
    held = everything(PLAIN)
    for file in [*(PLAIN[:n] for n in range(len(PLAIN))), *(_flipped(PLAIN, n) for n in range(len(PLAIN)))]:
        try:
            got = everything(file)
        except InvalidInput:
            continue
        assert sorted(got.values()) == sorted(held.values())
