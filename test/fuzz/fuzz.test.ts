// A short run of the fuzzer: the corpus as it is, and a few hundred changed inputs per reader. `npm run fuzz` goes on.
import { createRandom } from "@waystation/contracts/random";
import { describe, expect, it } from "vitest";
import { storageTargets } from "./storage-targets.js";
import { findingOf } from "./target.js";
import { wireTargets } from "./wire-targets.js";

const wireRounds = 2_000;
const storageRounds = 60;
const targets = [
  ...wireTargets().map((target) => ({ target, rounds: wireRounds })),
  ...(await storageTargets()).map((target) => ({ target, rounds: storageRounds })),
];

describe("whatever bytes they get, readers end with a typed failure or with what is there", () => {
  it.each(targets.map((entry) => [entry.target.name, entry] as const))("%s", async (_, { target, rounds }) => {
    for (const sample of target.samples) expect(await findingOf(target, sample)).toBeNull();
    for (let seed = 1; seed <= rounds; seed++) {
      const finding = await findingOf(target, target.mutate(createRandom(seed)));
      if (finding !== null) expect.fail(`seed ${seed}: ${finding}`);
    }
  });
});
