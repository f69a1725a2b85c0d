// Makes signin.json with the reference library: node make_signin.js > signin.json
// (in a folder where siwe and ethers can be resolved).
const { SiweMessage } = require("siwe");
const { Wallet } = require("ethers");

const wallet = new Wallet("0x" + "4c".repeat(32));
const base = {
  domain: "window.example", address: wallet.address, uri: "https://window.example/login", version: "1",
  chainId: 20261122, nonce: "32891756abc", issuedAt: "2026-01-02T03:04:05Z",
};
const variants = {
  minimal: {},
  statement: { statement: "Sign in to Huxin. No fee, no transaction!" },
  port: { domain: "window.example:8443", expirationTime: "2026-01-02T04:04:05Z" },
  everything: {
    scheme: "https", statement: "All [of] it; (really) & more", expirationTime: "2026-01-02T04:04:05.250Z",
    notBefore: "2026-01-02T03:04:05Z", requestId: "request-1", resources: ["https://window.example/a?b=c#d", "urn:x:1"],
  },
  ipv6: { domain: "[2001:db8::1]:8545", uri: "http://[2001:db8::1]:8545/" },
};
(async () => {
  const out = [];
  for (const [name, parts] of Object.entries(variants)) {
    const text = new SiweMessage({ ...base, ...parts }).prepareMessage();
    out.push({ name, text, fields: { ...base, ...parts }, signature: await wallet.signMessage(text) });
  }
  console.log(JSON.stringify(out, null, 1));
})();
