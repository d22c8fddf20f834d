import { createRandom } from "@waystation/contracts/random";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { levels, type RaidLevel } from "../core/level.js";
import type { DiskOperation } from "./block-disk.js";
import { createFaultyDisk } from "./faulty-disk.js";
import { createMemoryDisk, type MemoryDisk } from "./memory-disk.js";
import { createSmallArray, mismatchedStripes, openSmallArray, type SmallShape } from "./testing-array.js";
import type { RaidArray } from "./array.js";

const shapes: readonly SmallShape[] = [
  { level: "raid0", diskCount: 1, unitBytes: 4096, stripes: 40 },
  { level: "raid0", diskCount: 3, unitBytes: 8192, stripes: 20 },
  { level: "raid1", diskCount: 2, unitBytes: 4096, stripes: 40 },
  { level: "raid1", diskCount: 3, unitBytes: 65_536, stripes: 5 },
  { level: "raid10", diskCount: 4, unitBytes: 8192, stripes: 20 },
  { level: "raid4", diskCount: 3, unitBytes: 4096, stripes: 40 },
  { level: "raid5", diskCount: 3, unitBytes: 4096, stripes: 40 },
  { level: "raid5", diskCount: 4, unitBytes: 65_536, stripes: 5 },
  { level: "raid5", diskCount: 7, unitBytes: 16_384, stripes: 10 },
  { level: "raid6", diskCount: 4, unitBytes: 4096, stripes: 40 },
  { level: "raid6", diskCount: 6, unitBytes: 32_768, stripes: 5 },
];

/** Random overlapping batches, some large, some zeros, against a plain buffer. */
async function exercise(array: RaidArray, model: Buffer, seed: number, rounds = 12): Promise<void> {
  const random = createRandom(seed);
  for (let round = 0; round < rounds; round++) {
    const batches = Array.from({ length: 1 + random.below(4) }, () =>
      Array.from({ length: 1 + random.below(4) }, () => {
        const offsetBytes = random.below(array.sizeBytes);
        const largest = random.chance(0.2) ? array.sizeBytes : 9000;
        const lengthBytes = Math.min(random.below(largest), array.sizeBytes - offsetBytes);
        const data = random.chance(0.2) ? null : Buffer.alloc(lengthBytes, 1 + random.below(255));
        if (data === null) model.fill(0, offsetBytes, offsetBytes + lengthBytes);
        else data.copy(model, offsetBytes);
        return { offsetBytes, lengthBytes, data };
      }),
    );
    await Promise.all(batches.map((batch) => array.writeBatch(batch)));
    const at = random.below(array.sizeBytes);
    const length = random.below(array.sizeBytes - at);
    expect((await array.read(at, length)).equals(model.subarray(at, at + length))).toBe(true);
    const now = Buffer.alloc(length);
    if (array.readNow(at, now)) expect(now.equals(model.subarray(at, at + length))).toBe(true);
  }
  expect((await array.read(0, array.sizeBytes)).equals(model)).toBe(true);
}

describe.each(shapes)("A1: $level of $diskCount disks, unit $unitBytes", (shape) => {
  const open = async (): Promise<{ disks: MemoryDisk[]; array: RaidArray; model: Buffer }> => {
    const disks = await createSmallArray(shape);
    const array = await openSmallArray(disks);
    return { disks, array, model: Buffer.alloc(array.sizeBytes) };
  };

  it("stores what is written, with matching redundancy, and keeps it over close and power loss", async () => {
    const { disks, array, model } = await open();
    await exercise(array, model, 1);
    expect(await mismatchedStripes(array, disks)).toEqual([]);
    await array.close();
    const again = await openSmallArray(disks);
    expect(again.state().status).toBe("optimal");
    await exercise(again, model, 2, 10);
    for (const disk of disks) disk.crash();
    const recovered = await openSmallArray(disks);
    expect((await recovered.read(0, model.length)).equals(model)).toBe(true);
    expect(await mismatchedStripes(recovered, disks)).toEqual([]);
  });

  it("A2: reads at once whatever its present disks hold, and nothing that must be reconstructed", async () => {
    const { disks, array, model } = await open();
    await exercise(array, model, 4, 5);
    const into = Buffer.alloc(array.sizeBytes);
    expect(array.readNow(0, into)).toBe(true);
    expect(into.equals(model)).toBe(true);
    await array.close();
    if (array.geometry.tolerance === 0) return;
    const degraded = await openSmallArray(disks.slice(1));
    const { unitBytes } = degraded.geometry;
    const units = Array.from({ length: degraded.sizeBytes / unitBytes }, (_, index) => index * unitBytes);
    const unit = Buffer.alloc(unitBytes);
    const readable = units.filter(
      (at) => degraded.readNow(at, unit) && unit.equals(model.subarray(at, at + unitBytes)),
    );
    const heldByFirst = (at: number): boolean => {
      const index = at / unitBytes;
      const { geometry } = degraded;
      const copies = geometry.layoutOf(Math.floor(index / geometry.dataUnits)).data[index % geometry.dataUnits]!;
      return copies.every((slot) => slot === 0);
    };
    expect(readable).toEqual(units.filter((at) => !heldByFirst(at)));
    expect(degraded.readNow(0, into)).toBe(shape.level === "raid1" || shape.level === "raid10");
  });

  it("A2: serves reads and writes with as many disks dead as it tolerates, and is failed with one more", async () => {
    const { disks, array, model } = await open();
    await array.close();
    const faulty = disks.map(createFaultyDisk);
    const running = await openSmallArray(faulty);
    const { tolerance } = running.geometry;
    await exercise(running, model, 3, 10);
    for (let dead = 0; dead < tolerance; dead++) {
      faulty[(dead * 2 + 1) % shape.diskCount]!.dieAt(1 + dead * 20);
      await exercise(running, model, 10 + dead);
      expect(running.state().status).toBe("degraded");
    }
    const survivor = faulty.find((_, slot) => running.state().disks[slot]!.state === "active")!;
    survivor.dieAt(1);
    const attempts = [running.read(0, running.sizeBytes), running.write(0, Buffer.alloc(running.sizeBytes, 1))];
    for (const attempt of attempts) await expect(attempt).rejects.toMatchObject({ code: "IO_ERROR" });
    expect(running.state().status).toBe("failed");
    await expect(running.read(0, 512)).rejects.toThrow(survivor.file);
    await running.close();
  });
});

/** As many of the slots as the array survives without, in the order given. */
function survivableLoss({ geometry }: RaidArray, candidates: readonly number[]): number[] {
  const gone: number[] = [];
  for (const candidate of candidates) {
    const slot = candidate % geometry.diskCount;
    if (geometry.survives((other) => other === slot || gone.includes(other))) gone.push(slot);
  }
  return gone;
}

describe("A1: any level, any number of disks, any stripe unit", () => {
  const anyArray = fc.record({
    level: fc.constantFrom(...(Object.keys(levels) as RaidLevel[])),
    diskCount: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 8 }) }, fc.integer({ min: 9, max: 32 })),
    unitBytes: fc.integer({ min: 12, max: 17 }).map((power) => 2 ** power),
    candidates: fc.array(fc.nat(31), { maxLength: 6 }),
    seed: fc.nat(1000),
  });

  it("stores like a plain buffer, with matching redundancy, before and after a loss that it survives", async () => {
    await fc.assert(
      fc.asyncProperty(anyArray, async ({ level, diskCount: wanted, unitBytes, candidates, seed }) => {
        const { disksMin, disksStep } = levels[level];
        const diskCount = disksMin + Math.max(0, Math.floor((wanted - disksMin) / disksStep)) * disksStep;
        const disks = await createSmallArray({ level, diskCount, unitBytes, stripes: 3 });
        const array = await openSmallArray(disks);
        const model = Buffer.alloc(array.sizeBytes);
        await exercise(array, model, seed, 2);
        await array.close();
        const gone = survivableLoss(array, candidates);
        const left = disks.map((disk, slot) => (gone.includes(slot) ? null : disk));
        const degraded = await openSmallArray(left.filter((disk) => disk !== null));
        await exercise(degraded, model, seed + 1, 2);
        expect(await mismatchedStripes(degraded, left)).toEqual([]);
        await degraded.close();
      }),
      { numRuns: 25 },
    );
  });
});

describe("A2: every loss that a level survives", () => {
  const shapes: readonly SmallShape[] = [
    { level: "raid1", diskCount: 3, unitBytes: 4096, stripes: 8 },
    { level: "raid10", diskCount: 6, unitBytes: 4096, stripes: 8 },
    { level: "raid4", diskCount: 4, unitBytes: 4096, stripes: 8 },
    { level: "raid5", diskCount: 4, unitBytes: 4096, stripes: 8 },
    { level: "raid6", diskCount: 5, unitBytes: 4096, stripes: 10 },
  ];

  it.each(shapes)("$level of $diskCount: is opened, read and written; redundancy stays right", async (shape) => {
    const fresh = await createSmallArray(shape);
    const array = await openSmallArray(fresh);
    const before = Buffer.alloc(array.sizeBytes);
    await exercise(array, before, 5, 4);
    await array.close();
    for (let mask = 1; mask < 2 ** shape.diskCount; mask++) {
      const disks = fresh.map((disk, slot) => ((mask >> slot) % 2 === 1 ? null : disk.clone()));
      const left = disks.filter((disk) => disk !== null);
      if (!array.geometry.survives((slot) => disks[slot] === null)) {
        const code = left.length === 0 ? "ARRAY_NOT_FOUND" : "ARRAY_TOO_DEGRADED";
        await expect(openSmallArray(left)).rejects.toMatchObject({ code });
        continue;
      }
      const degraded = await openSmallArray(left);
      const model = Buffer.from(before);
      expect((await degraded.read(0, model.length)).equals(model)).toBe(true);
      await exercise(degraded, model, mask, 3);
      expect(await mismatchedStripes(degraded, disks), `without ${mask.toString(2)}`).toEqual([]);
      await degraded.close();
    }
  });
});

describe("an open array", () => {
  const shape: SmallShape = { level: "raid5", diskCount: 4, unitBytes: 4096, stripes: 40 };

  it("A2: never trusts a disk again that missed writes, and says so", async () => {
    const disks = await createSmallArray(shape);
    const array = await openSmallArray(disks);
    await array.write(0, Buffer.alloc(50_000, 1));
    await array.close();
    const degraded = await openSmallArray(disks.filter((_, slot) => slot !== 2));
    await degraded.write(0, Buffer.alloc(50_000, 2));
    await degraded.close();
    const again = await openSmallArray(disks);
    expect(again.state().status).toBe("degraded");
    expect(again.state().disks[2]).toMatchObject({ file: "disk-2", state: "absent" });
    expect((await again.read(0, 50_000)).equals(Buffer.alloc(50_000, 2))).toBe(true);
    await again.close();
    await expect(openSmallArray(disks.slice(0, 3))).rejects.toMatchObject({ code: "ARRAY_TOO_DEGRADED" });
  });

  it("A2: recognises an old copy of a disk by its generation", async () => {
    const disks = await createSmallArray(shape);
    const old = disks[1]!.clone();
    const array = await openSmallArray(disks);
    await array.write(0, Buffer.alloc(50_000, 1));
    await array.close();
    const opened = await openSmallArray(disks.map((disk, slot) => (slot === 1 ? old : disk)));
    expect(opened.state().disks[1]).toMatchObject({ state: "absent" });
    expect(opened.state().disks[1]!.reason).toContain("stale");
    expect((await opened.read(0, 50_000)).equals(Buffer.alloc(50_000, 1))).toBe(true);
  });

  it("A2: a disk that fails a read at once is ejected by the read that follows, which has the data", async () => {
    const faulty = (await createSmallArray(shape)).map(createFaultyDisk);
    const array = await openSmallArray(faulty);
    await array.write(0, Buffer.alloc(12_288, 5));
    for (const disk of faulty.slice(0, 1)) disk.dieAt(1);
    const into = Buffer.alloc(12_288);
    expect(array.readNow(0, into)).toBe(false);
    expect(array.state().status).toBe("optimal");
    expect((await array.read(0, 12_288)).every((byte) => byte === 5)).toBe(true);
    expect(array.state().status).toBe("degraded");
    for (const disk of faulty) disk.dieAt(1);
    await expect(array.read(0, 12_288)).rejects.toMatchObject({ code: "IO_ERROR" });
    expect(array.readNow(0, into)).toBe(false);
  });

  it("A2: an ejection is durable before the next write is acknowledged", async () => {
    const disks = await createSmallArray(shape);
    const faulty = disks.map(createFaultyDisk);
    const array = await openSmallArray(faulty);
    faulty[3]!.dieAt(1);
    await array.write(0, Buffer.alloc(50_000, 1));
    for (const disk of disks) disk.crash();
    const again = await openSmallArray(disks);
    expect(again.state().disks.map(({ state }) => state)).toEqual(["active", "active", "active", "absent"]);
    expect((await again.read(0, 50_000)).equals(Buffer.alloc(50_000, 1))).toBe(true);
  });

  it("A2: acknowledges nothing while an ejection is not yet recorded", async () => {
    const disks = await createSmallArray(shape);
    let recorded = (): void => {};
    const held = new Promise<void>((resolve) => (recorded = resolve));
    let isHolding = false;
    const slow = disks.map((disk) => ({
      ...disk,
      submit: async (batch: readonly DiskOperation[]) => {
        const isSuperblock = batch.some((operation) => operation.kind === "write" && operation.offsetBytes < 65_536);
        if (isHolding && isSuperblock) await held;
        return disk.submit(batch);
      },
    }));
    const faulty = slow.map(createFaultyDisk);
    const array = await openSmallArray(faulty);
    isHolding = true;
    faulty[3]!.dieAt(1);
    let isAcknowledged = false;
    const write = array.write(0, Buffer.alloc(50_000, 1)).then(() => (isAcknowledged = true));
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(array.state().status).toBe("degraded");
    expect(isAcknowledged).toBe(false);
    recorded();
    await write;
    expect(isAcknowledged).toBe(true);
  });

  it("does not write zeros over what reads as zeros", async () => {
    const disks = await createSmallArray(shape);
    const array = await openSmallArray(disks);
    await array.write(10_000, Buffer.alloc(100, 9));
    const watched = { writes: 0 };
    for (const disk of disks) {
      const submit = disk.submit.bind(disk);
      disk.submit = (batch) => {
        watched.writes += batch.filter(({ kind }) => kind === "write").length;
        return submit(batch);
      };
    }
    await array.zero(20_000, array.sizeBytes - 20_000);
    expect(watched.writes).toBe(0);
    await array.zero(0, array.sizeBytes);
    expect(watched.writes).toBeGreaterThan(0);
    expect((await array.read(0, array.sizeBytes)).every((byte) => byte === 0)).toBe(true);
  });

  it("does not hold up small writes behind a large one", async () => {
    const array = await openSmallArray(await createSmallArray({ ...shape, stripes: 600 }));
    const ended: string[] = [];
    const block = Buffer.alloc(4096, 1);
    await Promise.all([
      array.zero(8192, array.sizeBytes - 8192).then(() => ended.push("large")),
      array.write(16_384, block).then(() => ended.push("overlapping")),
      array.write(0, block).then(() => ended.push("small")),
    ]);
    expect(ended).toEqual(["small", "large", "overlapping"]);
    expect((await array.read(16_384, 4096)).equals(block)).toBe(true);
  });

  it("refuses ranges beyond its end, and everything once it is closed", async () => {
    const array = await openSmallArray(await createSmallArray(shape));
    for (const [offset, length] of [
      [array.sizeBytes, 1],
      [-1, 2],
      [0.5, 1],
      [0, array.sizeBytes + 1],
    ] as const) {
      await expect(array.read(offset, length)).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
      await expect(array.zero(offset, length)).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
      expect(array.readNow(offset, Buffer.alloc(length))).toBe(false);
    }
    await array.flush();
    const closed = array.close();
    expect(array.readNow(0, Buffer.alloc(1))).toBe(false);
    await closed;
    await expect(array.write(0, Buffer.alloc(1))).rejects.toMatchObject({ code: "SHUTTING_DOWN" });
  });

  it("completes empty batches and writes of no bytes", async () => {
    const array = await openSmallArray(await createSmallArray(shape));
    await array.writeBatch([]);
    await array.write(array.sizeBytes, Buffer.alloc(0));
    expect(await array.read(0, 0)).toHaveLength(0);
  });

  it.each([
    { level: "raid5", diskCount: 4, unitBytes: 65_536, stripes: 8, dying: [0] },
    { level: "raid6", diskCount: 5, unitBytes: 32_768, stripes: 8, dying: [0, 2] },
    { level: "raid10", diskCount: 6, unitBytes: 32_768, stripes: 8, dying: [0, 2] },
  ] as const)("A2: $level keeps serving when disks fail amid whole-stripe writes", async ({ dying, ...wide }) => {
    for (let at = 1; at < 40; at += 5) {
      const disks = await createSmallArray(wide);
      const faulty = disks.map(createFaultyDisk);
      const array = await openSmallArray(faulty);
      const model = Buffer.alloc(array.sizeBytes);
      const gone = dying.map((slot) => (slot + at) % disks.length);
      for (const [index, slot] of gone.entries()) faulty[slot]!.dieAt(at + 7 * index);
      await exercise(array, model, at, 6);
      await array.close();
      const left = disks.map((disk, slot) => (gone.includes(slot) ? null : disk));
      const again = await openSmallArray(left.filter((disk) => disk !== null));
      expect((await again.read(0, model.length)).equals(model)).toBe(true);
      expect(await mismatchedStripes(again, left)).toEqual([]);
    }
  });
});

describe("opening", () => {
  const shape: SmallShape = { level: "raid5", diskCount: 3, unitBytes: 4096, stripes: 10 };

  it("A2: refuses disks of two arrays, a disk twice, blank disks, and names the files", async () => {
    const [disks, others] = [await createSmallArray(shape), await createSmallArray(shape)];
    const mixed = openSmallArray([disks[0]!, disks[1]!, others[2]!]);
    await expect(mixed).rejects.toMatchObject({ code: "ARRAY_MIXED" });
    await expect(mixed).rejects.toThrow("disk-2");
    const twice = openSmallArray([disks[0]!, disks[1]!, disks[1]!.clone()]);
    await expect(twice).rejects.toMatchObject({ code: "ARRAY_SLOT_TWICE" });
    const blank = createMemoryDisk({ file: "blank", sizeBytes: 8 * 1024 * 1024 });
    await expect(openSmallArray([blank])).rejects.toMatchObject({ code: "ARRAY_NOT_FOUND" });
    const degraded = await openSmallArray([disks[0]!, blank, disks[2]!]);
    expect(degraded.state().disks[1]!.reason).toContain("blank");
  });
});
