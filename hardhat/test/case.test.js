// One case from intake to delivery on Hardhat's EVM, with signatures that ethers makes from typed data. Ids, hashes,
// packed batches and states are computed here a second time, from docs/protocol.md.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  AbiCoder,
  TypedDataEncoder,
  Wallet,
  concat,
  encodeBytes32String,
  id as hash,
  keccak256,
  toBeHex,
} from "ethers";
import { ZeroHash, verifyTypedData, zeroPadValue } from "ethers";
import { KINDS, TYPES, body, compact, domainOf, hashOf, headOf, id, packGroup, typesOf } from "../lib/acts.js";
import { connect, deploy, person } from "../lib/chain.js";

const CHAIN_ID = 860_001;
const START = 1_800_000_000;
const FOREVER = 0xffffffff;
const HOME = 1;
const AWAY = 2;
const ITEM = id(HOME, 1);
const GRANT = id(HOME, 1);
const SEAL = id(HOME, 1);
const WINDOW = id(AWAY, 1);
const ALL_RIGHTS = 127;
const ROLE = { WINDOW: 4, REVIEWER: 8, DECIDER: 16, SEALER: 32 };
const ACTION = { NOTIFY: 2, SUPPLEMENT: 3, VERIFY: 4, ACCEPT: 6, FORWARD: 9, REVIEW: 10, APPROVE: 14, DELIVER: 17 };
const STATUS = { COLLECTED: 1, ACCEPTED: 2, IN_REVIEW: 3, APPROVED: 5, DELIVERED: 8 };
const FLAG = { NOTIFIED: 1, VERIFIED: 2, FORWARDED: 4 };
const REASON = { SIGNER_UNKNOWN: 3, STALE_STATE: 4, ALREADY_NOTIFIED: 124 };
const REMOTE_ACCEPTANCE = 2;
const ADMINISTRATOR = 1;

const members = [0, 1, 2]
  .map((each) => person(`member ${each}`, hash))
  .sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
const clerk = { wallet: person("clerk", hash), id: id(AWAY, 2), grant: GRANT };
const reviewer = { wallet: person("reviewer", hash), id: id(HOME, 2), grant: 0n };
const relay = person("relay", hash);
const admins = { [HOME]: person("home", hash), [AWAY]: person("away", hash) };

let chain;
let contracts;
let domain;
let nonce = 0n;
let state;
let trail;
let caseKey;

const logsOf = (receipt, contract) => receipt.logs.map((log) => contract.interface.parseLog(log)).filter(Boolean);

async function council(calls) {
  const council = contracts.Council;
  const ballots = [];
  for (const [contract, name, values] of calls) {
    const data = contract.interface.encodeFunctionData(name, values);
    const proposal = { target: contract.target, data, nonce: ++nonce, deadline: FOREVER };
    const where = domainOf(CHAIN_ID, council.target);
    const signed = members.slice(0, 2).map((each) => each.signTypedData(where, typesOf("Proposal"), proposal));
    ballots.push([proposal, (await Promise.all(signed)).map(compact)]);
  }
  const receipt = await chain.send(relay, council.target, council.interface.encodeFunctionData("submit", [ballots]));
  assert.equal(logsOf(receipt, council).filter((log) => log.name === "Decided").length, calls.length);
}

async function administer(contract, acts) {
  const signed = [];
  for (const [wallet, officer, name, fields] of acts) {
    const act = { ...fields, officer, nonce: ++nonce, deadline: FOREVER };
    const signature = await wallet.signTypedData(domainOf(CHAIN_ID, contract.target), typesOf(name), act);
    signed.push([KINDS[name], body(name, act), compact(signature)]);
  }
  const receipt = await chain.send(relay, contract.target, contract.interface.encodeFunctionData("submit", [signed]));
  assert.equal(logsOf(receipt, contract).filter((log) => log.name === "Applied").length, acts.length);
}

/** Carry one group to the chain; the verdicts in order. */
async function submit(...groups) {
  const data = contracts.Trails.interface.encodeFunctionData("submit", [concat(groups)]);
  const receipt = await chain.send(relay, contracts.Trails.target, data);
  assert.equal(receipt.status, "0x1");
  return logsOf(receipt, contracts.Trails);
}

const times = () => ({ signedAt: chain.time, deadline: chain.time + 600 });

const stepOf = (by, action, fields = {}) => ({
  caseKey,
  seq: state.seq + 1,
  action,
  officer: by.id,
  grant: by.grant,
  detail: 0,
  subject: ZeroHash,
  evidence: hash(`evidence ${action}`),
  previous: trail,
  ...times(),
  ...fields,
});

async function sign(wallet, name, act) {
  const signature = await wallet.signTypedData(domain, typesOf(name), act);
  assert.equal(verifyTypedData(domain, typesOf(name), act, signature), wallet.address);
  return signature;
}

/** Take a step and hold the chain's trail and head against those computed here from `change`. */
async function take(by, action, change = {}, fields = {}) {
  const act = stepOf(by, action, fields);
  const signature = await sign(by.wallet, "Step", act);
  const subject = act.subject === ZeroHash ? undefined : act.subject;
  const [event] = await submit(packGroup([], [{ act, state, subject }], signature));
  trail = keccak256(concat([trail, hashOf("Step", act)]));
  state = { ...state, ...change, seq: state.seq + 1, lastAt: act.signedAt };
  assert.deepEqual([event.name, event.args.caseKey, event.args.trail], ["Stepped", caseKey, trail]);
  assert.equal(await contracts.Trails.heads(caseKey), headOf(trail, state));
}

async function register() {
  const { Council, Registry, Catalogue, Grants, Seals, Directory } = contracts;
  await council([
    [Directory, "enter", [encodeBytes32String("trails"), contracts.Trails.target]],
    [Registry, "registerAgency", [HOME, "1".repeat(18), "属地部门", 0x430100000000, 0, ADMINISTRATOR, admins[HOME].address]],
    [Registry, "registerAgency", [AWAY, "2".repeat(18), "通办窗口", 0x430200000000, 0, ADMINISTRATOR, admins[AWAY].address]],
  ]); // prettier-ignore
  assert.equal(await Council.threshold(), 2n);
  const [home, away] = [HOME, AWAY].map((agency) => [admins[agency], id(agency, ADMINISTRATOR)]);
  const always = { validFrom: 0, validUntil: FOREVER };
  const decides = ROLE.REVIEWER | ROLE.DECIDER | ROLE.SEALER;
  await administer(Registry, [
    [...away, "RegisterWindow", { window: WINDOW, name: "一号窗口", region: 0x430200000000, ...always }],
    [...away, "EnrolOfficer", { subject: clerk.id, window: WINDOW, roles: ROLE.WINDOW, key: clerk.wallet.address, ...always }],
    [...home, "EnrolOfficer", { subject: reviewer.id, window: 0, roles: decides, key: reviewer.wallet.address, ...always }],
  ]); // prettier-ignore
  const item = { item: ITEM, version: 1, code: "000101001000", name: "许可", materials: hash("materials"), entries: 3 };
  const limits = { acceptDays: 5, decideDays: 20, effectiveFrom: 0 };
  const allowed = { tolerable: 0, promisable: 0, grantable: ALL_RIGHTS, originals: 1, modes: 63, license: 0 };
  await administer(Catalogue, [[...home, "PublishItem", { ...item, ...allowed, ...limits }]]);
  const terms = {
    grant: GRANT,
    parent: 0,
    granteeKind: 1,
    grantee: WINDOW,
    rights: ALL_RIGHTS,
    quota: 0,
    depth: 0,
    items: [],
  };
  await administer(Grants, [[...home, "OfferGrant", { terms: { ...terms, ...always } }]]);
  await administer(Grants, [[...away, "AcceptGrant", { grant: GRANT }]]);
  const digests = { sm3: hash("sm3"), sha256: hash("sha256"), certificate: hash("certificate") };
  await administer(Seals, [
    [reviewer.wallet, reviewer.id, "RegisterSeal", { seal: SEAL, name: "专用章", ...digests, ...always }],
  ]);
}

before(async () => {
  chain = await connect({ chainId: CHAIN_ID, start: START });
  contracts = await deploy(chain, relay, members.map((each) => each.address), 2, 0); // prettier-ignore
  domain = domainOf(CHAIN_ID, contracts.Trails.target);
  await register();
});

after(() => chain.close());

describe("a case on Hardhat's EVM", () => {
  test("the contracts' type hashes and domain are those of ethers", async () => {
    assert.equal(await contracts.Trails.domainSeparator(), TypedDataEncoder.hashDomain(domain));
    assert.ok(
      TypedDataEncoder.from({ Step: TYPES.Step }).encodeType("Step").startsWith("Step(bytes32 caseKey,uint16 seq,"),
    );
  });

  test("the window opens it in the home agency's name", async () => {
    const act = {
      commitment: hash("case number and salt"), item: ITEM, version: 1, mode: REMOTE_ACCEPTANCE, parent: ZeroHash,
      officer: clerk.id, grant: GRANT, evidence: hash("receipt"), ...times(),
    }; // prettier-ignore
    const signature = await sign(clerk.wallet, "Open", act);
    const [event] = await submit(packGroup([act], [], signature));
    caseKey = keccak256(AbiCoder.defaultAbiCoder().encode(["uint64", "bytes32"], [clerk.id, act.commitment]));
    trail = keccak256(concat([TypedDataEncoder.hashDomain(domain), hashOf("Open", act)]));
    state = {
      lastAt: act.signedAt, seq: 1, status: STATUS.COLLECTED, mode: REMOTE_ACCEPTANCE, flags: (1 << 7) | (ALL_RIGHTS << 9),
      missing: 0, children: 0, version: 1, item: ITEM, verifier: 0n,
    }; // prettier-ignore
    assert.deepEqual([event.name, event.args.caseKey, event.args.trail], ["Stepped", caseKey, trail]);
    assert.equal(await contracts.Trails.heads(caseKey), headOf(trail, state));
  });

  test("a second notification is refused by name, and changes nothing", async () => {
    await take(clerk, ACTION.NOTIFY, { missing: 0b101, flags: state.flags | FLAG.NOTIFIED }, { detail: 0b101 });
    const head = await contracts.Trails.heads(caseKey);
    const act = stepOf(clerk, ACTION.NOTIFY, { detail: 0b1 });
    const [event] = await submit(packGroup([], [{ act, state }], await sign(clerk.wallet, "Step", act)));
    assert.deepEqual([event.name, event.args.reason], ["Refused", BigInt(REASON.ALREADY_NOTIFIED)]);
    assert.equal(event.args.act, TypedDataEncoder.hash(domain, typesOf("Step"), act));
    assert.deepEqual([event.args.subject, event.args.officer], [caseKey, clerk.id]);
    assert.equal(await contracts.Trails.heads(caseKey), head);
  });

  test("a stranger's signature and an altered step speak of nobody", async () => {
    const act = stepOf(clerk, ACTION.SUPPLEMENT);
    const foreign = await Wallet.createRandom().signTypedData(domain, typesOf("Step"), act);
    const altered = { ...act, detail: 0b1 };
    const genuine = await sign(clerk.wallet, "Step", act);
    const events = await submit(
      packGroup([], [{ act, state }], foreign),
      packGroup([], [{ act: altered, state }], genuine),
      packGroup([], [{ act, state: { ...state, seq: 7 } }], genuine),
    );
    const expected = [REASON.SIGNER_UNKNOWN, REASON.SIGNER_UNKNOWN, REASON.STALE_STATE].map((each) => [
      "Discarded",
      BigInt(each),
    ]);
    assert.deepEqual(events.map((event) => [event.name, event.args.reason]), expected); // prettier-ignore
  });

  test("the officer signs three steps ahead as one list", async () => {
    const changes = [
      [ACTION.SUPPLEMENT, { missing: 0 }],
      [ACTION.VERIFY, { flags: state.flags | FLAG.VERIFIED, verifier: clerk.id }],
      [ACTION.ACCEPT, { status: STATUS.ACCEPTED }],
    ];
    const steps = [];
    const trails = [];
    for (const [action, change] of changes) {
      const act = stepOf(clerk, action);
      steps.push({ act, state });
      trail = keccak256(concat([trail, hashOf("Step", act)]));
      trails.push(trail);
      state = { ...state, ...change, seq: state.seq + 1, lastAt: act.signedAt };
    }
    const signature = await sign(clerk.wallet, "StepList", { opens: [], steps: steps.map((each) => each.act) });
    const events = await submit(packGroup([], steps, signature));
    assert.deepEqual(events.map((event) => event.args.trail), trails); // prettier-ignore
    assert.equal(await contracts.Trails.heads(caseKey), headOf(trail, state));
  });

  test("the home agency decides under its seal, and the window delivers", async () => {
    await take(clerk, ACTION.FORWARD, { flags: state.flags | FLAG.FORWARDED });
    await take(reviewer, ACTION.REVIEW, { status: STATUS.IN_REVIEW });
    await take(reviewer, ACTION.APPROVE, { status: STATUS.APPROVED }, { subject: zeroPadValue(toBeHex(SEAL), 32) });
    await take(clerk, ACTION.DELIVER, { status: STATUS.DELIVERED });
  });

  test("a batch that is cut short reverts as a whole", async () => {
    const act = stepOf(clerk, ACTION.DELIVER);
    const group = packGroup([], [{ act, state }], await sign(clerk.wallet, "Step", act));
    const data = contracts.Trails.interface.encodeFunctionData("submit", [group.slice(0, -2)]);
    const call = { from: relay.address, to: contracts.Trails.target, data };
    const selector = contracts.Trails.interface.getError("MalformedBatch").selector;
    await assert.rejects(chain.provider.request({ method: "eth_call", params: [call, "latest"] }), (fault) =>
      JSON.stringify([fault.data, fault.message]).includes(selector) || /MalformedBatch/.test(fault.message),
    ); // prettier-ignore
  });
});
