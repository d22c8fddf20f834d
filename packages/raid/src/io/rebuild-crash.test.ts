/**
 * Power is lost at the Nth I/O over all disks, for every N of a run in which a disk fails, a spare is taken and rebuilt while
 * the host writes; and again while that recovers. After each the rebuild goes on to its end, and then every block is what
 * was acknowledged (or, of the write on its way, old or new), redundancy matches, and the spare can stand for any disk.
 */
import { createRandom } from "@waystation/contracts/random";
import { describe, expect, it } from "vitest";
import { openArray, type RaidArray } from "./array.js";
import type { BlockDisk } from "./block-disk.js";
import { createPowerSupply } from "./faulty-disk.js";
import { createMemoryDisk, placeOf, type MemoryDisk } from "./memory-disk.js";
import { createSmallArray, mismatchedStripes, type SmallShape } from "./testing-array.js";

const writeBytes = 3072;

interface Scenario {
  readonly name: string;
  readonly shape: SmallShape;
  /** The slot that fails. */
  readonly failing: number;
  /** Whether its disk is gone before, so that the spare is taken at the opening. */
  readonly isGone: boolean;
  /** The array has no spares at first: an operator brings one later, when it has been written without the disk. */
  readonly isReplaced?: boolean;
}

const scenarios: readonly Scenario[] = [
  {
    name: "raid1, a disk of the log",
    shape: { level: "raid1", diskCount: 2, unitBytes: 4096, stripes: 12 },
    failing: 0,
    isGone: false,
  },
  {
    name: "raid10",
    shape: { level: "raid10", diskCount: 4, unitBytes: 4096, stripes: 12, checksums: false },
    failing: 3,
    isGone: false,
  },
  {
    name: "raid5, a disk of the log",
    shape: { level: "raid5", diskCount: 3, unitBytes: 4096, stripes: 12 },
    failing: 0,
    isGone: false,
  },
  {
    name: "raid1, by an operator",
    shape: { level: "raid1", diskCount: 2, unitBytes: 4096, stripes: 12 },
    failing: 1,
    isGone: false,
    isReplaced: true,
  },
  {
    name: "raid5, at the opening",
    shape: { level: "raid5", diskCount: 4, unitBytes: 4096, stripes: 12 },
    failing: 3,
    isGone: true,
  },
  {
    name: "raid6, at the opening",
    shape: { level: "raid6", diskCount: 4, unitBytes: 4096, stripes: 12 },
    failing: 1,
    isGone: true,
  },
];

/** What each place may hold: what was acknowledged last, and what is on its way. */
class Model {
  readonly acknowledged: Buffer;
  inFlight: { readonly at: number; readonly data: Buffer } | null = null;

  constructor(content: Buffer) {
    this.acknowledged = Buffer.from(content);
  }

  begin(at: number, data: Buffer): void {
    this.inFlight = { at, data };
  }

  acknowledge(): void {
    if (this.inFlight !== null) this.inFlight.data.copy(this.acknowledged, this.inFlight.at);
    this.inFlight = null;
  }

  wrongSectors(content: Buffer): number[] {
    const after = Buffer.from(this.acknowledged);
    if (this.inFlight !== null) this.inFlight.data.copy(after, this.inFlight.at);
    const wrong: number[] = [];
    for (let at = 0; at < content.length; at += 512) {
      const sector = content.subarray(at, at + 512);
      const isRight = [this.acknowledged, after].some((model) => sector.equals(model.subarray(at, at + 512)));
      if (!isRight) wrong.push(at / 512);
    }
    return wrong;
  }
}

const open = (disks: readonly BlockDisk[], spare: BlockDisk | null): Promise<RaidArray> =>
  openArray({
    disks: disks.map((disk) => placeOf(disk)),
    spares: spare === null ? [] : [placeOf(spare)],
    rebuildCursorBytes: 8192,
  });

/** Writes while the spare is rebuilt, and a little longer. */
async function work(disks: readonly BlockDisk[], model: Model, scenario: Scenario): Promise<void> {
  const { failing, isGone, isReplaced = false } = scenario;
  const spare = disks.at(-1)!;
  const array = await open(disks.slice(0, -1), isReplaced ? null : spare);
  const random = createRandom(3);
  const write = async (at: number): Promise<void> => {
    const data = Buffer.alloc(writeBytes, 1 + random.below(255));
    model.begin(at, data);
    await array.writeBatch([{ offsetBytes: at, lengthBytes: data.length, data }]);
    model.acknowledge();
  };
  const writeOne = (): Promise<void> => write(512 * random.below((array.sizeBytes - writeBytes) / 512));
  // What the log says of the disk that goes is old, where it is written again without it.
  await write(0);
  if (!isGone) await array.failDisk(failing);
  await write(0);
  if (isReplaced) await array.replaceDisk(failing, placeOf(spare));
  for (let count = 0; count < 6; count++) await writeOne();
  await array.rebuilt();
  await writeOne();
  await array.close();
}

/** Runs until the power goes or the work is done. Returns whether it was done. */
async function untilCut(
  cutAt: number,
  disks: readonly MemoryDisk[],
  action: (disks: readonly BlockDisk[]) => Promise<void>,
): Promise<boolean> {
  let onCut = (): void => {};
  const cut = new Promise<false>((resolve) => (onCut = () => resolve(false)));
  const power = createPowerSupply(cutAt, onCut);
  const run = action(disks.map((disk) => power.connect(disk))).then(() => true as const);
  return Promise.race([run, cut]);
}

async function prepare(scenario: Scenario): Promise<{ disks: MemoryDisk[]; content: Buffer }> {
  const disks = await createSmallArray(scenario.shape);
  const spare = createMemoryDisk({ file: "spare", sizeBytes: disks[0]!.sizeBytes });
  const array = await openArray({ disks: disks.map((disk) => placeOf(disk)), spares: [placeOf(spare)] });
  const content = Buffer.alloc(array.sizeBytes);
  const random = createRandom(1);
  for (let at = 0; at < content.length; at += 4) content.writeUInt32LE(random.below(2 ** 31), at);
  await array.write(0, content);
  await array.close();
  return { disks: [...disks, spare], content };
}

describe("A2, A3: power lost at any I/O of taking and rebuilding a spare", () => {
  it.each(scenarios)("$name", async (scenario) => {
    const { failing, isGone, shape } = scenario;
    const fresh = await prepare(scenario);
    let cuts = 0;
    for (let cutAt = 1; ; cutAt += 3) {
      const all = fresh.disks.map((disk) => disk.clone());
      const isLeft = (slot: number): boolean => !(isGone && slot === failing);
      const left = all.filter((_, slot) => isLeft(slot));
      const model = new Model(fresh.content);
      const done = await untilCut(cutAt, left, (connected) => work(connected, model, scenario));
      const random = createRandom(cutAt);
      for (const disk of left) disk.crash(random);
      if (random.chance(0.5)) {
        await untilCut(1 + random.below(60), left, async (connected) => {
          const array = await open(connected.slice(0, -1), connected.at(-1)!);
          await array.rebuilt();
        });
        for (const disk of left) disk.crash(random);
      }
      const array = await open(left.slice(0, -1), left.at(-1)!);
      await array.rebuilt();
      const where = `cut at ${cutAt}`;
      expect(array.state().status, where).toBe("optimal");
      expect(model.wrongSectors(await array.read(0, array.sizeBytes)), where).toEqual([]);
      const bySlot = array.state().disks.map(({ file }) => all.find((disk) => disk.file === file)!);
      expect(await mismatchedStripes(array, bySlot), where).toEqual([]);
      await array.close();
      // The others of the log may go: the spare carries it like them.
      const gone = (failing + 1) % shape.diskCount;
      const without = await openArray({
        disks: bySlot.filter((_, slot) => slot !== gone).map((disk) => placeOf(disk)),
      });
      expect(model.wrongSectors(await without.read(0, without.sizeBytes)), `${where}, without ${gone}`).toEqual([]);
      await without.close();
      if (done) break;
      cuts++;
    }
    expect(cuts).toBeGreaterThan(20);
  });
});

/** By sector, the fill bytes that it may have: the one flushed last, then those written since. */
class UnflushedModel {
  readonly allowed: Set<number>[];

  constructor(sizeBytes: number) {
    this.allowed = Array.from({ length: sizeBytes / 512 }, () => new Set([0]));
  }

  write(at: number, lengthBytes: number, fill: number): void {
    for (let i = at / 512; i < (at + lengthBytes) / 512; i++) this.allowed[i]!.add(fill);
  }

  flushed(): void {
    for (const [index, fills] of this.allowed.entries()) this.allowed[index] = new Set([[...fills].at(-1)!]);
  }

  /** What cannot be known of a write that was not flushed may be unreadable. */
  async wrongSectors(array: RaidArray): Promise<string[]> {
    const wrong: string[] = [];
    for (const [index, fills] of this.allowed.entries()) {
      const sector = await array.read(index * 512, 512).catch(() => null);
      const isRight =
        sector === null ? fills.size > 1 : fills.has(sector[0]!) && sector.every((byte) => byte === sector[0]);
      if (!isRight) wrong.push(`${index}: ${sector?.[0] ?? "unreadable"} not in ${[...fills].join()}`);
    }
    return wrong;
  }
}

describe("A2, A3: the same while whole stripes are written that nobody has flushed", () => {
  const unflushed: readonly { shape: SmallShape; failing: number }[] = [
    { shape: { level: "raid5", diskCount: 3, unitBytes: 16_384, stripes: 6 }, failing: 1 },
    { shape: { level: "raid5", diskCount: 3, unitBytes: 16_384, stripes: 6, checksums: false }, failing: 2 },
    { shape: { level: "raid6", diskCount: 4, unitBytes: 16_384, stripes: 6 }, failing: 0 },
    { shape: { level: "raid1", diskCount: 2, unitBytes: 16_384, stripes: 8 }, failing: 1 },
  ];

  it.each(unflushed)("$shape.level, checksums $shape.checksums", async ({ shape, failing }) => {
    const empty = await createSmallArray(shape);
    const all = [...empty, createMemoryDisk({ file: "spare", sizeBytes: empty[0]!.sizeBytes })];
    let cuts = 0;
    for (let cutAt = 1; ; cutAt += 13) {
      const disks = all.map((disk) => disk.clone());
      const models: UnflushedModel[] = [];
      const done = await untilCut(cutAt, disks, async (connected) => {
        const array = await open(connected.slice(0, -1), connected.at(-1)!);
        const mine = new UnflushedModel(array.sizeBytes);
        models.push(mine);
        let fill = 0;
        const write = async (from: number, stripes: number): Promise<void> => {
          const { stripeBytes } = array.geometry;
          mine.write(from * stripeBytes, stripes * stripeBytes, ++fill);
          await array.write(from * stripeBytes, Buffer.alloc(stripes * stripeBytes, fill));
        };
        const flush = async (): Promise<void> => {
          await array.flush();
          mine.flushed();
        };
        await write(0, 6);
        await flush();
        await write(1, 3);
        await array.failDisk(failing);
        await write(3, 2);
        await flush();
        await write(0, 2);
        await array.rebuilt();
        await write(2, 4);
        await flush();
        await array.close();
      });
      const random = createRandom(cutAt);
      for (const disk of disks) disk.crash(random);
      const array = await open(disks.slice(0, -1), disks.at(-1)!);
      await array.rebuilt();
      const where = `cut at ${cutAt}`;
      expect(array.state().status, where).toBe("optimal");
      for (const model of models) expect(await model.wrongSectors(array), where).toEqual([]);
      const bySlot = array.state().disks.map(({ file }) => disks.find((disk) => disk.file === file)!);
      expect(await mismatchedStripes(array, bySlot), where).toEqual([]);
      await array.close();
      if (done) break;
      cuts++;
    }
    expect(cuts).toBeGreaterThan(10);
  });
});

describe("A2, A3: what was logged before a disk went", () => {
  it.each([true, false])("is not replayed over what was rebuilt since (checksums %s)", async (checksums) => {
    const empty = await createSmallArray({ level: "raid1", diskCount: 2, unitBytes: 4096, stripes: 4, checksums });
    const all = [...empty, createMemoryDisk({ file: "spare", sizeBytes: empty[0]!.sizeBytes })];
    for (let cutAt = 1; ; cutAt++) {
      const disks = all.map((disk) => disk.clone());
      const done = await untilCut(cutAt, disks, async (connected) => {
        const array = await open(connected.slice(0, -1), connected.at(-1)!);
        const write = (fill: number): Promise<void> =>
          array.writeBatch([{ offsetBytes: 512, lengthBytes: 1024, data: Buffer.alloc(1024, fill) }]);
        await write(1);
        await array.failDisk(0);
        await write(2);
        await array.rebuilt();
        await array.close();
      });
      for (const disk of disks) disk.crash();
      const array = await open(disks.slice(0, -1), disks.at(-1)!);
      await array.rebuilt();
      const bySlot = array.state().disks.map(({ file }) => disks.find((disk) => disk.file === file)!);
      expect(await mismatchedStripes(array, bySlot), `cut at ${cutAt}`).toEqual([]);
      await array.close();
      if (done) break;
    }
  });
});
