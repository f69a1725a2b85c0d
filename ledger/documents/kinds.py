"""What a file is, from its first bytes and its parts: who brings the wrong kind is told what it is, what to bring."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file; ``code`` is stable."""

    code: str
    zh: str
    en: str


OFD = Kind("OFD", "OFD 版式文件", "an OFD document")
PDF = Kind("PDF", "PDF 文件", "a PDF document")
ZIP = Kind("ZIP", "普通压缩包", "a ZIP archive of something else")
EMPTY = Kind("EMPTY", "空文件", "an empty file")
UNKNOWN = Kind("UNKNOWN", "无法识别的文件", "a file of no known kind")
SEAL = Kind("SEAL", "单独的电子印章或签章值", "an electronic seal or signature value by itself")
TWO = Kind(
    "AMBIGUOUS",
    "同时像压缩包（OFD）又像 PDF 的文件，不同软件显示的内容不同",
    "a file that is an archive (OFD) and a PDF at once: programs show two documents",
)
_OFFICE = Kind("OFFICE", "Office 文档", "an Office document")
_JPEG, _PNG = Kind("JPEG", "JPEG 图片", "a JPEG picture"), Kind("PNG", "PNG 图片", "a PNG picture")
_XML = Kind("XML", "XML 文件", "an XML file")

_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"%PDF-", PDF),
    (b"\xff\xd8\xff", _JPEG),
    (b"\x89PNG\r\n\x1a\n", _PNG),
    (b"GIF8", Kind("GIF", "GIF 图片", "a GIF picture")),
    (b"II*\0", Kind("TIFF", "TIFF 图片", "a TIFF picture")),
    (b"MM\0*", Kind("TIFF", "TIFF 图片", "a TIFF picture")),
    (b"BM", Kind("BMP", "BMP 图片", "a BMP picture")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind("OLE", "旧版 Office 文档", "an old Office document")),
    (b"Rar!\x1a\x07", Kind("RAR", "RAR 压缩包", "a RAR archive")),
    (b"7z\xbc\xaf\x27\x1c", Kind("7Z", "7z 压缩包", "a 7z archive")),
    (b"\x1f\x8b", Kind("GZIP", "gzip 压缩文件", "a gzip file")),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"-----BEGIN ", Kind("PEM", "PEM 证书或密钥", "a PEM certificate or key")),
    (b"\xef\xbb\xbf<?xml", _XML),
    (b"<?xml", _XML),
    (b"0\x82", SEAL),
    (b"0\x83", SEAL),
)
_PARTS: tuple[tuple[str, Kind], ...] = (
    ("OFD.xml", OFD),
    ("word/document.xml", Kind("DOCX", "Word 文档", "a Word document")),
    ("xl/workbook.xml", Kind("XLSX", "Excel 表格", "an Excel sheet")),
    ("ppt/presentation.xml", Kind("PPTX", "PowerPoint 演示文稿", "a PowerPoint presentation")),
    ("[Content_Types].xml", _OFFICE),
    ("META-INF/container.xml", Kind("EPUB", "EPUB 电子书", "an EPUB book")),
    ("content.xml", Kind("ODF", "OpenDocument 文档", "an OpenDocument file")),
    ("META-INF/MANIFEST.MF", Kind("JAR", "Java 程序包", "a Java archive")),
)
_HEAD = 1024


def kind_of(head: bytes) -> Kind:
    """From the first bytes (1,024 suffice); PDF readers look for their mark anywhere in those."""
    if not head:
        return EMPTY
    named = next((kind for magic, kind in _MAGIC if head.startswith(magic)), UNKNOWN)
    if named is not PDF and b"%PDF-" in head[:_HEAD]:
        return TWO if named is ZIP else PDF if named is UNKNOWN else named
    return named


def kind_of_parts(names: Collection[str]) -> Kind:
    """What a ZIP holds, from the names of its parts."""
    folded = {name.lower() for name in names}
    return next((kind for part, kind in _PARTS if part.lower() in folded), ZIP)
