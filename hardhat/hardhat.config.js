import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "hardhat/config";

const compiler = JSON.parse(readFileSync(new URL("../contracts/compiler.json", import.meta.url), "utf8"));

export default defineConfig({
  // `contracts` is a link to ../contracts/src: Hardhat refuses sources outside of its own folder.
  paths: { sources: "contracts", tests: "test" },
  solidity: {
    version: compiler.version,
    // The npm package is the pinned compiler; Hardhat would download another build of it.
    path: fileURLToPath(new URL("node_modules/solc/soljson.js", import.meta.url)),
    settings: compiler.settings,
  },
});
