"""``huxin keys | council``: keystores, signing of typed data, decisions of the council."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from eth_abi.exceptions import EncodingError
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from api.cli import parsing
from api.cli.session import Session, command, group
from api.client.council import call_named, make_proposal
from api.client.forms import read_act, write_act
from api.signers import list_keystores, make_key, read_keystore, write_keystore
from ledger.acts import Proposal
from ledger.crypto import checksum, parse_address, recover
from ledger.errors import InvalidInput
from ledger.strict_json import loads

keys = group("keys", "密钥文件(keystore v3)keystores")
council = group("council", "理事会决议 decisions of the council, m of n")

DAY = 86_400
File = Annotated[Path, typer.Argument(help="文件 file")]


@command(keys, "new", "keys new officer.json --password-file p")
def keys_new(session: Session, path: File) -> None:
    """新建密钥文件。Make a new key in an encrypted file."""
    made = write_keystore(path, make_key(session.environment.random_bytes), session.password())
    session.show({"keystore": str(path), "address": checksum(made.address)})


@command(keys, "list", "keys list .huxin/keys")
def keys_list(session: Session, folder: Annotated[Path, typer.Argument(exists=True, file_okay=False)]) -> None:
    """列出文件夹中的密钥。List the keystores of a folder."""
    session.show([{"name": one.name, "address": checksum(one.address)} for one in list_keystores(folder)])


@command(keys, "address", "keys address officer.json")
def keys_address(session: Session, path: File) -> None:
    """显示地址,无需口令。Show a keystore's address; needs no password."""
    session.show({"address": checksum(read_keystore(path).address)})


@command(keys, "sign", "keys sign typed-data.json -k officer.json --password-file p")
def keys_sign(session: Session, path: File) -> None:
    """签名 EIP-712 数据。Sign EIP-712 typed data, as a wallet would."""
    try:
        message = encode_typed_data(full_message=loads(parsing.text_file(path)))
    except (EncodingError, AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise InvalidInput("TYPED_DATA_MALFORMED", str(path), str(error), "不是 EIP-712 数据") from error
    digest = keccak(b"\x19" + message.version + message.header + message.body)
    signature = session.signer().sign(digest)
    session.show({"digest": digest, "signature": signature, "address": checksum(recover(digest, signature))})


@command(council, "show", "council show")
def council_show(session: Session) -> None:
    """理事会成员与门限。The council's members and threshold."""
    with session.client() as client:
        session.show(client.network.council)


@command(
    council,
    "propose",
    'council propose registry.registerAgency \'[3,"11…","名称","430200000000",0,1,"0xAb…"]\' --out p.json',
)
def council_propose(
    session: Session,
    call: Annotated[str, typer.Argument(help="合约.函数 contract.function")],
    arguments: Annotated[str, typer.Argument(help="JSON 数组;地址 0x…,区划 12 位 JSON array")],
    out: Annotated[Path, typer.Option(help="提案文件 file to write")],
    days: Annotated[int, typer.Option(min=1, max=365, help="签名有效天数 days until the deadline")] = 7,
) -> None:
    """拟定提案,供各成员签名。Draw up a proposal for the members to sign."""
    contract, _, name = call.partition(".")
    with session.client() as client:
        named = call_named(contract, name)
        values = _arguments(named.types, arguments)
        deadline = client.now() + days * DAY
        proposal = make_proposal(client.deployment, named, values, client.nonce(), deadline)
    _write(out, proposal, [])
    session.show({"call": named.signature, "waits": not named.prompt, "file": str(out)})


@command(council, "sign", "council sign p.json -k council-1.json --password-file p")
def council_sign(session: Session, path: File) -> None:
    """在提案文件上签名。Sign the proposal in a file."""
    proposal, signatures = _read(path)
    with session.client() as client:
        digest = client.digest_of(proposal)
        signer = session.signer()
        if checksum(signer.address) not in client.network.council.members:
            raise InvalidInput("NOT_A_MEMBER", "keystore", "not a council member's key", "该密钥不是理事会成员的")
    others = [one for one in signatures if recover(digest, one) != signer.address]
    signed = sorted([*others, signer.sign(digest)], key=lambda one: recover(digest, one))
    _write(path, proposal, signed)
    session.show({"signatures": len(signed), "file": str(path)})


@command(council, "submit", "council submit p.json")
def council_submit(session: Session, path: File) -> None:
    """提交已签名的提案。Hand in a proposal that enough members have signed."""
    proposal, signatures = _read(path)
    with session.client() as client:
        client.propose(proposal, signatures)
        session.show_verdicts(client.wait_for([client.digest_of(proposal)], 60))


def _arguments(types: tuple[str, ...], text: str) -> list[Any]:
    try:
        values = loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or len(values) != len(types):
        kinds = ", ".join(types)
        raise InvalidInput("ARGUMENTS", "arguments", f"a JSON array of {kinds}", f"须为 JSON 数组:{kinds}")
    return [_argument(kind, value) for kind, value in zip(types, values, strict=True)]


def _argument(kind: str, value: Any) -> Any:
    if kind == "uint48" and isinstance(value, str):
        return parsing.region(value)
    if kind == "uint64" and isinstance(value, str):
        return parsing.optional_id(value)
    if kind == "address":
        return parse_address(str(value))
    if kind == "address[]" and isinstance(value, list):
        return [parse_address(str(one)) for one in value]
    return parsing.word(str(value), "arguments") if kind == "bytes32" else value


def _write(path: Path, proposal: Proposal, signatures: list[bytes]) -> None:
    document = {"proposal": write_act(proposal), "signatures": ["0x" + one.hex() for one in signatures]}
    with parsing.writing(path):
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _read(path: Path) -> tuple[Proposal, list[bytes]]:
    try:
        document = loads(parsing.text_file(path))
        signatures = [bytes.fromhex(one[2:]) for one in document["signatures"]]
        return read_act(Proposal, document["proposal"]), signatures
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise InvalidInput("PROPOSAL_MALFORMED", str(path), "no proposal file", "不是提案文件") from error
