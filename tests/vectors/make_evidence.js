// Makes evidence.json without any of our Python: node make_evidence.js > evidence.json
// (in a folder where @openzeppelin/merkle-tree and ethers can be resolved).
const { createHash } = require("node:crypto");
const { StandardMerkleTree } = require("@openzeppelin/merkle-tree");
const { keccak256, concat, toUtf8Bytes, toBeHex } = require("ethers");

const salt = (name) => "0x" + createHash("sha256").update(`salt ${name}`).digest("hex");

function commitment(kind, field) {
  const bytes = field.bytes !== undefined;
  const value = bytes ? Buffer.from(field.bytes, "hex") : toUtf8Bytes(field.text);
  const name = toUtf8Bytes(field.name);
  return keccak256(concat([
    toUtf8Bytes("huxin:evidence:1"), "0x" + field.salt,
    toBeHex(kind.length, 1), toUtf8Bytes(kind),
    toBeHex((field.public ? 1 : 0) + (bytes ? 2 : 0), 1),
    toBeHex(name.length, 2), name,
    toBeHex(value.length, 4), value,
  ]));
}

function document(kind, fields) {
  const salted = fields.map((field) => ({ ...field, salt: salt(field.name).slice(2) }));
  salted.sort((a, b) => (a.name < b.name ? -1 : 1));
  const commitments = salted.map((field) => commitment(kind, field));
  const tree = StandardMerkleTree.of(commitments.map((c) => [c]), ["bytes32"], { sortLeaves: false });
  return {
    document: { version: 1, kind, fields: salted },
    commitments, root: tree.root, proofs: commitments.map((_, i) => tree.getProof(i)),
  };
}

console.log(JSON.stringify([
  document("materials", [{ name: "note", public: false, text: "" }]),
  document("notification", [
    { name: "missing.2", public: true, text: "法定代表人身份证明(原件)" },
    { name: "missing.1", public: true, text: "营业执照" },
    { name: "applicant.id", public: false, text: "11010519491231002X" },
    { name: "photo.sm3", public: false, bytes: "00ff" },
    { name: "missing.10", public: true, text: "emoji 🧾" },
  ]),
], null, 1));
