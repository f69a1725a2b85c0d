"""Small signed PDFs for development and tests, signed by whatever port signs: SM2, or anything in CMS's clothes."""

import io
from collections.abc import Callable
from datetime import UTC, datetime

from pyhanko.pdf_utils import generic, writer
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import SignatureObject

_RESERVED = 16_384
Sign = Callable[[bytes], bytes]
"""From the bytes of the byte range to the signature's value (DER)."""


def make_pdf(lines: tuple[str, ...]) -> bytes:
    """One page of ASCII text."""
    out = writer.PdfFileWriter()
    font = generic.DictionaryObject({
        pdf_name("/Type"): pdf_name("/Font"), pdf_name("/Subtype"): pdf_name("/Type1"),
        pdf_name("/BaseFont"): pdf_name("/Helvetica"),
    })  # fmt: skip
    fonts = generic.DictionaryObject({pdf_name("/F1"): out.add_object(font)})
    shown = "".join(f"({_escaped(line)}) Tj 0 -20 Td\n" for line in lines)
    stream = generic.StreamObject(stream_data=f"BT /F1 14 Tf 72 760 Td\n{shown}ET".encode("ascii"))
    page = writer.PageObject(
        contents=out.add_object(stream), media_box=(0, 0, 595, 842),
        resources=generic.DictionaryObject({pdf_name("/Font"): fonts}),
    )  # fmt: skip
    out.insert_page(page)
    made = io.BytesIO()
    out.write(made)
    return made.getvalue()


def _escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def sign_pdf(data: bytes, field: str, sign: Sign, moment: int, permission: int | None = None) -> bytes:
    """Append a signature; ``permission`` (1 to 3) makes it a certification that allows so much (DocMDP)."""
    out = IncrementalPdfFileWriter(io.BytesIO(data))
    steps = PdfCMSEmbedder(SigFieldSpec(sig_field_name=field)).write_cms(field_name=field, writer=out)
    next(steps)
    placeholder = SignatureObject(timestamp=datetime.fromtimestamp(moment, UTC), bytes_reserved=_RESERVED)
    mdp = None
    if permission is not None:
        mdp = SigMDPSetup(md_algorithm="sha256", certify=True, docmdp_perms=MDPPerm(permission))
    steps.send(SigObjSetup(sig_placeholder=placeholder, mdp_setup=mdp))
    prepared, made = steps.send(SigIOSetup(md_algorithm="sha256", in_place=False))
    whole = made.getvalue()
    value = sign(whole[: prepared.reserved_region_start] + whole[prepared.reserved_region_end :])
    steps.send(value)
    signed: bytes = made.getvalue()
    return signed
