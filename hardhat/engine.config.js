import { defineConfig } from "hardhat/config";

// Hardhat's EVM as a chain for Huxin's tests: London, no fees, the chain id given by whoever starts it.
export default defineConfig({
  networks: {
    node: {
      type: "edr-simulated",
      chainId: Number(process.env.HUXIN_CHAIN_ID ?? "860000"),
      hardfork: "london",
      initialBaseFeePerGas: 0,
      gasPrice: 0,
      blockGasLimit: 100_000_000,
    },
  },
});
