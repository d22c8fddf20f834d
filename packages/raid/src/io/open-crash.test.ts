/** Power lost at any I/O of opening an array, twice in a row: no disk is left behind for good by it. */
import { describe, expect, it } from "vitest";
import { createPowerSupply } from "./faulty-disk.js";
import { createSmallArray, openSmallArray } from "./testing-array.js";
import type { MemoryDisk } from "./memory-disk.js";

const shape = { level: "raid5", diskCount: 4, unitBytes: 4096, stripes: 4 } as const;

/** Returns whether the array was open before the power went. */
async function openUntilCut(disks: readonly MemoryDisk[], cutAt: number): Promise<boolean> {
  let onCut = (): void => {};
  const cut = new Promise<false>((resolve) => (onCut = () => resolve(false)));
  const power = createPowerSupply(cutAt, onCut);
  const opened = openSmallArray(disks.map((disk) => power.connect(disk))).then(() => true as const);
  const isOpen = await Promise.race([opened, cut]);
  for (const disk of disks) disk.crash();
  return isOpen;
}

describe("A2: power lost twice while an array opens", () => {
  it("leaves all disks current", async () => {
    const fresh = await createSmallArray(shape);
    for (let first = 1; ; first++) {
      const once = fresh.map((disk) => disk.clone());
      if (await openUntilCut(once, first)) break;
      for (let second = 1; ; second++) {
        const twice = once.map((disk) => disk.clone());
        const isOpen = await openUntilCut(twice, second);
        const array = await openSmallArray(twice);
        expect(array.state().status, `cut at ${first}, then at ${second}`).toBe("optimal");
        if (isOpen) break;
      }
    }
  });
});
