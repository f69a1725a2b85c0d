"""``python -m node.embedded --data DIR --port N``: run the embedded chain as a process."""

import argparse
import os
import secrets
import sys
import time
from pathlib import Path

from ledger import crypto
from ledger.errors import HuxinError
from node import logs
from node.embedded import process, store
from node.embedded.network import DEFAULT_GAS_LIMIT, Network

DEFAULT_CHAIN_ID = 860_000


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m node.embedded",
        description="互信内嵌链:单验证者、持久化、标准 JSON-RPC。"
        " Huxin's embedded chain: one validator, persistent, standard JSON-RPC.",
    )
    parser.add_argument("--data", type=Path, required=True, help="数据目录 data directory")
    parser.add_argument("--port", type=int, default=0, help="端口,0 为任选 port, 0 takes a free one")
    new = parser.add_argument_group("新建链时 when the chain is created")
    new.add_argument("--chain-id", type=int, default=DEFAULT_CHAIN_ID)
    new.add_argument("--gas-limit", type=int, default=DEFAULT_GAS_LIMIT)
    new.add_argument("--block-period", type=int, default=1, help="秒 seconds")
    new.add_argument(
        "--sender",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="获准发送交易的地址,可多次给出;缺省为不限 permitted sender, repeatable; all by default",
    )
    return parser.parse_args()


def _create(arguments: argparse.Namespace) -> None:
    key = secrets.token_bytes(32)
    network = Network(
        chain_id=arguments.chain_id,
        validator=crypto.address_of(key),
        timestamp=int(time.time()) - arguments.block_period,
        gas_limit=arguments.gas_limit,
        block_period=arguments.block_period,
        senders=tuple(crypto.parse_address(sender) for sender in arguments.sender),
    )
    store.create(arguments.data, network, key)


def main() -> int:
    """Run the node; the exit code is that of the error (see ``ledger.errors``)."""
    logs.configure("chain", os.environ.get("HUXIN_LOG_LEVEL", "INFO"), os.environ.get("HUXIN_LOG_FORMAT", logs.JSON))
    arguments = _arguments()
    try:
        arguments.data.mkdir(parents=True, exist_ok=True)
        with store.lock(arguments.data):
            if not store.exists(arguments.data):
                _create(arguments)
            chain = store.open_chain(arguments.data, time.time)
            process.serve(arguments.data, chain, arguments.port, lambda: secrets.randbits(64))
    except HuxinError as error:
        print(f"{error.code}: {error.zh} {error.en}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
