import { setImmediate as immediate } from "node:timers/promises";
import type { VolumeName } from "@waystation/contracts/ids";
import { createMemoryDisk, type MemoryDisk } from "@waystation/raid/io/memory-disk";
import { describe, expect, it } from "vitest";
import { layoutOf, logOffset, slotsOffset } from "./layout.js";
import { openMapStore, type MapStore } from "./map-store.js";
import { wordFor } from "./map-word.js";
import { openTable } from "./table-store.js";
import { arrayOn } from "./testing-array.js";
import type { VolumeArray } from "./volume-array.js";
import { openVolumes } from "./volumes.js";

const mebibyte = 2 ** 20;
const chunkBytes = 65_536;
const newDisk = (): MemoryDisk => createMemoryDisk({ file: "disk", sizeBytes: 8 * mebibyte });
const volume = (name: string): VolumeName => name as VolumeName;

async function openStore(array: VolumeArray): Promise<MapStore> {
  const layout = layoutOf(array.sizeBytes, array.stripeBytes);
  const table = await openTable(array, layout);
  return openMapStore({ array, layout, table, cacheBytes: mebibyte });
}

/** What is durable now. */
async function afterCrash(disk: MemoryDisk): Promise<MapStore> {
  const copy = disk.clone();
  copy.crash();
  return openStore(arrayOn(copy));
}

const [first, second] = [slotsOffset, slotsOffset + 8];
const one = wordFor(7, 1);

describe("commits of chunk maps", () => {
  it("PROTOCOL 11: take whole transactions: half of one is never durable", async () => {
    const disk = newDisk();
    const store = await openStore(arrayOn(disk));
    let committed: Promise<void> = Promise.resolve();
    await store.exclusively(async () => {
      await store.word(first);
      store.set(first, one);
      committed = store.commit();
      for (let turns = 0; turns < 20; turns++) await immediate();
      expect((await afterCrash(disk)).wordNow(first)).not.toEqual(one);
      store.set(second, one);
    });
    await committed;
    const after = await afterCrash(disk);
    expect([await after.word(first), await after.word(second)]).toEqual([one, one]);
  });

  it("PROTOCOL 11: a node is written as it was when its commit began, whatever changes it meanwhile", async () => {
    const disk = newDisk();
    const inner = arrayOn(disk);
    let letGo = (): void => {};
    let held: Promise<void> | null = null;
    const array: VolumeArray = {
      ...inner,
      async writeBatch(writes) {
        await held;
        await inner.writeBatch(writes);
      },
    };
    const store = await openStore(array);
    const node = 4 * mebibyte;
    await store.exclusively(() => {
      store.addNode(node, Buffer.alloc(chunkBytes));
      return Promise.resolve();
    });
    held = new Promise((resolve) => (letGo = resolve));
    const committed = store.commit();
    await immediate();
    await store.exclusively(() => {
      store.set(node + 8, one);
      return Promise.resolve();
    });
    letGo();
    await committed;
    expect(await (await afterCrash(disk)).word(node + 8)).toEqual({ chunk: 0, meta: 0 });
    await store.commit();
    expect(await (await afterCrash(disk)).word(node + 8)).toEqual(one);
  });

  it("PROTOCOL 11: half of a change that failed gets no further, and what follows is refused", async () => {
    const disk = newDisk();
    const store = await openStore(arrayOn(disk));
    await expect(
      store.exclusively(async () => {
        await store.word(first);
        store.set(first, one);
        throw new Error("the disk went");
      }),
    ).rejects.toThrow("the disk went");
    await expect(store.commit()).rejects.toMatchObject({ code: "IO_ERROR" });
    await expect(store.exclusively(() => Promise.resolve())).rejects.toMatchObject({ code: "IO_ERROR" });
    expect(await (await afterCrash(disk)).word(first)).not.toEqual(one);
  });

  it("are shared by all who wait: many first writes at once make few records", async () => {
    const inner = arrayOn(newDisk());
    let records = 0;
    const array: VolumeArray = {
      ...inner,
      async writeBatch(writes) {
        if (writes[0]?.offsetBytes !== undefined && isInLog(writes[0].offsetBytes)) records++;
        await immediate();
        await inner.writeBatch(writes);
      },
    };
    const volumes = await openVolumes(array);
    await volumes.create(volume("t"), 32 * chunkBytes, { thin: true });
    const handle = volumes.open(volume("t"));
    records = 0;
    const writes = Array.from({ length: 32 }, (_, chunk) =>
      handle.writeBatch([{ offsetBytes: chunk * chunkBytes, lengthBytes: 512, data: Buffer.alloc(512, 1) }]),
    );
    await Promise.all(writes);
    expect(records).toBeLessThan(8);
  });

  it("a log with a hole, or newer than the table, is refused and names the array's disks", async () => {
    for (const damage of ["hole", "old table"]) {
      const disk = newDisk();
      const array = Object.assign(arrayOn(disk), { name: "a1", state: () => ({ disks: [{ file: "/disks/0" }] }) });
      const volumes = await openVolumes(array);
      await volumes.create(volume("t"), 32 * chunkBytes, { thin: true });
      const handle = volumes.open(volume("t"));
      for (let chunk = 0; chunk < 4; chunk++) {
        await handle.writeBatch([{ offsetBytes: chunk * chunkBytes, lengthBytes: 512, data: Buffer.alloc(512, 1) }]);
      }
      if (damage === "hole")
        await array.writeBatch([{ offsetBytes: logOffset + 4096, lengthBytes: 1, data: Buffer.from([0]) }]);
      // The newest copy of the table is lost: what the log says belongs to it.
      else await array.writeBatch([{ offsetBytes: 30, lengthBytes: 1, data: Buffer.from([255]) }]);
      const failure = await openVolumes(array).catch((error: unknown) => error);
      expect({ damage, failure }).toMatchObject({
        damage,
        failure: { code: "VOLUME_MAP_DAMAGED", message: expect.stringContaining("/disks/0") as unknown },
      });
    }
  });
});

function isInLog(offsetBytes: number): boolean {
  const { logBytes } = layoutOf(8 * mebibyte);
  return offsetBytes >= logOffset && offsetBytes < logOffset + logBytes;
}
