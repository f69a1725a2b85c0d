"""The first run of a data folder: development keys for the council, the relay's key, the contracts.

What is made is written before it is used, so that a run that was killed is continued by the next one.
A council for real use is founded elsewhere, with keys that its members made themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from api.signers import LIGHT_SCRYPT_N, KeySigner, list_keystores, make_key, open_keystore, write_keystore
from ledger.crypto import checksum
from ledger.errors import Conflict, InvalidInput
from node.artifacts import fingerprint
from node.durable import PRIVATE, write_durably
from node.network import COUNCIL_DELAY, Council

MEMBERS, THRESHOLD = 3, 2
RandomBytes = Callable[[int], bytes]
Report = Callable[[str, str], None]
"""Takes what is the case, in Chinese and in English."""


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Where a ledger's things lie on this machine."""

    path: Path

    @property
    def keys(self) -> Path:
        """Keystores of the development council."""
        return self.path / "keys"

    @property
    def password_file(self) -> Path:
        """The password of the development keystores: for trying out, not for officers."""
        return self.keys / "password"

    @property
    def relay_key_file(self) -> Path:
        """The account that carries acts to the chain; it decides nothing."""
        return self.path / "relay.key"

    @property
    def master_key_file(self) -> Path:
        """The vault's master key: without it the documents cannot be read."""
        return self.path / "master.key"

    @property
    def chain(self) -> Path:
        """The embedded chain's own folder."""
        return self.path / "chain"

    @property
    def logs(self) -> Path:
        """What the processes print."""
        return self.path / "logs"

    @property
    def version_file(self) -> Path:
        """Which version of the contracts the ledger was founded with."""
        return self.path / "contracts.version"

    @property
    def network_file(self) -> Path:
        """Which ledger this is; written last."""
        return self.path / "network.json"


def is_of_this_version(folder: DataFolder) -> bool:
    """Whether the folder is new, or was founded with the contracts of this program."""
    version = folder.version_file
    return not version.exists() or version.read_text(encoding="ascii").strip() == fingerprint()


def set_aside(folder: DataFolder) -> Path:
    """Rename the folder, so that nothing is lost and a new one can be begun; its new place."""
    names = (folder.path.with_name(f"{folder.path.name}.{number}") for number in count(1))
    place = next(path for path in names if not path.exists())
    return folder.path.rename(place)


def prepare(folder: DataFolder, random_bytes: RandomBytes) -> None:
    """Make what is not there yet: folder, relay key, master key, council keystores.

    Raises Conflict ``CONTRACTS_OF_ANOTHER_VERSION``: this program's rules are not those of that ledger.
    """
    if not is_of_this_version(folder):
        raise Conflict(
            "CONTRACTS_OF_ANOTHER_VERSION",
            f"{folder.path} was founded with other contracts: use the version of huxin that made it, or another folder",
            f"{folder.path} 由其他版本的合约建立:请用建立它的版本打开,或换用新目录",
        )
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.path.chmod(0o700)
    for one in (folder.keys, folder.logs):
        one.mkdir(exist_ok=True)
    if not folder.version_file.exists():
        write_durably(folder.version_file, fingerprint() + "\n")
    if not folder.relay_key_file.exists():
        write_durably(folder.relay_key_file, make_key(random_bytes).hex() + "\n", PRIVATE)
    if not folder.master_key_file.exists():
        write_durably(folder.master_key_file, random_bytes(32).hex() + "\n", PRIVATE)
    if not folder.password_file.exists():
        write_durably(folder.password_file, random_bytes(16).hex() + "\n", PRIVATE)
    password = read_password(folder.password_file)
    for number in range(1, MEMBERS + 1):
        path = folder.keys / f"council-{number}.json"
        if not path.exists():
            write_keystore(path, make_key(random_bytes), password, LIGHT_SCRYPT_N)


def read_password(path: Path) -> str:
    """The first line of a password file; InvalidInput ``PASSWORD_FILE`` where there is none."""
    try:
        password = path.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput("PASSWORD_FILE", str(path), f"{path} cannot be read", f"无法读取 {path}") from error
    if not password:
        raise InvalidInput("PASSWORD_FILE", str(path), f"{path} is empty", f"{path} 为空")
    return password


def read_relay_key(folder: DataFolder) -> bytes:
    """The relay's private key, 32 bytes."""
    return bytes.fromhex(folder.relay_key_file.read_text(encoding="ascii").strip())


def relay_address(folder: DataFolder) -> str:
    """The relay's address (EIP-55)."""
    return checksum(KeySigner(read_relay_key(folder)).address)


def council_addresses(folder: DataFolder) -> Council:
    """The development council by its keystores, unopened."""
    members = sorted(each.address for each in list_keystores(folder.keys) if each.name.startswith("council-"))
    return Council(tuple(members), THRESHOLD, COUNCIL_DELAY)


def council_signers(folder: DataFolder) -> tuple[KeySigner, ...]:
    """The development council's keys, opened, by rising address."""
    password = read_password(folder.password_file)
    paths = sorted(folder.keys.glob("council-*.json"))
    return tuple(sorted((open_keystore(path, password) for path in paths), key=lambda signer: signer.address))
