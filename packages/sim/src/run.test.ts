import { createNode } from "@waystation/node/node";
import { describe, expect, it } from "vitest";
import { runSeed, type RunOptions } from "./run.js";

const onUncaught: RunOptions["onUncaught"] = (report) => {
  process.on("unhandledRejection", report);
  process.on("uncaughtException", report);
  return () => {
    process.off("unhandledRejection", report);
    process.off("uncaughtException", report);
  };
};

describe("simulator (E8)", () => {
  it("repeats a run from its seed, whatever ran before and whoever reads along", async () => {
    for (const seed of [3, 8]) {
      const first = await runSeed({ seed, buildNode: createNode, onUncaught });
      await runSeed({ seed: seed + 1, buildNode: createNode, onUncaught });
      const lines: string[] = [];
      const second = await runSeed({ seed, buildNode: createNode, onUncaught, print: (line) => lines.push(line) });
      expect(second).toEqual(first);
      expect(lines.length).toBeGreaterThan(100);
      expect((await runSeed({ seed: seed + 1, buildNode: createNode, onUncaught })).hash).not.toBe(first.hash);
    }
  });

  // In parts, so that a failing seed is named by its test soon.
  const part = 20;
  for (let from = 1; from <= 200; from += part) {
    it(`finds nothing wrong in seeds ${from}..${from + part - 1}`, async () => {
      for (let seed = from; seed < from + part; seed++) {
        const { violation, ending } = await runSeed({ seed, buildNode: createNode, onUncaught });
        expect(violation, `seed ${seed} (${ending}): npm run sim -- --seed ${seed} --runs 1 --verbose`).toBeNull();
      }
    });
  }
});
