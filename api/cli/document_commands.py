"""``huxin verify document``: everything that a window must know of a sealed document, in one call."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from api.cli.proof_commands import end_with, show_checks, verify
from api.cli.session import Session, command

__all__ = ["verify"]
_TRUST = "信任的证书目录:makers/ signers/ time-stamps/ documents/ folder of trusted certificates, CRLs, OCSP"


@command(verify, "document", "verify document license.ofd --trust trust/ --share share.json --holder 9143…")
def verify_document(
    session: Session,
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="加盖印章的文件 sealed document, or a seal")
    ],
    trust: Annotated[Path | None, typer.Option(envvar="HUXIN_TRUST", help=_TRUST)] = None,
    share: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="持证人份额 the holder's share")
    ] = None,
    holder: Annotated[
        str | None, typer.Option(help="持证主体代码,读自其本人证件 code on the holder's own card")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="不查询账本 do not ask the ledger")] = False,
) -> None:
    """核验文件、印章、证照与持证人,文件不离开本机。退出码:0 有效,1 无效,3 无法判定。

    Verify document, seals, license and holder in one go; the file never leaves this machine. Exit codes as above.
    --password-file opens an encrypted PDF 加密的 PDF 用 --password-file 打开。
    """
    from api.client.documents import Shown, verify_document
    from api.trust import read_trust
    from ledger.licenses.share import Share

    password = session.password() if session.password_file or session.password_env else None
    shown = Shown(Share.from_json(share.read_bytes()) if share else None, holder, password)
    with ExitStack() as stack:
        client = None if offline else stack.enter_context(session.client())
        found = verify_document(
            client.proofs if client else None, stack.enter_context(file.open("rb")), read_trust(trust),
            int(session.environment.clock()), shown,
        )  # fmt: skip
    verdict = found.report.overall
    if session.as_json:
        leaf = "0x" + found.leaf.hex() if found.leaf else None
        digests = {"sm3": str(found.sm3), "sha256": str(found.sha256)}
        session.show({**found.report.to_json(), **digests, "kind": found.examined.kind, "leaf": leaf})
    else:
        show_checks(session, found.report.checks, verdict)
    end_with(verdict)
