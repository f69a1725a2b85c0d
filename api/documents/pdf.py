"""A PDF checked as a whole: the file, every signature, what was added later. Offline: no network is ever asked."""

from api.documents.pdf_reading import read_pdf
from ledger.documents.pdf import Judged, judge_signatures
from ledger.seals.checks import ANY
from ledger.seals.judging import Expected, Question
from ledger.seals.trust import TrustStores
from ledger.verdict import Report


def check_pdf(
    data: bytes, trust: TrustStores, at: int, *, proven_at: int | None = None, expected: Expected = ANY,
    password: str | None = None,
) -> Report:  # fmt: skip
    """Every check of a PDF; times are Unix seconds, ``proven_at`` when the file is known to have existed.

    Signers of documents are trusted by ``trust.documents``, seals' by ``makers`` and ``signers``. Raises nothing for
    what stands in the file.
    """
    return examine_pdf(data, Question(trust, at, proven_at, expected), password).report


def examine_pdf(data: bytes, question: Question, password: str | None = None) -> Judged:
    """The same, and what was found in the signatures' values."""
    read = read_pdf(data, password)
    opened = Report(read.checks)
    if read.signatures is None:
        return Judged(opened)
    judged = judge_signatures(read.signatures, question)
    return Judged(opened + judged.report, judged.values)
