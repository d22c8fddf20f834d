import { createRandom } from "@waystation/contracts/random";
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import { describe, expect, it } from "vitest";
import { createArrayMedium } from "./array-medium.js";
import { cellBytes } from "./cell.js";
import type { DiskMedium } from "./disk.js";
import { createWorld, type World } from "./world.js";

const sizeBytes = 32 * cellBytes;

function makeArray(seed: number): { world: World; medium: DiskMedium } {
  const world = createWorld();
  const medium = createArrayMedium(world, {
    sizeBytes,
    latency: { minMs: 1, maxMs: 3, slowdown: 1 },
    random: createRandom(seed),
    onWrite: () => {},
    array: { level: "raid5", diskCount: 3, unitBytes: 4096 },
  });
  return { world, medium };
}

/** One life: opens, writes until it dies after `lifeMs`. Returns how many batches were answered. */
async function live(world: World, medium: DiskMedium, { seed, lifeMs }: { seed: number; lifeMs: number }) {
  let isAlive = true;
  let answered = 0;
  const random = createRandom(seed);
  const work = async (): Promise<void> => {
    const store: DurableBlockStore = await medium.open(() => isAlive);
    for (let fill = 1; ; fill = 1 + (fill % 255)) {
      const cell = random.below(31);
      const lengthBytes = cellBytes * (1 + random.below(2));
      await store.writeBatch([{ offsetBytes: cell * cellBytes, lengthBytes, data: Buffer.alloc(lengthBytes, fill) }]);
      answered++;
      expect((await store.read(cell * cellBytes, 1))[0]).toBe(fill);
    }
  };
  void work();
  await world.runFor(lifeMs);
  isAlive = false;
  medium.crash(random);
  return answered;
}

describe("a volume on a simulated array (E8, A3)", () => {
  it("keeps over many deaths what was answered, with disks failing", async () => {
    let answered = 0;
    for (let seed = 1; seed <= 15; seed++) {
      const { world, medium } = makeArray(seed);
      for (let life = 0; life < 6; life++) {
        answered += await live(world, medium, { seed: seed * 10 + life, lifeMs: 50 + 90 * life });
      }
      expect(world.violation(), `seed ${seed}`).toBeNull();
    }
    expect(answered).toBeGreaterThan(500);
  });

  it("says so when a cell comes back with what nobody wrote", async () => {
    const { world, medium } = makeArray(1);
    let isAlive = true;
    const opening = Promise.resolve(medium.open(() => isAlive));
    await world.runFor(200);
    const store = await opening;
    // Past the model: as if a write had gone to the wrong place.
    const writing = store.writeBatch([{ offsetBytes: 0, lengthBytes: cellBytes, data: Buffer.alloc(cellBytes, 7) }]);
    await world.runFor(200);
    await writing;
    (medium.durable(0) as Uint8Array)[5] = 8;
    isAlive = false;
    medium.crash(createRandom(1));
    void medium.open(() => true);
    await world.runFor(200);
    expect(world.violation()?.message).toContain("cell 0 holds neither");
  });

  it("a batch that is made to fail leaves each cell old or new, and the next life well", async () => {
    const { world, medium } = makeArray(3);
    let isAlive = true;
    const opening = Promise.resolve(medium.open(() => isAlive));
    await world.runFor(200);
    const store = await opening;
    medium.failNext();
    const failing = expect(
      store.writeBatch([{ offsetBytes: 0, lengthBytes: cellBytes, data: Buffer.alloc(cellBytes, 7) }]),
    ).rejects.toMatchObject({ code: "IO_ERROR" });
    await world.runFor(200);
    await failing;
    isAlive = false;
    medium.crash(createRandom(1));
    void medium.open(() => true);
    await world.runFor(200);
    expect(world.violation()).toBeNull();
    expect([0, 7]).toContain(medium.durable(0)?.[0] ?? 0);
  });
});
