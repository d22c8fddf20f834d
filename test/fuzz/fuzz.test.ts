// A short run of the fuzzer: the corpus as it is, and a few hundred changed inputs per reader. `npm run fuzz` goes on.
import { createRandom } from "@waystation/contracts/random";
import { describe, expect, it } from "vitest";
import { findingOf } from "./target.js";
import { fastTargets, wholeTargets } from "./targets.js";

const fastRounds = 2_000;
const wholeRounds = 60;
const targets = [
  ...fastTargets().map((target) => ({ target, rounds: fastRounds })),
  ...(await wholeTargets()).map((target) => ({ target, rounds: wholeRounds })),
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
