// Reads a whole ledger with ethers alone: blocks, receipts, logs; recovers the signer of every act.
//   node scripts/read-ledger.js PATH/TO/network.json [--json]
// Exit 1 where an act that took effect was not signed by the officer it names, or events and acts do not match.
import { readFileSync } from "node:fs";
import { Interface, JsonRpcProvider, id } from "ethers";
import { acts, actIds, domainOf, officerOf, readCall, signersOf } from "../lib/calldata.js";

const VERDICTS = new Interface([
  "event Applied(bytes32 indexed act,uint64 indexed officer,uint8 kind)",
  "event Refused(bytes32 indexed act,bytes32 indexed subject,uint64 indexed officer,uint16 reason)",
  "event Discarded(bytes32 indexed act,bytes32 indexed subject,uint16 reason)",
  "event Stepped(bytes32 indexed caseKey,bytes32 trail)",
  "event Decided(bytes32 indexed proposal,bool scheduled)",
]);
const REGISTRY = new Interface(["function keyWord(address) view returns (uint256)"]);

const path = process.argv[2];
const network = JSON.parse(readFileSync(path, "utf8"));
const provider = new JsonRpcProvider(network.rpcUrl, Number(network.chainId), { staticNetwork: true });
const names = Object.fromEntries(
  Object.entries(network.contracts).map(([name, { address }]) => [address.toLowerCase(), name]),
);
const founders = new Set(network.council.members.map((member) => member.toLowerCase()));
const counts = { blocks: 0, transactions: 0, logs: 0, acts: 0, signers: 0, refusals: {} };
const faults = [];

async function view(contract, abi, method, argument) {
  const data = abi.encodeFunctionData(method, [argument]);
  const answer = await provider.call({ to: network.contracts[contract].address, data });
  return abi.decodeFunctionResult(method, answer)[0];
}

const officers = new Map();
async function officerAt(address) {
  if (!officers.has(address)) officers.set(address, officerOf(await view("registry", REGISTRY, "keyWord", address)));
  return officers.get(address);
}

function verdictsOf(receipt) {
  return receipt.logs.map((log) => VERDICTS.parseLog(log)).filter((event) => event !== null);
}

async function check(statement, verdicts, domain, where) {
  const signers = signersOf(statement, domain);
  for (const [place, act] of actIds(statement, domain).entries()) {
    const verdict = verdicts.shift();
    counts.acts += 1;
    if (verdict === undefined) {
      faults.push(`${where}: no event for act ${act}`);
      continue;
    }
    const tookEffect = !["Refused", "Discarded"].includes(verdict.name);
    if (!tookEffect) {
      const reason = acts.reasons[String(verdict.args.reason)];
      counts.refusals[reason] = (counts.refusals[reason] ?? 0) + 1;
    }
    if (verdict.name !== "Stepped" && verdict.args[0] !== act) faults.push(`${where}: event of another act`);
    const [name, value] = statement.single[place];
    for (const signer of signers) {
      const known =
        signer !== null &&
        (name === "Proposal" ? founders.has(signer.toLowerCase()) : (await officerAt(signer)) === value.officer);
      if (known) counts.signers += 1;
      else if (tookEffect) faults.push(`${where}: ${name} took effect, but ${signer} is not who it names`);
    }
  }
}

const head = await provider.getBlockNumber();
for (let number = 0; number <= head; number += 1) {
  const block = await provider.getBlock(number, true);
  counts.blocks += 1;
  for (const transaction of block.prefetchedTransactions) {
    const contract = names[transaction.to?.toLowerCase()];
    const receipt = await provider.getTransactionReceipt(transaction.hash);
    counts.transactions += 1;
    counts.logs += receipt.logs.length;
    if (contract === undefined || receipt.status !== 1) continue;
    const domain = domainOf(Number(network.chainId), network.contracts[contract].address);
    const verdicts = verdictsOf(receipt);
    for (const statement of readCall(contract, transaction.data)) {
      await check(statement, verdicts, domain, `block ${number}, ${contract}`);
    }
  }
}
const stepped = await provider.getLogs({
  address: network.contracts.trails.address,
  topics: [id("Stepped(bytes32,bytes32)")],
  fromBlock: 0,
  toBlock: head,
});
counts.steps = stepped.length;
provider.destroy();
const report = { ...counts, faults };
if (process.argv.includes("--json")) console.log(JSON.stringify(report));
else console.log(report);
process.exitCode = faults.length > 0 || counts.acts === 0 ? 1 : 0;
