// Reads the calldata of Huxin's contracts back into the acts that were signed (docs/protocol.md, ledger/calldata.py).
import { readFileSync } from "node:fs";
import { AbiCoder, Interface, Signature, TypedDataEncoder, getBytes, hexlify, verifyTypedData } from "ethers";

export const acts = JSON.parse(readFileSync(new URL("./acts.json", import.meta.url), "utf8"));

const ZERO = "0x" + "00".repeat(32);
const coder = AbiCoder.defaultAbiCoder();
const PROPOSAL = "tuple(address target,bytes data,uint64 nonce,uint32 deadline)";
const calls = new Interface([
  "function submit(bytes batch)",
  "function submit(tuple(uint8 kind,bytes body,bytes signature)[] signed)",
  `function submit(tuple(${PROPOSAL} proposal,bytes[] signatures)[] ballots)`,
  `function execute(${PROPOSAL}[] proposals)`,
]);

/** The types that `verifyTypedData` wants for a struct: itself and what it refers to. */
export function typesOf(name) {
  const types = { [name]: acts.structs[name] };
  for (const { type } of acts.structs[name]) {
    const inner = type.replace("[]", "");
    if (acts.structs[inner] && !types[inner]) Object.assign(types, typesOf(inner));
  }
  return types;
}

/** EIP-712 domain of a contract. */
export function domainOf(chainId, verifyingContract) {
  return { ...acts.domain, chainId, verifyingContract };
}

function abiType(name) {
  const members = acts.structs[name].map(({ type, name: member }) => {
    const inner = type.replace("[]", "");
    return `${acts.structs[inner] ? abiType(inner) + type.slice(inner.length) : type} ${member}`;
  });
  return `tuple(${members.join(",")})`;
}

/** A decoded struct as an object by member names, its inner structs and lists too. */
function plain(name, value) {
  const member = ({ type }, index) => {
    const inner = type.replace("[]", "");
    const one = (item) => (acts.structs[inner] ? plain(inner, item) : item);
    return type.endsWith("[]") ? [...value[index]].map(one) : one(value[index]);
  };
  return Object.fromEntries(acts.structs[name].map((field, index) => [field.name, member(field, index)]));
}

/** One signed statement: struct name, value, the signatures over it; `single` are the acts in it. */
function statement(name, value, signatures, single = [[name, value]]) {
  return { name, value, signatures, single };
}

/** The signed statements in a transaction to the contract of this (lower-case) name; [] for `execute`. */
export function readCall(contract, data) {
  const call = calls.parseTransaction({ data });
  if (call === null) throw new Error(`${contract}: unknown call ${data.slice(0, 10)}`);
  if (call.name === "execute") return [];
  if (contract === "trails") return readBatch(call.args[0]);
  if (contract === "council") {
    return call.args[0].map(({ proposal, signatures }) =>
      statement("Proposal", plain("Proposal", proposal), [...signatures]),
    );
  }
  return call.args[0].map(({ kind, body, signature }) => readAdmin(contract, Number(kind), body, signature));
}

function readAdmin(contract, kind, body, signature) {
  const name = acts.kinds[contract][kind - 1];
  const holder = acts.withHolder.includes(name) ? [abiType("HolderProof")] : [];
  const types = [abiType(name), ...holder, ...(acts.withProof.includes(name) ? ["bytes32", "bytes32[]"] : [])];
  const [value] = coder.decode(types, body);
  return statement(name, plain(name, value), [signature]);
}

function* readGroups(batch) {
  const bytes = getBytes(batch);
  let place = 0;
  const take = (size) => hexlify(bytes.slice(place, (place += size)));
  const number = (size) => BigInt(take(size));
  while (place < bytes.length) {
    const [opens, steps] = [Number(number(1)), Number(number(1))];
    const signature = take(64);
    yield {
      signature,
      opens: Array.from({ length: opens }, () => readOpen(take, number)),
      steps: Array.from({ length: steps }, () => readStep(take, number)),
    };
  }
}

function readOpen(take, number) {
  return {
    commitment: take(32),
    item: number(8),
    version: number(2),
    mode: number(1),
    parent: take(32),
    officer: number(8),
    grant: number(8),
    evidence: take(32),
    signedAt: number(4),
    deadline: number(4),
  };
}

function readStep(take, number) {
  const [caseKey, previous, word] = [take(32), take(32), number(32)];
  const [action, officer, grant, detail] = [number(1), number(8), number(8), number(4)];
  const [evidence, signedAt, deadline] = [take(32), number(4), number(4)];
  const subject = acts.withSubject.includes(Number(action)) ? take(32) : ZERO;
  if (acts.withChild.includes(Number(action))) take(64);
  const seq = (((word >> 32n) & 0xffffn) + 1n) & 0xffffn;
  return { caseKey, seq, action, officer, grant, detail, subject, evidence, previous, signedAt, deadline };
}

function readBatch(batch) {
  return [...readGroups(batch)].map(({ opens, steps, signature }) => {
    const single = [...opens.map((open) => ["Open", open]), ...steps.map((step) => ["Step", step])];
    if (single.length === 1) return statement(...single[0], [signature], single);
    return statement("StepList", { opens, steps }, [signature], single);
  });
}

/** Addresses that signed a statement, by ethers' own EIP-712; null where a signature is broken. */
export function signersOf({ name, value, signatures }, domain) {
  return signatures.map((signature) => {
    try {
      return verifyTypedData(domain, typesOf(name), value, Signature.from(signature));
    } catch {
      return null;
    }
  });
}

/** Act ids (EIP-712 digests) of the single acts in a statement. */
export function actIds({ single }, domain) {
  return single.map(([name, value]) => TypedDataEncoder.hash(domain, typesOf(name), value));
}

/** The officer's id in a key word of the Registry. */
export function officerOf(keyWord) {
  return (keyWord >> 148n) & 0xffffffffffffffffn;
}
