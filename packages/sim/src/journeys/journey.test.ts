import { createNode } from "@waystation/node/node";
import { describe, expect, it } from "vitest";
import { runJourney, type JourneyOptions } from "./journey.js";

const onUncaught: JourneyOptions["onUncaught"] = (report) => {
  process.on("unhandledRejection", report);
  process.on("uncaughtException", report);
  return () => {
    process.off("unhandledRejection", report);
    process.off("uncaughtException", report);
  };
};

describe("journeys through bad days and home again (B8-B14, E8)", () => {
  // In parts, so that a failing seed is named by its test soon.
  const part = 10;
  for (let from = 1; from <= 60; from += part) {
    it(`finds nothing wrong in seeds ${from}..${from + part - 1}`, { timeout: 240_000 }, async () => {
      for (let seed = from; seed < from + part; seed++) {
        const { violation, legs } = await runJourney({ seed, buildNode: createNode, onUncaught });
        const repeat = `npm run sim -- --seed ${seed} --runs 1 --journeys --verbose`;
        expect(violation, `seed ${seed} (${legs.join(" ")}): ${repeat}`).toBeNull();
      }
    });
  }
});
