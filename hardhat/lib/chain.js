// Hardhat's EVM as one account sees it: London, no fees, one transaction a block, at times that the caller gives.

import { readFileSync } from "node:fs";
import { Contract, Interface, Transaction, Wallet, getCreateAddress } from "ethers";
import { BrowserProvider } from "ethers";
import hre from "hardhat";

const GAS_LIMIT = 60_000_000n;

/** Start a chain of its own; `start` is in seconds. Close it with `close()`. */
export async function connect({ chainId, start }) {
  const connection = await hre.network.connect({
    override: {
      chainId,
      hardfork: "london",
      initialBaseFeePerGas: 0,
      gasPrice: 0,
      blockGasLimit: 100_000_000,
      initialDate: new Date(start * 1000),
      allowUnlimitedContractSize: false,
    },
  });
  return new Chain(connection, chainId, start);
}

class Chain {
  constructor(connection, chainId, start) {
    this.provider = connection.provider;
    this.ethers = new BrowserProvider(connection.provider, chainId, { cacheTimeout: -1 });
    this.chainId = chainId;
    this.time = start;
    this.nonce = 0;
    this.close = () => connection.close();
  }

  /** Mine raw bytes in a block of this time (s); the receipt as JSON-RPC gives it. */
  async mine(raw, time) {
    this.time = time;
    await this.provider.request({ method: "evm_setNextBlockTimestamp", params: [`0x${time.toString(16)}`] });
    const hash = await this.provider.request({ method: "eth_sendRawTransaction", params: [raw] });
    return this.provider.request({ method: "eth_getTransactionReceipt", params: [hash] });
  }

  /** Sign and mine a transaction a second after the last; `to` null creates a contract. */
  async send(wallet, to, data) {
    const transaction = Transaction.from({
      type: 0,
      chainId: this.chainId,
      nonce: this.nonce++,
      gasPrice: 0,
      gasLimit: GAS_LIMIT,
      to,
      data,
    });
    return this.mine(await wallet.signTransaction(transaction), this.time + 1);
  }
}

/** The committed artifact of a contract by its Solidity name. */
export function artifact(name) {
  return JSON.parse(readFileSync(new URL(`../../contracts/artifacts/${name}.json`, import.meta.url), "utf8"));
}

const CONSTRUCTED_WITH = {
  Council: [],
  Directory: ["Council"],
  Registry: ["Council"],
  Catalogue: ["Registry"],
  Grants: ["Council", "Registry", "Catalogue", "Directory"],
  Seals: ["Registry"],
  Licenses: ["Registry", "Catalogue", "Seals"],
  Trails: ["Council", "Registry", "Catalogue", "Grants", "Seals", "Licenses"],
};

/** Create all contracts in the order of docs/protocol.md; gives an ethers Contract for each name. */
export async function deploy(chain, wallet, members, threshold, delay) {
  const contracts = {};
  for (const [name, needs] of Object.entries(CONSTRUCTED_WITH)) {
    const { abi, bytecode } = artifact(name);
    const values = name === "Council" ? [members, threshold, delay] : needs.map((each) => contracts[each].target);
    const at = getCreateAddress({ from: wallet.address, nonce: chain.nonce });
    const receipt = await chain.send(wallet, null, bytecode + new Interface(abi).encodeDeploy(values).slice(2));
    if (receipt.status !== "0x1") throw new Error(`${name} cannot be created`);
    contracts[name] = new Contract(at, abi, chain.ethers);
  }
  return contracts;
}

/** The wallet of a named person: the same key in each run. */
export function person(name, hash) {
  return new Wallet(hash(`hardhat ${name}`));
}
