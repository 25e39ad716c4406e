// The trees of the vectors, built whole: leaf n is the 8 bytes of n, big-endian.
import { sha256 } from "./digest.mjs";
import { recordHash } from "./log.mjs";

// subtree is the root of the leaves from..from+size.
export const subtree = (from, size) => {
  if (size === 1) {
    const leaf = Buffer.alloc(8);
    leaf.writeBigUInt64BE(BigInt(from));
    return recordHash(leaf);
  }
  const left = 2 ** Math.ceil(Math.log2(size) - 1);
  return sha256(Buffer.from([1]), subtree(from, left), subtree(from + left, size - left));
};

export const treeOf = (size) => subtree(0, size);
