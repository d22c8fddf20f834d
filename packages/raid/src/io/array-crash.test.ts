/**
 * Power is lost at the Nth I/O over all disks, for every N of a run (as sqlite is tested), and in half of the runs again
 * while the array recovers. After each: redundancy matches data, what was acknowledged is there, what was not being
 * written is unchanged, and each sector that was being written is old or new.
 */
import { createRandom, type Random } from "@waystation/contracts/random";
import { describe, expect, it } from "vitest";
import { levels, slots } from "../core/level.js";
import type { RaidArray } from "./array.js";
import type { BlockDisk } from "./block-disk.js";
import { createFaultyDisk, createPowerSupply } from "./faulty-disk.js";
import type { MemoryDisk } from "./memory-disk.js";
import { createSmallArray, mismatchedStripes, openSmallArray, type SmallShape } from "./testing-array.js";

const sectorBytes = 512;
const filled = Array.from({ length: 256 }, (_, fill) => Buffer.alloc(sectorBytes, fill));

/** For each sector, the fill bytes that it may have: the last one acknowledged first, then those in flight. */
class SectorModel {
  readonly allowed: Set<number>[];

  constructor(sizeBytes: number) {
    this.allowed = Array.from({ length: sizeBytes / sectorBytes }, () => new Set([0]));
  }

  begin(writes: readonly SectorWrite[]): void {
    for (const { first, count, fill } of writes) {
      for (let i = first; i < first + count; i++) this.allowed[i]!.add(fill);
    }
  }

  acknowledge(writes: readonly SectorWrite[]): void {
    for (const { first, count, fill } of writes) {
      for (let i = first; i < first + count; i++) this.allowed[i] = new Set([fill]);
    }
  }

  /** The sectors whose content is none of those allowed. `skip` leaves out ranges that may be unreadable. */
  violations(content: Buffer): string[] {
    const wrong: string[] = [];
    for (const [index, allowed] of this.allowed.entries()) {
      const sector = content.subarray(index * sectorBytes, (index + 1) * sectorBytes);
      const isWhole = sector.equals(filled[sector[0]!]!);
      if (!isWhole || !allowed.has(sector[0]!)) wrong.push(`${index}: ${sector[0]} not in ${[...allowed].join()}`);
    }
    return wrong;
  }
}

interface SectorWrite {
  readonly first: number;
  readonly count: number;
  readonly fill: number;
}

interface Scenario {
  readonly name: string;
  readonly shape: SmallShape;
  /** Slots that are gone before the run. */
  readonly gone: readonly number[];
  readonly rounds: number;
  /** Sectors of a large write. */
  readonly largest: number;
  /** Every how many I/Os the power is cut. */
  readonly step: number;
  /** A disk, of those that are there, that dies at one of its I/Os. */
  readonly dying?: { readonly index: number; readonly at: number };
}

/** A part of one stripe, written as what makes the whole stripe new (SPEC A7): the rest of it is as it was. */
async function writeInStripe(array: RaidArray, model: SectorModel, random: Random, fill: number): Promise<void> {
  const { stripeBytes } = array;
  const sectorsPerStripe = stripeBytes / sectorBytes;
  const first = random.below(array.geometry.stripeCount) * sectorsPerStripe;
  const data = Buffer.concat(
    Array.from({ length: sectorsPerStripe }, (_, index) => filled[[...model.allowed[first + index]!][0]!]!),
  );
  const writes = Array.from({ length: 2 }, (): SectorWrite => {
    const start = random.below(sectorsPerStripe);
    return { first: first + start, count: 1 + random.below(sectorsPerStripe - start), fill };
  });
  for (const { first: start, count } of writes) {
    data.fill(fill, (start - first) * sectorBytes, (start - first + count) * sectorBytes);
  }
  model.begin(writes);
  const changed = writes.map(({ first: start, count }) => {
    return { offsetBytes: start * sectorBytes, lengthBytes: count * sectorBytes };
  });
  await array.writeStripes(first * sectorBytes, data, changed);
  model.acknowledge(writes);
}

/**
 * Batches of disjoint writes, several at a time, never two in flight over one sector; and now and then a part of a stripe.
 */
async function work(array: RaidArray, model: SectorModel, random: Random, scenario: Scenario): Promise<void> {
  const sectors = model.allowed.length;
  let fill = 1;
  for (let round = 0; round < scenario.rounds; round++) {
    const taken = new Set<number>();
    const draw = (): SectorWrite[] => {
      const count = random.chance(0.3) ? 1 + random.below(scenario.largest) : 1 + random.below(16);
      const first = random.below(Math.max(1, sectors - count));
      for (let i = first; i < first + count; i++) if (taken.has(i)) return [];
      for (let i = first; i < first + count; i++) taken.add(i);
      fill = 1 + (fill % 255);
      return [{ first, count, fill: random.chance(0.1) ? 0 : fill }];
    };
    const batches = Array.from({ length: 3 }, () => [...draw(), ...draw()]);
    await Promise.all(
      batches.map(async (batch) => {
        model.begin(batch);
        await array.writeBatch(
          batch.map(({ first, count, fill: byte }) => ({
            offsetBytes: first * sectorBytes,
            lengthBytes: count * sectorBytes,
            data: byte === 0 ? null : Buffer.alloc(count * sectorBytes, byte),
          })),
        );
        model.acknowledge(batch);
      }),
    );
    if (round % 2 === 1) await writeInStripe(array, model, random, 1 + (fill % 255));
  }
}

/** The workload on copies of the disks, against a model of it, until the power goes. */
async function workUntilCut(fresh: readonly MemoryDisk[], cutAt: number, scenario: Scenario): Promise<Outcome> {
  const used = fresh.map((disk) => disk.clone());
  const { level, diskCount, unitBytes, stripes } = scenario.shape;
  const dataUnits = levels[level].dataUnits(diskCount);
  const model = new SectorModel(dataUnits * unitBytes * stripes);
  const wrap = (disk: BlockDisk, index: number): BlockDisk => {
    if (index !== scenario.dying?.index) return disk;
    const faulty = createFaultyDisk(disk);
    faulty.dieAt(scenario.dying.at);
    return faulty;
  };
  const done = await untilCut(used.map(wrap), cutAt, (array) => work(array, model, createRandom(7), scenario));
  // When the work was done first, the log may still be on its way to a checkpoint: on disks that nobody looks at.
  return { done, model, disks: used.map((disk) => disk.clone()) };
}

interface Outcome {
  readonly done: boolean;
  readonly model: SectorModel;
  readonly disks: readonly MemoryDisk[];
}

/** Runs until the power goes or the work is done. Returns whether it was done. */
async function untilCut(
  disks: readonly BlockDisk[],
  cutAt: number,
  action: (array: RaidArray) => Promise<void>,
): Promise<boolean> {
  let onCut = (): void => {};
  const cut = new Promise<false>((resolve) => (onCut = () => resolve(false)));
  const power = createPowerSupply(cutAt, onCut);
  const run = async (): Promise<true> => {
    await action(await openSmallArray(disks.map((disk) => power.connect(disk))));
    return true;
  };
  return Promise.race([run(), cut]);
}

async function prepared(scenario: Scenario): Promise<MemoryDisk[]> {
  const all = await createSmallArray(scenario.shape);
  return all.filter((_, slot) => !scenario.gone.includes(slot));
}

/** The disks that are there in their slots, null in the others. */
function bySlot(
  { shape, gone }: Pick<Scenario, "shape" | "gone">,
  disks: readonly MemoryDisk[],
): (MemoryDisk | null)[] {
  const left = [...disks];
  return slots(shape.diskCount).map((slot) => (gone.includes(slot) ? null : (left.shift() ?? null)));
}

const small = { rounds: 5, largest: 100, step: 6 };
const large = { rounds: 4, largest: 200, step: 3 };

const scenarios: readonly Scenario[] = [
  { name: "raid0", shape: { level: "raid0", diskCount: 2, unitBytes: 4096, stripes: 16 }, gone: [], ...small, step: 2 },
  { name: "raid1 of two", shape: { level: "raid1", diskCount: 2, unitBytes: 16_384, stripes: 6 }, gone: [], ...large },
  {
    name: "raid1 of three, one gone",
    shape: { level: "raid1", diskCount: 3, unitBytes: 16_384, stripes: 6 },
    gone: [1],
    ...large,
  },
  { name: "raid10", shape: { level: "raid10", diskCount: 4, unitBytes: 16_384, stripes: 4 }, gone: [], ...large },
  {
    name: "raid10, one gone of each pair",
    shape: { level: "raid10", diskCount: 4, unitBytes: 8192, stripes: 8 },
    gone: [0, 3],
    ...small,
  },
  { name: "raid4", shape: { level: "raid4", diskCount: 3, unitBytes: 8192, stripes: 8 }, gone: [], ...large },
  {
    name: "raid4 degraded",
    shape: { level: "raid4", diskCount: 4, unitBytes: 4096, stripes: 16 },
    gone: [1],
    ...small,
  },
  {
    name: "raid5, small stripes",
    shape: { level: "raid5", diskCount: 4, unitBytes: 4096, stripes: 16 },
    gone: [],
    ...small,
  },
  {
    name: "raid5, whole stripes past the log",
    shape: { level: "raid5", diskCount: 3, unitBytes: 16_384, stripes: 4 },
    gone: [],
    ...large,
    step: 2,
  },
  {
    name: "raid5, long enough to wrap its log",
    shape: { level: "raid5", diskCount: 3, unitBytes: 8192, stripes: 24 },
    gone: [],
    rounds: 50,
    largest: 200,
    step: 211,
  },
  {
    name: "raid5 degraded",
    shape: { level: "raid5", diskCount: 4, unitBytes: 4096, stripes: 16 },
    gone: [2],
    ...small,
  },
  {
    name: "raid5 degraded, without one disk of its log",
    shape: { level: "raid5", diskCount: 3, unitBytes: 16_384, stripes: 4 },
    gone: [0],
    ...large,
  },
  {
    name: "raid6, small stripes",
    shape: { level: "raid6", diskCount: 5, unitBytes: 4096, stripes: 12 },
    gone: [],
    ...small,
  },
  {
    name: "raid6, whole stripes past the log",
    shape: { level: "raid6", diskCount: 4, unitBytes: 16_384, stripes: 4 },
    gone: [],
    ...large,
  },
  {
    name: "raid6 degraded by one",
    shape: { level: "raid6", diskCount: 5, unitBytes: 4096, stripes: 12 },
    gone: [2],
    ...small,
  },
  {
    name: "raid6 degraded by two, both of its log",
    shape: { level: "raid6", diskCount: 5, unitBytes: 8192, stripes: 6 },
    gone: [0, 1],
    ...small,
  },
];

describe("A3: power lost at any I/O", () => {
  it.each(scenarios)("$name", async (scenario) => {
    const fresh = await prepared(scenario);
    let cuts = 0;
    for (let cutAt = 1; ; cutAt += scenario.step) {
      const { done, model, disks } = await workUntilCut(fresh, cutAt, scenario);
      const random = createRandom(cutAt);
      for (const disk of disks) disk.crash(random);
      if (random.chance(0.5)) {
        // And once more, while it recovers.
        await untilCut(disks, 1 + random.below(40), async () => {});
        for (const disk of disks) disk.crash(random);
      }
      const array = await openSmallArray(disks);
      const content = await array.read(0, array.sizeBytes);
      const where = `cut at ${cutAt}`;
      expect(model.violations(content), where).toEqual([]);
      expect(await mismatchedStripes(array, bySlot(scenario, disks)), where).toEqual([]);
      if (done) break;
      cuts++;
    }
    expect(cuts).toBeGreaterThan(10);
  });
});

describe("A3: power lost at any I/O, and disks with it", () => {
  const scenario = scenarios.find(({ name }) => name === "raid5, whole stripes past the log")!;
  const faults: {
    readonly scenario: Scenario;
    readonly lost: (cutAt: number) => readonly number[];
    /** Null where that is chance. */
    readonly mayBeUnreadable: boolean | null;
  }[] = [
    { scenario, lost: (cutAt) => [cutAt % 3], mayBeUnreadable: true },
    { scenario: named("raid4"), lost: (cutAt) => [cutAt % 3], mayBeUnreadable: true },
    // Copies are made equal: whatever is left of a mirror is readable.
    { scenario: named("raid10"), lost: (cutAt) => [cutAt % 2, 2 + ((cutAt % 3) & 1)], mayBeUnreadable: false },
    { scenario: named("raid6, whole stripes past the log"), lost: (cutAt) => [cutAt % 4], mayBeUnreadable: true },
    {
      scenario: named("raid6, whole stripes past the log"),
      lost: (cutAt) => [cutAt % 4, (cutAt + 1 + (cutAt % 3)) % 4],
      mayBeUnreadable: true,
    },
    { scenario: named("raid6 degraded by one"), lost: (cutAt) => [cutAt % 2], mayBeUnreadable: false },
    // Nothing but the intents tells what is right.
    {
      scenario: withoutChecksums(named("raid6, whole stripes past the log")),
      lost: (cutAt) => [cutAt % 4],
      mayBeUnreadable: true,
    },
  ];

  const whole = named("raid6, whole stripes past the log");
  for (const at of [21, 27]) {
    faults.push({ scenario: dies(scenario, { index: 1, at }), lost: () => [1], mayBeUnreadable: null });
    faults.push({ scenario: dies(whole, { index: 3, at }), lost: () => [3], mayBeUnreadable: null });
    faults.push({
      scenario: dies(whole, { index: 0, at }),
      lost: (cutAt) => [0, 1 + (cutAt % 3)],
      mayBeUnreadable: null,
    });
  }

  function dies(given: Scenario, dying: { readonly index: number; readonly at: number }): Scenario {
    return { ...given, name: `${given.name}, disk ${dying.index} dying at its I/O ${dying.at}`, step: 5, dying };
  }

  function withoutChecksums(given: Scenario): Scenario {
    return { ...given, name: `${given.name}, without checksums`, shape: { ...given.shape, checksums: false } };
  }

  function named(name: string): Scenario {
    return scenarios.find((candidate) => candidate.name === name)!;
  }

  it.each(faults)(
    "$scenario.name: loses nothing acknowledged; what cannot be known of a write in flight is an I/O error until written",
    async ({ scenario: given, lost, mayBeUnreadable }) => {
      const fresh = await prepared(given);
      let unreadable = 0;
      for (let cutAt = 1; ; cutAt += Math.max(3, given.step)) {
        const { done, model, disks } = await workUntilCut(fresh, cutAt, given);
        const random = createRandom(cutAt);
        for (const disk of disks) disk.crash(random);
        const places = bySlot(given, disks).map((disk, slot) => (lost(cutAt).includes(slot) ? null : disk));
        const left = places.filter((disk) => disk !== null);
        if (random.chance(0.5)) {
          await untilCut(left, 1 + random.below(40), async () => {});
          for (const disk of left) disk.crash(random);
        }
        let array = await openSmallArray(left);
        // What is unreadable stays so over power loss, until it is written.
        for (const disk of left) disk.crash();
        array = await openSmallArray(left);
        expect(await mismatchedStripes(array, places), `cut at ${cutAt}`).toEqual([]);
        const wrong: number[] = [];
        for (let index = 0; index < model.allowed.length; index++) {
          const sector = await array.read(index * sectorBytes, sectorBytes).catch(() => null);
          if (sector === null) {
            unreadable++;
            expect(model.allowed[index]!.size, `acknowledged sector ${index}, cut at ${cutAt}`).toBeGreaterThan(1);
            continue;
          }
          const [byte] = sector;
          if (!sector.equals(filled[byte!]!) || !model.allowed[index]!.has(byte!)) wrong.push(index);
        }
        expect(wrong, `cut at ${cutAt}`).toEqual([]);
        const all = Buffer.alloc(array.sizeBytes, 77);
        await array.write(0, all);
        expect(array.state().lostBytes).toBe(0);
        expect((await array.read(0, all.length)).equals(all)).toBe(true);
        expect(await mismatchedStripes(array, places), `written after the cut at ${cutAt}`).toEqual([]);
        if (done) break;
      }
      if (mayBeUnreadable !== null) expect(unreadable > 0).toBe(mayBeUnreadable);
    },
  );

  it("a logged write over one past the log stays readable: the intent is settled first", async () => {
    const disks = await prepared(scenario);
    const array = await openSmallArray(disks);
    const model = Buffer.alloc(array.sizeBytes, 1);
    await array.write(0, model);
    for (const offset of [100, 20_000, 40_000]) {
      model.fill(2, offset, offset + 1000);
      await array.write(offset, model.subarray(offset, offset + 1000));
    }
    for (const gone of disks.keys()) {
      const left = disks.filter((_, slot) => slot !== gone).map((disk) => disk.clone());
      for (const disk of left) disk.crash();
      const again = await openSmallArray(left);
      expect((await again.read(0, model.length)).equals(model), `without disk ${gone}`).toBe(true);
    }
  });

  it("what is unreadable stays so however far the log moves on", async () => {
    const found = await withLostBlocks(await prepared(scenario));
    let array = await openSmallArray(found.left);
    const { lostBytes } = array.state();
    expect(lostBytes).toBeGreaterThan(0);
    const readable = await readableSectors(array);
    const at = readable[0]! * sectorBytes;
    // Several times the length of the log.
    for (let i = 0; i < 400; i++) await array.write(at, Buffer.alloc(sectorBytes, i % 256));
    for (const disk of found.left) disk.crash();
    array = await openSmallArray(found.left);
    expect(array.state().lostBytes).toBe(lostBytes);
    expect(await readableSectors(array)).toEqual(readable);
    await array.close();
    array = await openSmallArray(found.left);
    expect(array.state().lostBytes).toBe(lostBytes);
  });

  /** Cuts the power amid a write past the log, and takes a disk, until blocks are lost by it. */
  async function withLostBlocks(fresh: readonly MemoryDisk[]): Promise<{ left: MemoryDisk[] }> {
    for (let cutAt = 1; cutAt < 500; cutAt++) {
      const disks = fresh.map((disk) => disk.clone());
      await untilCut(disks, cutAt, (array) => array.write(0, Buffer.alloc(array.sizeBytes, 1)));
      for (const disk of disks) disk.crash(createRandom(cutAt));
      const left = disks.slice(1);
      const array = await openSmallArray(left);
      const isLost = array.state().lostBytes > 0;
      await array.close();
      if (isLost) return { left };
    }
    throw new Error("no cut lost a block");
  }

  async function readableSectors(array: RaidArray): Promise<number[]> {
    const readable: number[] = [];
    for (let index = 0; index < array.sizeBytes / sectorBytes; index++) {
      const sector = await array.read(index * sectorBytes, sectorBytes).catch(() => null);
      if (sector !== null) readable.push(index);
    }
    return readable;
  }
});
