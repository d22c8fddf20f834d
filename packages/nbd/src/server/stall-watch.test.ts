import { describe, expect, it } from "vitest";
import { createStallWatch } from "./stall-watch.js";

const graceMs = 1_000;
const bytesPerSecondMin = 1_000;
const watchOf = (
  moments: readonly (readonly [nowMs: number, waitingBytes: number, passedBytes: number])[],
): boolean[] => {
  const watch = createStallWatch();
  return moments.map(([nowMs, waitingBytes, passedBytes]) =>
    watch.isStalled({ nowMs, waitingBytes, passedBytes, graceMs, bytesPerSecondMin }),
  );
};

describe("a stall watch", () => {
  it("finds a peer that takes nothing, after the grace time and what the size needs", () => {
    expect(
      watchOf([
        [0, 500, 0],
        [1_400, 500, 0],
        [1_500, 500, 0],
        [1_501, 500, 0],
      ]),
    ).toEqual([false, false, false, true]);
  });

  it("finds a peer that takes a byte now and then, although more is queued for it", () => {
    expect(
      watchOf([
        [0, 500, 0],
        [700, 900, 1],
        [1_400, 900, 2],
        [1_600, 900, 3],
      ]),
    ).toEqual([false, false, false, true]);
  });

  it("lets be who takes what waited, however long more is queued behind it", () => {
    const moments = Array.from({ length: 100 }, (_, i) => [i * 1_000, 500, i * 500] as const);
    expect(watchOf(moments)).not.toContain(true);
  });

  it("lets be who has nothing waiting, and starts anew afterwards", () => {
    expect(
      watchOf([
        [0, 500, 0],
        [9_000, 0, 500],
        [20_000, 500, 500],
        [21_000, 500, 500],
      ]),
    ).not.toContain(true);
  });
});
