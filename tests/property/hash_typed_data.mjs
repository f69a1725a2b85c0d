// Hashes typed data with ethers, one JSON object a line on standard input, one line each of answers:
// {domain, types, primaryType, message} -> {structHash, domain, digest, type}. Numbers come as decimal strings.
// node hash_typed_data.mjs FOLDER_OF_ETHERS
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const { TypedDataEncoder } = createRequire(process.argv[2] + "/")("ethers");

for await (const line of createInterface({ input: process.stdin })) {
  const { domain, types, primaryType, message } = JSON.parse(line);
  delete types.EIP712Domain;
  const encoder = new TypedDataEncoder(types);
  if (encoder.primaryType !== primaryType) throw new Error(`${encoder.primaryType} is not ${primaryType}`);
  const answer = {
    structHash: encoder.hash(message),
    encoded: encoder.encodeData(primaryType, message),
    domain: TypedDataEncoder.hashDomain(domain),
    digest: TypedDataEncoder.hash(domain, types, message),
    type: encoder.encodeType(primaryType),
  };
  process.stdout.write(JSON.stringify(answer) + "\n");
}
