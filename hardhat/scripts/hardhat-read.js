// Reads a running ledger through Hardhat's own provider:
//   HUXIN_RPC_URL=… HUXIN_NETWORK_FILE=… npx hardhat --config ledger.config.js run --no-compile scripts/hardhat-read.js
import { readFileSync } from "node:fs";
import { Interface, id } from "ethers";
import { network } from "hardhat";

const ledger = JSON.parse(readFileSync(process.env.HUXIN_NETWORK_FILE, "utf8"));
const { provider } = await network.connect({ network: "ledger" });
const registry = new Interface(["function agencyWord(uint32) view returns (uint256)"]);

const blocks = Number(await provider.request({ method: "eth_blockNumber" }));
const logs = await provider.request({
  method: "eth_getLogs",
  params: [
    {
      address: ledger.contracts.trails.address,
      topics: [id("Stepped(bytes32,bytes32)")],
      fromBlock: "0x0",
      toBlock: "latest",
    },
  ],
});
const receipt = await provider.request({ method: "eth_getTransactionReceipt", params: [logs[0].transactionHash] });
if (receipt.status !== "0x1" || receipt.blockHash !== logs[0].blockHash) throw new Error("receipt and log differ");
const code = await provider.request({ method: "eth_getCode", params: [ledger.contracts.registry.address, "latest"] });
if (code.length <= 2) throw new Error("the registry has no code");

/** The first registered agency's word: agencies have small numbers. */
async function firstAgency() {
  for (let number = 1; number < 100; number += 1) {
    const data = registry.encodeFunctionData("agencyWord", [number]);
    const call = { to: ledger.contracts.registry.address, data };
    const answer = await provider.request({ method: "eth_call", params: [call, "latest"] });
    if (BigInt(answer) !== 0n) return BigInt(answer).toString();
  }
  return "0";
}

console.log(JSON.stringify({ blocks, stepped: logs.length, agency: await firstAgency() }));
