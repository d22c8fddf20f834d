/**
 * SPEC A4, power lost at the Nth I/O: a crash is never taken for corruption, and corruption never for a crash, whether
 * the power goes while hosts write, while blocks are repaired, or while a scrub runs.
 */
import { createRandom, type Random } from "@waystation/contracts/random";
import { describe, expect, it } from "vitest";
import { blockBytes } from "../core/disk-layout.js";
import type { RaidArray } from "./array.js";
import { createPowerSupply } from "./faulty-disk.js";
import type { MemoryDisk } from "./memory-disk.js";
import { noFaults } from "./row-repair.js";
import { createSmallArray, mismatchedStripes, openSmallArray, type SmallShape } from "./testing-array.js";

const shapes: readonly (SmallShape & { readonly step: number })[] = [
  { level: "raid0", diskCount: 2, unitBytes: 8192, stripes: 8, step: 5 },
  { level: "raid1", diskCount: 2, unitBytes: 8192, stripes: 8, step: 5 },
  { level: "raid10", diskCount: 4, unitBytes: 8192, stripes: 6, step: 9 },
  { level: "raid5", diskCount: 3, unitBytes: 8192, stripes: 8, step: 7 },
  { level: "raid6", diskCount: 4, unitBytes: 8192, stripes: 8, step: 11 },
];

/** Runs until the power goes or the work is done. Returns whether it was done, and the disks as they are then. */
async function untilCut(
  disks: readonly MemoryDisk[],
  cutAt: number,
  action: (array: RaidArray) => Promise<void>,
): Promise<{ done: boolean; disks: MemoryDisk[] }> {
  let onCut = (): void => {};
  const cut = new Promise<false>((resolve) => (onCut = () => resolve(false)));
  const power = createPowerSupply(cutAt, onCut);
  const run = async (): Promise<true> => {
    await action(await openSmallArray(disks.map((disk) => power.connect(disk))));
    return true;
  };
  const done = await Promise.race([run(), cut]);
  return { done, disks: disks.map((disk) => disk.clone()) };
}

/** Writes over 4000 sectors, some of them more than once. `seen` gets what each may hold, by 512 bytes. */
async function work(array: RaidArray, random: Random, seen: Map<number, Set<number>>): Promise<void> {
  const sectors = array.sizeBytes / 512;
  for (let i = 0; i < 12; i++) {
    const count = random.chance(0.3) ? 1 + random.below(sectors / 2) : 1 + random.below(12);
    const first = random.below(sectors - count);
    const fill = 1 + random.below(255);
    for (let at = first; at < first + count; at++) seen.set(at, (seen.get(at) ?? new Set([0])).add(fill));
    await array.write(first * 512, Buffer.alloc(count * 512, fill));
    for (let at = first; at < first + count; at++) seen.set(at, new Set([fill]));
  }
}

const anything: ReadonlySet<number> = new Set();

function expectSeen(content: Buffer, seen: ReadonlyMap<number, ReadonlySet<number>>, where: string): void {
  for (let at = 0; at < content.length / 512; at++) {
    if (seen.get(at) === anything) continue;
    const sector = content.subarray(at * 512, (at + 1) * 512);
    const isWhole = sector.equals(Buffer.alloc(512, sector[0]));
    expect(isWhole && (seen.get(at) ?? new Set([0])).has(sector[0]!), `sector ${at}, ${where}`).toBe(true);
  }
}

async function flip(disk: MemoryDisk, offsetBytes: number, random: Random): Promise<void> {
  const block = Buffer.alloc(blockBytes);
  await disk.submit([{ kind: "read", offsetBytes, into: block }]);
  block[random.below(blockBytes)]! ^= 1 << random.below(8);
  await disk.submit([{ kind: "write", offsetBytes, from: block, durable: true }]);
}

describe.each(shapes)("A4: power lost, $level of $diskCount disks", ({ step, ...shape }) => {
  it("amid writes: nothing is found corrupt after, by reads or by a scrub", async () => {
    const fresh = await createSmallArray(shape);
    for (let cutAt = 1; ; cutAt += step) {
      const used = fresh.map((disk) => disk.clone());
      const seen = new Map<number, Set<number>>();
      const { done, disks } = await untilCut(used, cutAt, (array) => work(array, createRandom(3), seen));
      const random = createRandom(cutAt);
      for (const disk of disks) disk.crash(random);
      const again = await untilCut(disks, 1 + random.below(60), async () => {});
      for (const disk of again.disks) disk.crash(random);
      const array = await openSmallArray(again.disks);
      const where = `cut at ${cutAt}`;
      expectSeen(await array.read(0, array.sizeBytes), seen, where);
      expect(await array.scrub().done, where).toMatchObject({ found: noFaults(), failure: null });
      if (done) break;
    }
  });

  it.runIf(shape.level !== "raid0")(
    "amid repairs and scrubs: what is corrupt is still found, and repaired",
    async () => {
      const seen = new Map<number, Set<number>>();
      const fresh = await createSmallArray(shape);
      const first = await openSmallArray(fresh);
      await work(first, createRandom(4), seen);
      await first.close();
      const { geometry } = first;
      const random = createRandom(5);
      for (let at = 0; at < geometry.dataBytesPerDisk; at += blockBytes) {
        await flip(fresh[random.below(geometry.diskCount)]!, geometry.dataOffsetBytes + at, random);
      }
      for (let cutAt = 1; ; cutAt += step) {
        const used = fresh.map((disk) => disk.clone());
        const inFlight = new Map(seen);
        const { done, disks } = await untilCut(used, cutAt, async (array) => {
          await array.read(0, array.sizeBytes / 2);
          await work(array, createRandom(cutAt), inFlight);
          await array.scrub().done;
        });
        for (const disk of disks) disk.crash(random);
        const array = await openSmallArray(disks);
        const where = `cut at ${cutAt}`;
        // A block that was corrupt, and is torn as well by a write past the log, is not told from one that is torn.
        const known = new Map([...inFlight].map(([at, fills]) => [at, fills.size > 1 ? anything : fills]));
        expectSeen(await array.read(0, array.sizeBytes), known, where);
        expect((await array.scrub().done).found.unknown, where).toBe(0);
        expect(await mismatchedStripes(array, disks), where).toEqual([]);
        expect((await array.scrub().done).found, where).toEqual(noFaults());
        if (done) break;
      }
    },
  );
});
