"""Every check of every file: seals, seal signatures, signed data, OFD documents; and of specimens of our own.

``python -m scripts.check_samples [FOLDER…] [--at 2021-06-01] [--anchors FOLDER | --pin] [--brief] [--json] [--quick]``

Each file is judged for each time of ``--at`` (default: one inside its own claims, and now). Trust comes from
``--anchors`` (``.cer``, ``.crt``, ``.der`` certificates and ``.crl`` lists, all DER) or, with ``--pin``, from the
certificates inside the files themselves: that says nothing of who they are, but lets everything else be seen. A bare
signature is judged over the Signature.xml beside it; where there is none, its document cannot match.
Without a folder, and with ``--quick``, specimens of our own are made, sound and spoilt, and each verdict compared with
what it must be. Exit codes: 0; 1 where a specimen of our own gets another verdict; 2 where a folder has no such file.
"""

import argparse
import io
import json
import sys
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ledger.algorithms.der import MalformedDer, decode
from ledger.documents.ofd_check import examine, judge_by
from ledger.seals.certificates import Certificate, parse_certificate
from ledger.seals.checks import check_seal, check_signature
from ledger.seals.revocation import parse_revocation_list
from ledger.seals.seal import Seal, parse_seal
from ledger.seals.signature import SealSignature, parse_signature
from ledger.seals.signed_data import SignedData, is_signed_data, parse_signed_data
from ledger.seals.times import as_text
from ledger.seals.trust import TrustStore, TrustStores
from ledger.verdict import Report, Verdict
from scripts.check_samples_own import NOON, specimens
from scripts.report import progress

MARKS = {Verdict.VALID: "有效 valid", Verdict.INVALID: "无效 INVALID", Verdict.INDETERMINATE: "不定 indeterminate"}
_KINDS = {".esl", ".dat", ".ofd", ".sig", ".p7b", ".seal"}
Parsed = Seal | SealSignature | SignedData


@dataclass(frozen=True, slots=True)
class Row:
    """One file judged for one time; ``wanted`` is the verdict a specimen of our own must get."""

    name: str
    at: int
    report: Report
    wanted: Verdict | None = None

    @property
    def right(self) -> bool:
        """Whether the verdict is the wanted one, if any is."""
        return self.wanted in {None, self.report.overall}

    def as_json(self) -> dict[str, object]:
        """The object that `--json` prints."""
        return {"file": self.name, "at": as_text(self.at), "right": self.right, **self.report.to_json()}


def parsed(data: bytes) -> Parsed | None:
    """A seal, a seal signature or signed data; None for anything else."""
    try:
        element = decode(data)
        if is_signed_data(element):
            return parse_signed_data(data)
        try:
            return parse_seal(data)
        except MalformedDer:
            return parse_signature(data)
    except MalformedDer:
        return None


def inside(data: bytes) -> list[Parsed]:
    """What a file is, or what an OFD contains."""
    if not data.startswith(b"PK"):
        return [one for one in (parsed(data),) if one is not None]
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = [e for e in package.infolist() if e.filename.endswith((".dat", ".esl")) and e.file_size < 1 << 24]
            found = [parsed(package.read(entry)) for entry in entries[:100]]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return []
    return [one for one in found if one is not None]


def claimed(data: bytes) -> int | None:
    """A minute after a file says it was made or signed; the last such time in it."""
    moments = [_moment(one) for one in inside(data)]
    return max((one + 60 for one in moments if one is not None), default=None)


def _moment(one: Parsed) -> int | None:
    if isinstance(one, Seal):
        return one.created
    if isinstance(one, SealSignature):
        return one.claimed_time
    return one.signers[0].signing_time or max((c.valid_from for c in _certificates(one.certificates)), default=None)


def _certificates(ders: Sequence[bytes]) -> list[Certificate]:
    found = []
    for der in ders:
        try:
            found.append(parse_certificate(der))
        except MalformedDer:
            continue
    return found


def pinned(files: dict[str, bytes]) -> TrustStores:
    """Trust in the very certificates that the files contain, each for what it does there."""
    makers: list[bytes] = []
    signers: list[bytes] = []
    documents: list[bytes] = []
    for one in (found for data in files.values() for found in inside(data)):
        if isinstance(one, SignedData):
            documents += one.certificates
        elif isinstance(one, SealSignature):
            makers.append(one.seal.maker)
            signers.append(one.signer)
        else:
            makers.append(one.maker)
    stores = [TrustStore(tuple(_certificates(sorted(set(ders))))) for ders in (makers, signers, documents)]
    return TrustStores(makers=stores[0], signers=stores[1], documents=stores[2])


def configured(folder: Path) -> TrustStores:
    """Trust from a folder, the same for every purpose."""
    anchors = [path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in {".cer", ".crt", ".der"}]
    lists = tuple(parse_revocation_list(path.read_bytes()) for path in sorted(folder.glob("*.crl")))
    store = TrustStore(tuple(parse_certificate(one) for one in anchors), lists=lists)
    return TrustStores(store, store, store, store)


def judged(name: str, data: bytes, original: bytes, trust: TrustStores, at: int) -> Report:
    """Every check of one file."""
    if data.startswith(b"PK") or name.endswith(".ofd"):
        return examine(data, judge_by(trust, at)).report
    if isinstance(parsed(data), Seal):
        return check_seal(data, trust, at).report
    return check_signature(data, original, trust, at).report


def rows_of(folders: Sequence[Path], moments: Sequence[int], anchors: Path | None, *, pin: bool, now: int) -> list[Row]:
    """Every file of the folders, for every time."""
    paths = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix.lower() in _KINDS]
    files = {str(path): path.read_bytes() for path in paths}
    trust = configured(anchors) if anchors else pinned(files) if pin else TrustStores()
    rows = []
    for number, (path, (name, data)) in enumerate(zip(paths, files.items(), strict=True), 1):
        progress(f"{number}/{len(files)} {path.name}")
        beside = path.with_name("Signature.xml")
        original = beside.read_bytes() if beside.exists() else b""
        asked = moments or sorted({claimed(data) or now, now})
        rows += [Row(path.name, at, judged(name, data, original, trust, at)) for at in asked]
    return rows


def own_rows(seed: int) -> Iterator[Row]:
    """Every specimen of our own, with what it must be."""
    at = NOON + 3600
    for one in specimens(seed):
        yield Row(one.name, at, judged(one.name, one.data, one.original, one.trust, at), one.wanted)


def lines(row: Row, *, brief: bool) -> Iterator[str]:
    """The part of the table about one file; ``brief`` leaves out what passed without a remark."""
    wanted = "" if row.right else f"   应为 must be {row.wanted}"
    yield f"{row.name}   {as_text(row.at)}   {MARKS[row.report.overall]}{wanted}"
    for check in row.report.checks:
        if not brief or check.reason_code != "OK":
            facts = dict(check.facts)
            clause = f"[{facts['clause']}]" if "clause" in facts else ""
            head = f"  {facts.get('number', '-'):<4} {check.name:<34} {check.verdict.value:<13} {check.reason_code:<38}"
            yield f"{head} {check.zh} / {check.en} {clause}".rstrip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--at", action="append", default=[], metavar="ISO", help="时间 / a time, UTC; may be repeated")
    trust = parser.add_mutually_exclusive_group()
    trust.add_argument("--anchors", type=Path, help="信任锚目录 / a folder of trust anchors")
    trust.add_argument("--pin", action="store_true", help="信任文件内的证书 / trust the certificates in the files")
    parser.add_argument("--brief", action="store_true", help="只列未通过与提示 / only what failed or is noted")
    parser.add_argument("--json", action="store_true", help="末行输出 JSON / one JSON line at the end")
    parser.add_argument("--quick", action="store_true", help="只查自制样本 / specimens of our own only")
    parser.add_argument("--seed", type=int, default=1)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    asked = _parser().parse_args(arguments)
    moments = [int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) for text in asked.at]
    rows: list[Row] = []
    if asked.folders and not asked.quick:
        rows = rows_of(asked.folders, moments, asked.anchors, pin=asked.pin, now=int(time.time()))
        if not rows:
            progress("没有可检查的文件 / nothing to check there")
            return 2
    else:
        progress(f"自制样本 / specimens of our own, seed {asked.seed}")
        rows = list(own_rows(asked.seed))
    for row in rows:
        print("\n".join(lines(row, brief=asked.brief or asked.quick)), flush=True)
    wrong = [row for row in rows if not row.right]
    print(f"{len(rows)} 份已检查 / checked, {len(wrong)} 与应有结论不符 / with another verdict than they must have")
    if asked.json:
        print(json.dumps([row.as_json() for row in rows], ensure_ascii=False), flush=True)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
