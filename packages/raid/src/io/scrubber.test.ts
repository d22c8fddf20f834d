import { createRandom, type Random } from "@waystation/contracts/random";
import { describe, expect, it } from "vitest";
import { carriersOf, pageOffsetBytes } from "../core/checksum-layout.js";
import { blockBytes } from "../core/disk-layout.js";
import type { Slot } from "../core/level.js";
import { createFaultyDisk } from "./faulty-disk.js";
import { noFaults } from "./row-repair.js";
import { mismatchedStripes, openSmallArray, type SmallShape } from "./testing-array.js";
import { change, createRig, redundantShapes, type Rig } from "./testing-corruption.js";

const shapes: readonly SmallShape[] = [
  { level: "raid0", diskCount: 2, unitBytes: 8192, stripes: 12 },
  ...redundantShapes,
];

interface Place {
  readonly slot: number;
  readonly offsetBytes: number;
  readonly kind: string;
}

/** Damages blocks and checksums, no more of a row than the level survives. Returns what a scrub must say. */
async function damage({ disks, array }: Rig, random: Random): Promise<Place[]> {
  const { geometry } = array;
  const planted: Place[] = [];
  for (let inData = 0; inData < geometry.dataBytesPerDisk; inData += blockBytes) {
    if (random.chance(0.6)) continue;
    const slot = random.below(geometry.diskCount) as Slot;
    const offsetBytes = geometry.dataOffsetBytes + inData;
    const { parity } = geometry.layoutOf(Math.floor(inData / geometry.unitBytes));
    if (random.chance(0.3)) {
      const carriers = carriersOf(geometry, slot);
      const carrier = carriers[random.below(carriers.length)]!;
      const page = pageOffsetBytes(geometry, { column: slot, carrier, page: 0 });
      await change(disks[carrier]!, page, (bytes) => (bytes[(inData / blockBytes) * 4]! ^= 255));
      planted.push({ slot, offsetBytes, kind: "checksum" });
    } else {
      await change(disks[slot]!, offsetBytes, (bytes) => (bytes[random.below(blockBytes)]! ^= 1));
      planted.push({ slot, offsetBytes, kind: parity.includes(slot) ? "parity" : "data" });
    }
  }
  return planted;
}

function sorted(places: readonly Place[]): string[] {
  return places.map(({ slot, offsetBytes, kind }) => `${slot} ${offsetBytes} ${kind}`).sort();
}

describe.each(shapes)("A2, A4: a scrub of $level of $diskCount disks", (shape) => {
  it("finds everything planted, says where it was, repairs it, and finds nothing after", async () => {
    for (let seed = 0; seed < 3; seed++) {
      const random = createRandom(seed);
      const rig = await createRig(shape, random);
      const { geometry } = rig.array;
      const isRepairable = geometry.tolerance > 0;
      await rig.array.close();
      rig.array = await openSmallArray(rig.disks);
      const clean = await rig.array.scrub().done;
      expect(clean).toMatchObject({ found: noFaults(), places: [], nextStripe: null, failure: null });
      expect(clean.checkedBytes).toBe(geometry.dataBytesPerDisk * geometry.diskCount);
      const planted = await damage(rig, random);
      const { places, found } = await rig.array.scrub().done;
      const expected = planted.map((place) => {
        return isRepairable || place.kind === "checksum" ? place : { ...place, kind: "unknown" };
      });
      expect(sorted(places)).toEqual(sorted(expected));
      expect(Object.values(found).reduce((sum, count) => sum + count)).toBe(planted.length);
      expect(places.every(({ slot, file }) => file === `disk-${slot}`)).toBe(true);
      if (!isRepairable) continue;
      expect(await mismatchedStripes(rig.array, rig.disks)).toEqual([]);
      await rig.array.close();
      rig.array = await openSmallArray(rig.disks);
      expect((await rig.array.read(0, rig.model.length)).equals(rig.model)).toBe(true);
      expect((await rig.array.scrub().done).places).toEqual([]);
    }
  });
});

describe("A2: a scrub", () => {
  const shape: SmallShape = { level: "raid6", diskCount: 5, unitBytes: 8192, stripes: 30 };

  it("goes on beside host writes, and takes none of them for corruption", async () => {
    const random = createRandom(5);
    const rig = await createRig(shape, random);
    const scrub = rig.array.scrub();
    const state = { isDone: false };
    void scrub.done.then(() => (state.isDone = true));
    while (!state.isDone) {
      const at = random.below(rig.model.length - 9000);
      const data = Buffer.alloc(1 + random.below(9000), 1 + random.below(255));
      data.copy(rig.model, at);
      await rig.array.write(at, data);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await scrub.done).toMatchObject({ found: noFaults(), failure: null });
    expect((await rig.array.read(0, rig.model.length)).equals(rig.model)).toBe(true);
  });

  it("is refused while one runs, stops when told, and goes on from where it was", async () => {
    const random = createRandom(6);
    const rig = await createRig(shape, random);
    // So that nothing is left in memory that would be written over what is damaged.
    await rig.array.close();
    rig.array = await openSmallArray(rig.disks);
    const planted = await damage(rig, random);
    const places: Place[] = [];
    let from = 0;
    let runs = 0;
    for (; ; runs++) {
      const scrub = rig.array.scrub({ fromStripe: from });
      expect(() => rig.array.scrub()).toThrow(expect.objectContaining({ code: "ARRAY_SCRUBBING" }));
      const begun = scrub.progress().doneBytes;
      while (scrub.progress().doneBytes - begun < 10 * 8192 * 5) {
        const before = scrub.progress().doneBytes;
        await new Promise((resolve) => setImmediate(resolve));
        if (before === scrub.progress().totalBytes) break;
      }
      scrub.stop();
      const report = await scrub.done;
      places.push(...report.places);
      if (report.nextStripe === null) break;
      expect(report.nextStripe).toBeGreaterThan(from);
      from = report.nextStripe;
    }
    expect(runs).toBeGreaterThan(1);
    expect(sorted(places)).toEqual(sorted(planted));
    expect(() => rig.array.scrub({ fromStripe: 30 })).toThrow(expect.objectContaining({ code: "ARRAY_SHAPE" }));
  });

  it("ends with the array: when it is closed, and when it fails", async () => {
    const rig = await createRig(shape, createRandom(7));
    const scrub = rig.array.scrub();
    await rig.array.close();
    expect((await scrub.done).nextStripe).not.toBeNull();
    const faulty = rig.disks.map((disk) => createFaultyDisk(disk));
    const array = await openSmallArray(faulty);
    const doomed = array.scrub();
    for (const disk of faulty.slice(0, 3)) disk.dieAt(20);
    expect((await doomed.done).failure).toMatch(/has failed/);
  });

  it("without checksums makes redundancy match the data", async () => {
    const rig = await createRig({ ...shape, checksums: false }, createRandom(8));
    const { geometry } = rig.array;
    const [p, q] = geometry.layoutOf(3).parity;
    const offsetBytes = geometry.dataOffsetBytes + 3 * geometry.unitBytes;
    for (const slot of [p!, q!]) await change(rig.disks[slot]!, offsetBytes, (bytes) => bytes.fill(9));
    expect(await mismatchedStripes(rig.array, rig.disks)).toEqual([3]);
    const { found } = await rig.array.scrub().done;
    expect(found).toEqual({ ...noFaults(), parity: 2 });
    expect(await mismatchedStripes(rig.array, rig.disks)).toEqual([]);
    expect((await rig.array.read(0, rig.model.length)).equals(rig.model)).toBe(true);
  });
});
