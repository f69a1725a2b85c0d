// Makes merkle.json with the real package: node make_merkle.js > merkle.json
// (in a folder where @openzeppelin/merkle-tree can be resolved).
const { createHash } = require("node:crypto");
const { StandardMerkleTree, SimpleMerkleTree } = require("@openzeppelin/merkle-tree");

const hash = (text) => "0x" + createHash("sha256").update(text).digest("hex");
const samples = {
  bytes32: (n, i) => hash(`leaf ${n} ${i}`),
  address: (n, i) => "0x" + hash(`address ${i}`).slice(26),
  uint256: (n, i) => String(BigInt(i) * 10n ** 18n),
  uint64: (n, i) => String(i),
  string: (n, i) => `证照 ${i}`,
};

function describe(tree, kind, encoding, sortLeaves, rows) {
  const shown = rows.length <= 16 ? [...rows.keys()] : [0, 1, rows.length >> 1, rows.length - 1];
  return {
    kind, encoding, sort_leaves: sortLeaves, rows,
    root: tree.root,
    leaves: Object.fromEntries(shown.map((i) => [i, tree.leafHash(rows[i])])),
    proofs: Object.fromEntries(shown.map((i) => [i, tree.getProof(i)])),
  };
}

function standard(n, encoding, sortLeaves) {
  const rows = [...Array(n).keys()].map((i) => encoding.map((type) => samples[type](n, i)));
  const tree = StandardMerkleTree.of(rows, encoding, { sortLeaves });
  return describe(tree, "standard", encoding, sortLeaves, rows);
}

const simple = [...Array(6).keys()].map((i) => hash(`simple ${i}`));
const trees = [
  ...[1, 2, 5, 13, 100].map((n) => standard(n, ["bytes32"], true)),
  ...[3, 7].map((n) => standard(n, ["bytes32"], false)),
  standard(16, ["address", "uint256"], true),
  standard(33, ["bytes32", "uint64", "string"], true),
  describe(SimpleMerkleTree.of(simple), "simple", null, true, simple),
];
const { version } = require("@openzeppelin/merkle-tree/package.json");
console.log(JSON.stringify({ made_with: `@openzeppelin/merkle-tree ${version}`, trees }, null, 1));
