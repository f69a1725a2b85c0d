"""Puts the contracts on a chain from their committed artifacts, and checks that they still are there.

All creations are sent at once: an address follows from the sender and its nonce, so each contract
knows those of the others beforehand. The same fact makes an interrupted deployment continue where
it stopped: what the account has sent already is not sent again, and the rest is the same bytes.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import rlp
from eth_abi.abi import encode as abi_encode

from ledger import calldata
from ledger.acts import Proposal
from ledger.crypto import checksum, keccak
from ledger.eip712 import digest, struct_hash
from ledger.errors import Conflict, HuxinError
from ledger.ids import FOREVER
from ledger.rules.council import CALLS
from ledger.world import CONTRACTS, Deployment
from node.artifacts import artifact
from node.gateway.account import RelayAccount
from node.gateway.gateway import creation_data
from node.gateway.port import ChainPort, ChainReceipt
from node.network import Council, DeployedContract, LedgerNetwork

CREATION_GAS = 12_000_000
"""Gas limit of one creation: below Osaka's 16.7 M; 24 KiB of code cost 4.9 M to store."""
ENTRIES_GAS = 4_000_000
SECONDS = 60.0

_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "directory": ("council",),
    "registry": ("council",),
    "catalogue": ("registry",),
    "grants": ("council", "registry", "catalogue", "directory"),
    "seals": ("registry",),
    "licenses": ("registry", "catalogue", "seals"),
    "trails": ("council", "registry", "catalogue", "grants", "seals", "licenses"),
}
"""Whose addresses each constructor takes (docs/protocol.md); the Council takes its founders."""


class Signs(Protocol):
    """A council member's key: an address and 64-byte signatures over digests."""

    @property
    def address(self) -> bytes:
        """20 bytes."""

    def sign(self, digest: bytes) -> bytes:
        """Sign 32 bytes."""


class DeploymentFailed(HuxinError):
    """A contract could not be created, or is not what its artifact says."""

    exit_code = 70


def created_address(sender: bytes, nonce: int) -> bytes:
    """Where a contract created by this transaction comes to lie (Yellow Paper, section 7)."""
    encoded: bytes = rlp.encode([sender, nonce])
    return keccak(encoded)[12:]


def plan(chain_id: int, deployer: bytes, first_nonce: int = 0) -> Deployment:
    """The addresses of all contracts, created in order from ``first_nonce`` on."""
    return Deployment(
        chain_id,
        {name: created_address(deployer, first_nonce + place) for place, name in enumerate(CONTRACTS)},
    )


def deploy(
    chain: ChainPort,
    account: RelayAccount,
    council: Council,
    members: Sequence[Signs],
    rpc_url: str,
    progress: Callable[[str], None] = lambda _name: None,
    first_nonce: int = 0,
) -> LedgerNetwork:
    """Create all contracts, enter them in the Directory, check their code, and tell where they are.

    ``members`` sign the directory's entries, at least as many as the threshold. May be called again
    after a crash with the same account and council. Raises DeploymentFailed, ChainUnavailable.
    """
    deployment = plan(chain.chain_id, account.address, first_nonce)
    entries = (deployment.addresses["council"], _entries(deployment, council, members), ENTRIES_GAS)
    calls = [*((None, creation, CREATION_GAS) for creation in creations(deployment, council)), entries]
    receipts = _send_all(chain, account, calls, first_nonce, progress)
    network = LedgerNetwork(
        chain_id=chain.chain_id,
        rpc_url=rpc_url,
        genesis_hash=_genesis_hash(chain),
        first_block=min((receipt.block_number for receipt in receipts), default=0),
        council=council,
        contracts=_deployed(chain, deployment),
    )
    _check_entries(chain, network)
    return network


def verify(chain: ChainPort, network: LedgerNetwork) -> tuple[str, ...]:
    """Names of what differs on the chain from the file: ``genesis`` and contracts; empty if nothing does."""
    different = [] if _genesis_hash(chain) == network.genesis_hash else ["genesis"]
    different += [each.name for each in network.contracts if keccak(chain.code(each.address)) != each.code_hash]
    return tuple(different)


def check(chain: ChainPort, network: LedgerNetwork) -> None:
    """Raise Conflict ``LEDGER_DIFFERS`` where :func:`verify` finds anything."""
    if different := verify(chain, network):
        names = ", ".join(different)
        raise Conflict(
            "LEDGER_DIFFERS",
            f"the chain is not the one of network.json: {names} differ",
            f"链与 network.json 不符:{names}",
        )


def matches_artifact(contract: str, code: bytes) -> bool:
    """Whether code on a chain is the artifact's, its immutable values left out of the comparison."""
    of = artifact(contract)
    expected, found = bytearray.fromhex(of["deployedBytecode"][2:]), bytearray(code)
    if len(expected) != len(found):
        return False
    for places in of["immutableReferences"].values():
        for place in places:
            start, end = place["start"], place["start"] + place["length"]
            expected[start:end] = found[start:end] = bytes(end - start)
    return expected == found


def creations(deployment: Deployment, council: Council) -> tuple[bytes, ...]:
    """Creation calldata of every contract, in the order of ``CONTRACTS``."""
    made = []
    for name in CONTRACTS:
        arguments: list[Any] = [checksum(deployment.addresses[of]) for of in _ARGUMENTS.get(name, ())]
        if name == "council":
            arguments = [[checksum(member) for member in council.members], council.threshold, council.delay]
        made.append(creation_data(artifact(name), arguments))
    return tuple(made)


def directory_name(contract: str) -> bytes:
    """A contract's name as the Directory has it: ASCII in bytes32."""
    return contract.encode().ljust(32, b"\0")


def _entries(deployment: Deployment, council: Council, members: Sequence[Signs]) -> bytes:
    call = next(call for call in CALLS if call.contract == "directory" and call.name == "enter")
    ballots = []
    for number, name in enumerate(CONTRACTS, start=1):
        data = call.selector + abi_encode(call.types, (directory_name(name), deployment.addresses[name]))
        proposal = Proposal(deployment.addresses["directory"], data, number, FOREVER)
        signed = digest(deployment.domain("council"), struct_hash(proposal))
        signers = sorted(members, key=lambda member: member.address)[: council.threshold]
        ballots.append(calldata.Ballot(proposal, tuple(member.sign(signed) for member in signers)))
    return calldata.council_call(ballots)


def _send_all(
    chain: ChainPort,
    account: RelayAccount,
    calls: Sequence[tuple[bytes | None, bytes, int]],
    first_nonce: int,
    progress: Callable[[str], None],
) -> tuple[ChainReceipt, ...]:
    done = chain.nonce(account.address) - first_nonce
    hashes = []
    for place, (to, data, gas) in enumerate(calls):
        signed = account.sign_transaction(first_nonce + place, to, data, gas)
        if place >= done:
            chain.send_raw(signed.raw)
        hashes.append(signed.hash)
    receipts = chain.wait_for_receipts(hashes, SECONDS)
    for tx_hash, name in zip(hashes, (*CONTRACTS, "entries"), strict=True):
        if not receipts[tx_hash].succeeded:
            raise DeploymentFailed("DEPLOYMENT_FAILED", f"creating {name} failed", f"部署 {name} 失败")
        progress(name)
    return tuple(receipts[tx_hash] for tx_hash in hashes)


def _deployed(chain: ChainPort, deployment: Deployment) -> tuple[DeployedContract, ...]:
    found = []
    for name in CONTRACTS:
        code = chain.code(deployment.addresses[name])
        if not matches_artifact(name, code):
            raise DeploymentFailed(
                "DEPLOYED_CODE_DIFFERS",
                f"the code of {name} on the chain is not the artifact's",
                f"链上 {name} 的代码与编译产物不符",
            )
        found.append(DeployedContract(name, deployment.addresses[name], keccak(code)))
    return tuple(found)


def _genesis_hash(chain: ChainPort) -> bytes:
    genesis = chain.block(0)
    return b"" if genesis is None else genesis.hash


def _check_entries(chain: ChainPort, network: LedgerNetwork) -> None:
    """The council's decisions are emitted as Decided; one that was refused leaves its entry out."""
    decided = keccak(b"Decided(bytes32,bool)")
    logs = chain.logs(network.first_block, chain.head(), (network.address("council"),), ((decided,),))
    if len(logs) < len(CONTRACTS):
        raise DeploymentFailed(
            "DIRECTORY_INCOMPLETE",
            f"the council's entries were not all made: {len(logs)} of {len(CONTRACTS)}",
            f"理事会的目录登记未全部完成:{len(logs)}/{len(CONTRACTS)}",
        )
