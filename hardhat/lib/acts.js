// What officers sign, written down a second time from docs/protocol.md, so that ethers and Solidity are held against it.

import { AbiCoder, Signature, TypedDataEncoder, concat, keccak256, toBeHex, zeroPadValue } from "ethers";

const common = [
  { name: "officer", type: "uint64" },
  { name: "nonce", type: "uint64" },
  { name: "deadline", type: "uint32" },
];

const struct = (text) =>
  text.split(",").map((field) => {
    const [type, name] = field.trim().split(" ");
    return { name, type };
  });

const TERMS = struct(
  "uint64 grant, uint64 parent, uint8 granteeKind, uint64 grantee, uint8 rights, uint32 validFrom, uint32 validUntil, uint32 quota, uint8 depth, uint32[] items",
);

/** The structs by name; those of administration end in officer, nonce and deadline. */
export const TYPES = {
  Proposal: struct("address target, bytes data, uint64 nonce, uint32 deadline"),
  Open: struct(
    "bytes32 commitment, uint64 item, uint16 version, uint8 mode, bytes32 parent, uint64 officer, uint64 grant, bytes32 evidence, uint32 signedAt, uint32 deadline",
  ),
  Step: struct(
    "bytes32 caseKey, uint16 seq, uint8 action, uint64 officer, uint64 grant, uint32 detail, bytes32 subject, bytes32 evidence, bytes32 previous, uint32 signedAt, uint32 deadline",
  ),
  StepList: struct("Open[] opens, Step[] steps"),
  GrantTerms: TERMS,
  RegisterWindow: [
    ...struct("uint64 window, string name, uint48 region, uint32 validFrom, uint32 validUntil"),
    ...common,
  ],
  EnrolOfficer: [
    ...struct("uint64 subject, uint64 window, uint16 roles, address key, uint32 validFrom, uint32 validUntil"),
    ...common,
  ],
  PublishItem: [
    ...struct(
      "uint64 item, uint16 version, string code, string name, bytes32 materials, uint8 entries, uint32 tolerable, uint32 promisable, uint8 grantable, uint8 originals, uint8 modes, uint8 license, uint16 acceptDays, uint16 decideDays, uint32 effectiveFrom",
    ),
    ...common,
  ],
  OfferGrant: [...struct("GrantTerms terms"), ...common],
  AcceptGrant: [...struct("uint64 grant"), ...common],
  RegisterSeal: [
    ...struct(
      "uint64 seal, string name, bytes32 sm3, bytes32 sha256, bytes32 certificate, uint32 validFrom, uint32 validUntil",
    ),
    ...common,
  ],
};

/** Place of an act of administration in its contract, from 1. */
export const KINDS = {
  RegisterWindow: 1,
  EnrolOfficer: 3,
  PublishItem: 1,
  OfferGrant: 1,
  AcceptGrant: 2,
  RegisterSeal: 1,
};

/** An agency's number and one that it gave out. */
export const id = (agency, number) => (BigInt(agency) << 32n) | BigInt(number);

/** The struct and those it refers to, as ethers wants them. */
export function typesOf(name) {
  const types = { [name]: TYPES[name] };
  for (const { type } of TYPES[name]) {
    const inner = type.replace("[]", "");
    if (TYPES[inner]) Object.assign(types, typesOf(inner));
  }
  return types;
}

/** The EIP-712 domain of one of our contracts. */
export const domainOf = (chainId, verifyingContract) => ({ name: "Huxin", version: "1", chainId, verifyingContract });

/** The 64-byte form (EIP-2098) of an ethers signature. */
export const compact = (signature) => Signature.from(signature).compactSerialized;

/** `abi.encode(struct)` of an act of administration. */
export function body(name, act) {
  const type = (fields) =>
    `tuple(${fields.map((each) => `${TYPES[each.type] ? type(TYPES[each.type]) : each.type} ${each.name}`).join(",")})`;
  return AbiCoder.defaultAbiCoder().encode([type(TYPES[name])], [act]);
}

const word = (value, bytes) => zeroPadValue(toBeHex(value), bytes);

/** The packed case state, `ledger/state.py`. */
export function packState(state) {
  const layout = [
    ["lastAt", 0n], ["seq", 32n], ["status", 48n], ["mode", 52n], ["flags", 56n], ["missing", 72n], ["children", 104n],
    ["version", 112n], ["item", 128n], ["verifier", 192n],
  ]; // prettier-ignore
  return layout.reduce((packed, [name, shift]) => packed | (BigInt(state[name]) << shift), 0n);
}

/** What the chain keeps of a case. */
export const headOf = (trail, state) => keccak256(concat([trail, word(packState(state), 32)]));

/** One signed group of a batch: opens and steps, each step with the trail and state it starts from. */
export function packGroup(opens, steps, signature) {
  const parts = [word(opens.length, 1), word(steps.length, 1), compact(signature)];
  for (const act of opens) {
    parts.push(act.commitment, word(act.item, 8), word(act.version, 2), word(act.mode, 1), act.parent);
    parts.push(word(act.officer, 8), word(act.grant, 8), act.evidence, word(act.signedAt, 4), word(act.deadline, 4));
  }
  for (const { act, state, subject } of steps) {
    parts.push(act.caseKey, act.previous, word(packState(state), 32), word(act.action, 1), word(act.officer, 8));
    parts.push(word(act.grant, 8), word(act.detail, 4), act.evidence, word(act.signedAt, 4), word(act.deadline, 4));
    if (subject) parts.push(act.subject);
  }
  return concat(parts);
}

/** hashStruct of an act. */
export const hashOf = (name, act) => TypedDataEncoder.from(typesOf(name)).hash(act);
