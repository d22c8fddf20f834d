import fc from "fast-check";
import { isFailure } from "@waystation/contracts/errors";
import { createRandom } from "@waystation/contracts/random";
import { describe, expect, it } from "vitest";
import { cellBytes } from "./cell.js";
import { createDiskMedium, type SingleDiskMedium } from "./disk.js";
import { createWorld, type World } from "./world.js";

const cells = 8;

function makeDisk(seed = 1): { world: World; disk: SingleDiskMedium } {
  const world = createWorld();
  const disk = createDiskMedium(world, {
    sizeBytes: cells * cellBytes,
    latency: { minMs: 1, maxMs: 3, slowdown: 1 },
    random: createRandom(seed),
    onWrite: () => {},
  });
  return { world, disk };
}

const whole = (fill: number): Buffer => Buffer.alloc(cellBytes, fill);
/** What a cell is filled with, as a reader sees it. */
const seen = (disk: SingleDiskMedium, cell: number): number => disk.visible(cell)?.[0] ?? 0;

async function settle<T>(world: World, promise: Promise<T>): Promise<T> {
  let value: { readonly result: T } | undefined;
  void promise.then((result) => (value = { result }));
  await world.runFor(10);
  if (value === undefined) throw new Error("not settled");
  return value.result;
}

describe("simulated disk", () => {
  it("shows a write before it is durable, and loses it at a crash or not", async () => {
    const outcomes = new Set<number>();
    for (let seed = 0; seed < 40; seed++) {
      const { world, disk } = makeDisk();
      const store = disk.open(() => true);
      await settle(world, store.writeBatch([{ offsetBytes: 0, lengthBytes: cellBytes, data: whole(1) }]));
      void store.writeBatch([{ offsetBytes: 0, lengthBytes: cellBytes, data: whole(2) }]);
      expect(seen(disk, 0)).toBe(2);
      expect(disk.durable(0)?.[0]).toBe(1);
      disk.crash(createRandom(seed));
      outcomes.add(seen(disk, 0));
    }
    expect([...outcomes].sort()).toEqual([1, 2]);
  });

  it("tears a batch cell by cell, and leaves every other cell alone", async () => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const { world, disk } = makeDisk();
      const store = disk.open(() => true);
      await settle(
        world,
        store.writeBatch([{ offsetBytes: 0, lengthBytes: 4 * cellBytes, data: Buffer.alloc(2048, 1) }]),
      );
      void store.writeBatch([{ offsetBytes: cellBytes, lengthBytes: 2 * cellBytes, data: Buffer.alloc(1024, 2) }]);
      disk.crash(createRandom(seed));
      outcomes.add([0, 1, 2, 3].map((cell) => seen(disk, cell)).join(""));
    }
    expect([...outcomes].sort()).toEqual(["1111", "1121", "1211", "1221"]);
  });

  it("keeps what writeBatch or flush answered, whatever the crash", () => {
    const step = fc.record({
      via: fc.constantFrom("batch" as const, "write" as const, "flush" as const, "zero" as const),
      cell: fc.nat(cells - 1),
      fill: fc.integer({ min: 1, max: 250 }),
    });
    return fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.nat(), async (steps, seed) => {
        const { world, disk } = makeDisk(seed);
        const store = disk.open(() => true);
        const kept = new Array<number>(cells).fill(0);
        const cached = new Map<number, number[]>();
        for (const { via, cell, fill } of steps) {
          const offsetBytes = cell * cellBytes;
          if (via === "batch") {
            await settle(world, store.writeBatch([{ offsetBytes, lengthBytes: cellBytes, data: whole(fill) }]));
            kept[cell] = fill;
            cached.delete(cell);
          } else if (via === "flush") {
            await settle(world, store.flush());
            for (const [each, fills] of cached) kept[each] = fills.at(-1) ?? 0;
            cached.clear();
          } else {
            const written = via === "zero" ? 0 : fill;
            await settle(
              world,
              via === "zero" ? store.zero(offsetBytes, cellBytes) : store.write(offsetBytes, whole(fill)),
            );
            cached.set(cell, [...(cached.get(cell) ?? []), written]);
          }
        }
        disk.crash(createRandom(seed));
        for (let cell = 0; cell < cells; cell++) {
          expect([kept[cell], ...(cached.get(cell) ?? [])]).toContain(seen(disk, cell));
        }
      }),
      { numRuns: 60 },
    );
  });

  it("reads and writes parts of cells", async () => {
    const { world, disk } = makeDisk();
    const store = disk.open(() => true);
    await settle(world, store.writeBatch([{ offsetBytes: 500, lengthBytes: 30, data: Buffer.alloc(30, 9) }]));
    await settle(world, store.writeBatch([{ offsetBytes: 510, lengthBytes: 4, data: null }]));
    const data = await settle(world, store.read(498, 34));
    expect([...data]).toEqual([
      0,
      0,
      ...new Array<number>(10).fill(9),
      0,
      0,
      0,
      0,
      ...new Array<number>(16).fill(9),
      0,
      0,
    ]);
  });

  it("answers nobody whose node has died", async () => {
    const { world, disk } = makeDisk();
    let alive = true;
    const store = disk.open(() => alive);
    let answered = false;
    void store.read(0, cellBytes).then(() => (answered = true));
    void store.flush().then(() => (answered = true));
    alive = false;
    await world.runFor(100);
    expect(answered).toBe(false);
  });

  it("fails one batch when told to: none of it is durable, and the next one is well again", async () => {
    const { world, disk } = makeDisk();
    const store = disk.open(() => true);
    disk.failNext();
    const write = (fill: number) => [{ offsetBytes: 0, lengthBytes: cellBytes, data: whole(fill) }];
    const outcome = await settle(
      world,
      store.writeBatch(write(1)).catch((error: unknown) => isFailure(error, "IO_ERROR")),
    );
    expect([outcome, disk.durable(0)]).toEqual([true, null]);
    await settle(world, store.writeBatch(write(2)));
    expect(disk.durable(0)?.[0]).toBe(2);
  });
});
