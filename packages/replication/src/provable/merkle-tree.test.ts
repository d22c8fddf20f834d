import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMerkleTree, leafHash, rootFromProof, type InclusionProof } from "./merkle-tree.js";
import { naiveRoot } from "../testing/chain-model.js";

/** The leaves, and the root of each tree of the first n of them, that implementations of RFC 6962 test with. */
const knownLeaves = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
];
const knownRoots = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const leafData = (count: number): Buffer[] => Array.from({ length: count }, (_, index) => Buffer.from(`leaf ${index}`));
const tree = fc
  .integer({ min: 1, max: 40 })
  .chain((count) =>
    fc.record({ count: fc.constant(count), indexes: fc.subarray([...Array(count).keys()], { minLength: 1 }) }),
  );

describe("E4: the Merkle tree", () => {
  it("E4: has the roots of RFC 6962", () => {
    for (const [count, root] of knownRoots.entries()) {
      const leaves = knownLeaves.slice(0, count).map((data) => leafHash(Buffer.from(data, "hex")));
      expect(createMerkleTree(leaves).root.toString("hex")).toBe(root);
    }
  });

  it("E4: proves one leaf with the hashes of RFC 6962's audit path", () => {
    const leaves = knownLeaves.slice(0, 7).map((data) => leafHash(Buffer.from(data, "hex")));
    // RFC 6962, 2.1.3: the path of d3 in a tree of 7 is [c, g, l]: here from left to right, g, c, l.
    const g = createMerkleTree(leaves.slice(0, 2)).root;
    const l = createMerkleTree(leaves.slice(4)).root;
    expect(createMerkleTree(leaves).prove([3]).hashes).toEqual([g, leaves[2], l]);
  });

  it("E4: proves any leaves of any tree", () => {
    fc.assert(
      fc.property(tree, ({ count, indexes }) => {
        const data = leafData(count);
        const leaves = data.map(leafHash);
        const made = createMerkleTree(leaves);
        expect(made.root).toEqual(naiveRoot(data));
        expect(
          rootFromProof(
            made.prove(indexes),
            indexes.map((index) => leaves[index]!),
          ),
        ).toEqual(made.root);
      }),
    );
  });

  it("E4: refuses a proof with anything changed", () => {
    const change = fc.constantFrom("leaf", "hash", "fewer hashes", "more hashes", "index", "leaf count", "swap");
    fc.assert(
      fc.property(tree, change, fc.nat(), ({ count, indexes }, what, pick) => {
        const leaves = leafData(count).map(leafHash);
        const made = createMerkleTree(leaves);
        const wanted = indexes.map((index) => leaves[index]!);
        const changed = changedProof(made.prove(indexes), wanted, what, pick);
        if (changed === null) return;
        expect(rootFromProof(changed.proof, changed.wanted)?.equals(made.root) ?? false).toBe(false);
      }),
    );
  });

  it("E4: bears any numbers in a proof", () => {
    const number = fc.oneof(fc.nat(5), fc.double(), fc.maxSafeInteger());
    fc.assert(
      fc.property(number, fc.array(number, { maxLength: 4 }), fc.nat(6), (leafCount, indexes, hashCount) => {
        const hashes = leafData(hashCount).map(leafHash);
        const result = rootFromProof(
          { leafCount, indexes, hashes },
          indexes.map(() => hashes[0] ?? leafHash(Buffer.alloc(0))),
        );
        expect(result === null || result.length === 32).toBe(true);
      }),
    );
  });
});

function changedProof(
  { leafCount, indexes, hashes }: InclusionProof,
  wanted: readonly Buffer[],
  what: string,
  pick: number,
): { readonly proof: InclusionProof; readonly wanted: readonly Buffer[] } | null {
  const other = leafHash(Buffer.from("another"));
  switch (what) {
    case "leaf":
      return { proof: { leafCount, indexes, hashes }, wanted: wanted.with(pick % wanted.length, other) };
    case "hash":
      if (hashes.length === 0) return null;
      return { proof: { leafCount, indexes, hashes: hashes.with(pick % hashes.length, other) }, wanted };
    case "fewer hashes":
      return hashes.length === 0 ? null : { proof: { leafCount, indexes, hashes: hashes.slice(1) }, wanted };
    case "more hashes":
      return { proof: { leafCount, indexes, hashes: [...hashes, other] }, wanted };
    case "index":
      return { proof: { leafCount, indexes: indexes.with(0, leafCount), hashes }, wanted };
    case "leaf count":
      return { proof: { leafCount: leafCount * 2 + 1, indexes, hashes }, wanted };
    default:
      return wanted.length < 2 ? null : { proof: { leafCount, indexes, hashes }, wanted: wanted.toReversed() };
  }
}
