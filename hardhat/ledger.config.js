import { defineConfig } from "hardhat/config";

// A running Huxin ledger as a remote network: HUXIN_RPC_URL says where.
export default defineConfig({
  networks: {
    ledger: { type: "http", url: process.env.HUXIN_RPC_URL ?? "http://127.0.0.1:8545" },
  },
});
