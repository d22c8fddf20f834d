import { describe, it } from "vitest";
import { journalConformance } from "./conformance.js";
import type { JournalHarness } from "./conformance-harness.js";
import { runAgainstModel } from "./conformance-model.js";
import type { RingJournalOptions } from "./ring-journal.js";
import { createRingMedia } from "./ring-media.js";

const kib = 1024;

function harnessOn(volumeBytes: number, options: Partial<RingJournalOptions>): JournalHarness {
  const media = createRingMedia(volumeBytes);
  return {
    open: () => media.open(options),
    crash: (random) => Promise.resolve(media.crash(random)),
  };
}

const often = { checkpointBytes: 8 * kib, checkpointBatches: 4 };
const rarely = { checkpointBytes: 2 ** 30, checkpointBatches: 1000 };

const variants: readonly [string, number, Partial<RingJournalOptions>][] = [
  ["with room", 1024 * kib, {}],
  ["with room, without a tail cache", 1024 * kib, { tailCacheBytes: 0 }],
  ["with room, one commit per group", 1024 * kib, { tailCacheBytes: 4000, batchBytesMax: 1, tuning: rarely }],
  ["that wraps, with many checkpoints", 260 * kib, { tailCacheBytes: 4000, tuning: often }],
  ["that wraps, with few checkpoints", 260 * kib, { tailCacheBytes: 0, batchBytesMax: 1, tuning: rarely }],
  ["too small for what it is given", 68 * kib, { tailCacheBytes: 0, batchBytesMax: 1, tuning: often }],
];

describe.each(variants)("volume journal on a volume %s", (_title, volumeBytes, options) => {
  for (const { name, run } of journalConformance) {
    it(name, async () => run(harnessOn(volumeBytes, options)));
  }

  it("does as a naive model does, with many seeds", async () => {
    for (let seed = 1000; seed < 1010; seed++) {
      await runAgainstModel(harnessOn(volumeBytes, options), seed).catch((error: unknown) => {
        throw new Error(`seed ${seed}`, { cause: error });
      });
    }
  });
});
