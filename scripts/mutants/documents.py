"""What keeps forged and hostile documents out, switched off one by one."""

from dataclasses import replace
from typing import Any

from ledger.algorithms import der
from ledger.documents import ofd_check, ofd_rules, pdf, zip_directory
from ledger.seals import checks, seal_checks
from ledger.seals.verifying import Outcome
from ledger.verdict import Check, Report, valid


def _in(module: Any) -> Any:
    """The module as what may be patched, whatever it imported."""
    return module


def reference_not_compared() -> None:
    """A protected part may have any bytes: its digest is computed and not compared."""
    ofd_rules.matches = lambda *_: True


def coverage_not_checked() -> None:
    """Parts that no signature protects are taken for sealed."""

    def covered(name: str, *_: Any) -> Check:
        return valid(name, "", "")

    _in(ofd_check).check_coverage = covered


def value_not_verified() -> None:
    """Signature values hold, whatever they are."""

    def holds(*_: Any) -> Outcome:
        return Outcome.HOLDS

    _in(checks).verify = _in(seal_checks).verify = holds


def trailing_bytes_taken() -> None:
    """Bytes after the end of a DER value are passed over."""
    strict = der.decode

    def lax(data: bytes, *more: Any) -> Any:
        found = der._Decoder(data, *(more or (der.DEFAULT_LIMITS,))).element(0, len(data), 0)  # noqa: SLF001
        return strict(found.raw, *more)

    for module in (der, checks):
        _in(module).decode = lax


def duplicate_names_taken() -> None:
    """Two entries of an archive may have one name."""
    zip_directory._check_names = lambda central: None  # noqa: ARG005, SLF001


def renamed_parts_taken() -> None:
    """A part may bear another name than was signed, if only some system takes it for the same."""
    ofd_rules._renamed = lambda signature: []  # noqa: ARG005, SLF001


def strangers_trusted() -> None:
    """Whose key signed does not matter, as long as the value holds and it is this document's."""
    real = _in(checks)._check_seal_signature  # noqa: SLF001

    def trusting(*given: Any) -> Any:
        found = real(*given)
        held = all("VALUE" not in one.reason_code and "DOCUMENT" not in one.reason_code for one in found.report.checks)
        return replace(found, report=Report((valid("trusted", "", ""),))) if held else found

    _in(checks)._check_seal_signature = trusting  # noqa: SLF001


def list_of_signatures_ignored() -> None:
    """A changed list of signatures is always explained by a later one."""

    def explained(name: str, *_: Any) -> Check:
        return valid(name, "", "")

    _in(ofd_check).check_list_change = explained


def pdf_changes_passed_over() -> None:
    """Whatever was added to a PDF after its signature is taken for harmless."""

    def harmless(prefix: str, *_: Any, **__: Any) -> Check:
        return valid(f"{prefix}.changes", "", "")

    _in(pdf)._change = harmless  # noqa: SLF001
