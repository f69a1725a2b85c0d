"""Founds a ledger on a chain, or makes sure that the chain still is the one that it was founded on."""

from api import founding
from api.fleet import shown
from api.founding import DataFolder, Report
from node import deployment
from node.gateway.account import RelayAccount
from node.gateway.gateway import Gateway
from node.network import LedgerNetwork, load


def found_or_check(folder: DataFolder, rpc_url: str, report: Report) -> LedgerNetwork:
    """The folder's ledger at ``rpc_url``, whose password is noted nowhere.

    Raises Conflict ``LEDGER_DIFFERS`` where the chain is another.
    """
    if folder.network_file.exists():
        return _check(folder, rpc_url)
    chain = Gateway(rpc_url)
    account = RelayAccount(founding.read_relay_key(folder), chain.chain_id)
    council = founding.council_addresses(folder)
    network = deployment.deploy(
        chain, account, council, founding.council_signers(folder), shown(rpc_url),
        lambda name: report(f"已部署 {name}", f"deployed {name}"),
    )  # fmt: skip
    network.save(folder.network_file)
    return network


def _check(folder: DataFolder, rpc_url: str) -> LedgerNetwork:
    network = load(folder.network_file)
    deployment.check(Gateway(rpc_url, network.chain_id), network)
    if network.rpc_url != shown(rpc_url):
        network = network.at(shown(rpc_url))
        network.save(folder.network_file)
    return network
