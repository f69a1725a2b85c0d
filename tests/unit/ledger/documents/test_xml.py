"""XML that attacks its reader is refused before anything in it has an effect."""

import pytest

from ledger.documents.xml import XmlBounds, parse
from ledger.errors import InvalidInput

NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
PLAIN = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    f'<ofd:OFD {NS} Version="1.0"><ofd:A> x </ofd:A><ofd:B><ofd:C/></ofd:B></ofd:OFD>'
)
BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><OFD>&b;</OFD>'


def code_of(raw: bytes, bounds: XmlBounds | None = None) -> str:
    with pytest.raises(InvalidInput) as refused:
        parse(raw, "OFD", bounds)
    return refused.value.code


def test_a_document_is_read() -> None:
    document = parse(PLAIN.encode(), "OFD")
    assert document.findings == ()
    assert document.root.attributes == {"Version": "1.0"}
    assert document.root.text_of("A") == "x"
    assert [element.name for element in document.root.walk()] == ["OFD", "A", "B", "C"]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (BOMB.encode(), "XML_DTD"),
        (BOMB.encode("utf-16"), "XML_ENCODING"),
        (b'<?xml version="1.0" encoding="cp037"?>' + BOMB.encode("cp037"), "XML_ENCODING"),
        (b"<?xml version='1.0' encoding = 'utf-7'?><OFD/>", "XML_ENCODING"),
        (b'<!DOCTYPE OFD SYSTEM "file:///etc/passwd"><OFD/>', "XML_DTD"),
        (b'<!DOCTYPE OFD [<!ENTITY % x SYSTEM "http://example.org/x"> %x;]><OFD/>', "XML_DTD"),
        (b"<OFD>&nothing;</OFD>", "XML_MALFORMED"),
        (b"<OFD><A></OFD>", "XML_MALFORMED"),
        (b"<OFD/><OFD/>", "XML_MALFORMED"),
        (b"", "XML_MALFORMED"),
        (b"\0\0\0", "XML_ENCODING"),
        (b'<?xml version="1.0" encoding="x-unknown"?><OFD/>', "XML_ENCODING"),
        (b'<?xml version="1.0"' + b" " * 600 + b'encoding="gb2312"?><OFD/>', "XML_ENCODING"),
        (b'\xef\xbb\xbf<?xml version="1.0"' + b" " * 600 + b'encoding="iso-8859-1"?><OFD/>', "XML_ENCODING"),
        (b'<OFD A="1" A="2"/>', "XML_MALFORMED"),
        (b"<html/>", "XML_ROOT"),
        (b'<OFD xmlns="urn:a{/*[@b"><A/></OFD>', "XML_ROOT"),
        (f'<x:OFD {NS} xmlns:x="urn:x"><ofd:OFD/></x:OFD>'.encode().replace(b"<x:OFD", b"<x:Other", 1)
         .replace(b"</x:OFD>", b"</x:Other>"), "XML_ROOT"),
    ],
    ids=["entity bomb", "entity bomb in UTF-16", "entity bomb in EBCDIC", "UTF-7", "external file",
         "external parameter entity", "undeclared entity", "unclosed", "two roots", "nothing", "null bytes",
         "unknown encoding", "encoding far off", "encoding far off after a mark",
         "attribute twice", "another root", "path as a namespace", "root inside another"],
)  # fmt: skip
def test_hostile_xml_is_refused(raw: bytes, code: str) -> None:
    assert code_of(raw) == code


def test_depth_and_nodes_and_size_are_bounded() -> None:
    deep = b"<OFD>" + b"<a>" * 100_000
    assert code_of(deep + b"</a>" * 100_000 + b"</OFD>") == "XML_TOO_LARGE"
    assert code_of(b"<OFD>" + b"<a>" * 64 + b"</a>" * 64 + b"</OFD>") == "XML_TOO_LARGE"
    assert code_of(b"<OFD>" + b"<a/>" * 200 + b"</OFD>", XmlBounds(nodes=100)) == "XML_TOO_LARGE"
    assert code_of(b"<OFD>" + b" " * 100 + b"</OFD>", XmlBounds(size=100)) == "XML_TOO_LARGE"


def test_an_element_of_another_namespace_is_never_taken_for_ours() -> None:
    root = parse(
        f'<ofd:OFD {NS}><x:A xmlns:x="urn:x">no</x:A><A>no</A><ofd:A>yes</ofd:A></ofd:OFD>'.encode(), "OFD"
    ).root
    assert root.text_of("A") == "yes"


def test_a_document_without_the_namespace_is_read_and_noted() -> None:
    document = parse(b"<OFD><A>x</A></OFD>", "OFD")
    assert document.findings == ("XML_NAMESPACE",)
    assert document.root.text_of("A") == "x"


def test_what_may_stand_once_must_not_stand_twice() -> None:
    root = parse(b"<OFD><DocRoot>a</DocRoot><DocRoot>b</DocRoot></OFD>", "OFD").root
    with pytest.raises(InvalidInput, match="XML_AMBIGUOUS"):
        root.text_of("DocRoot")


def test_a_namespace_that_closes_itself_is_refused_by_the_parser_or_by_us() -> None:
    assert code_of(b'<OFD xmlns="urn:a}/*[@b"><A/></OFD>') in {"XML_MALFORMED", "XML_ROOT"}
