import type { VolumeName } from "@waystation/contracts/ids";
import { createRandom } from "@waystation/contracts/random";
import { sealBlock } from "@waystation/raid/core/checksum";
import { openArray, type RaidArray } from "@waystation/raid/io/array";
import { createArray, diskBytesFor } from "@waystation/raid/io/create-array";
import { createPowerSupply } from "@waystation/raid/io/faulty-disk";
import { createMemoryDisk, placeOf, type MemoryDisk } from "@waystation/raid/io/memory-disk";
import { describe, expect, it } from "vitest";
import { tableCopyOffsets } from "./layout.js";
import { encodeTable, type VolumeTable } from "./volume-table.js";
import { openVolumes } from "./volumes.js";

const mebibyte = 1024 * 1024;
const shape = { level: "raid5", diskCount: 3, unitBytes: 65_536, logBytes: 384 * 1024 } as const;

async function newDisks(usableBytes = 8 * mebibyte): Promise<MemoryDisk[]> {
  const diskBytes = diskBytesFor(shape, usableBytes);
  const disks = [0, 1, 2].map((slot) => createMemoryDisk({ file: `disk-${slot}`, sizeBytes: diskBytes }));
  const { level, unitBytes, logBytes } = shape;
  await createArray({ name: "a1", level, unitBytes, logBytes, diskBytes, disks: disks.map((disk) => placeOf(disk)) });
  return disks;
}

function open(disks: readonly MemoryDisk[]): Promise<RaidArray> {
  return openArray({ disks: disks.map((disk) => placeOf(disk)) });
}

const volume = (name: string): VolumeName => name as VolumeName;

describe("volumes on an array", () => {
  it("A1: a new array has none; those created are there, apart from each other, after power loss", async () => {
    const disks = await newDisks();
    const volumes = await openVolumes(await open(disks));
    expect(volumes.list()).toEqual([]);
    expect(volumes.freeBytes()).toBe(6 * mebibyte);
    await Promise.all([volumes.create(volume("v1"), mebibyte + 512), volumes.create(volume("v2"), 2 * mebibyte)]);
    expect(volumes.freeBytes()).toBe(2 * mebibyte);
    const [first, second] = [volumes.open(volume("v1")), volumes.open(volume("v2"))];
    await first.write(0, Buffer.alloc(first.sizeBytes, 1));
    await first.flush();
    await second.writeBatch([
      { offsetBytes: 0, lengthBytes: 512, data: Buffer.alloc(512, 2) },
      { offsetBytes: second.sizeBytes - 512, lengthBytes: 512, data: Buffer.alloc(512, 3) },
    ]);
    for (const disk of disks) disk.crash();
    const again = await openVolumes(await open(disks));
    expect(again.list()).toMatchObject([
      { name: "v1", sizeBytes: mebibyte + 512 },
      { name: "v2", sizeBytes: 2 * mebibyte },
    ]);
    const stored = await again.open(volume("v1")).read(0, mebibyte + 512);
    expect(stored.equals(Buffer.alloc(mebibyte + 512, 1))).toBe(true);
    const other = await again.open(volume("v2")).read(0, 2 * mebibyte);
    const expected = Buffer.alloc(2 * mebibyte)
      .fill(2, 0, 512)
      .fill(3, 2 * mebibyte - 512);
    expect(other.equals(expected)).toBe(true);
  });

  it("a volume reads, zeroes and refuses within its own bounds", async () => {
    const array = await open(await newDisks());
    const volumes = await openVolumes(array);
    await volumes.create(volume("v1"), mebibyte);
    await volumes.create(volume("v2"), mebibyte);
    const first = volumes.open(volume("v1"));
    await volumes.open(volume("v2")).write(0, Buffer.alloc(mebibyte, 7));
    await first.write(4096, Buffer.alloc(4096, 5));
    await first.zero(0, mebibyte);
    expect((await first.read(0, mebibyte)).every((byte) => byte === 0)).toBe(true);
    expect((await volumes.open(volume("v2")).read(0, mebibyte)).every((byte) => byte === 7)).toBe(true);
    await first.write(mebibyte - 512, Buffer.alloc(512, 6));
    const into = Buffer.alloc(1024);
    expect(first.readNow(mebibyte - 1024, into)).toBe(true);
    expect(into.equals(Buffer.alloc(1024).fill(6, 512))).toBe(true);
    expect([first.readNow(mebibyte - 1, into), first.readNow(-1, into), first.readNow(0.5, into)]).toEqual([
      false,
      false,
      false,
    ]);
    await expect(first.read(mebibyte - 1, 2)).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
    await expect(first.zero(mebibyte, 1)).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
    await expect(first.write(-1, Buffer.alloc(1))).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
    await first.flush();
    await first.close();
    await expect(first.read(0, 1)).rejects.toMatchObject({ code: "VOLUME_NOT_OPEN" });
    expect(first.readNow(0, into)).toBe(false);
    expect(await volumes.open(volume("v1")).read(0, 1)).toHaveLength(1);
  });

  it("refuses what cannot be, with figures, and changes nothing", async () => {
    const volumes = await openVolumes(await open(await newDisks()));
    await volumes.create(volume("v1"), mebibyte);
    const refused = async (name: string, sizeBytes: number): Promise<unknown> => {
      return volumes.create(volume(name), sizeBytes).catch((error: unknown) => error);
    };
    expect(await refused("v1", mebibyte)).toMatchObject({ code: "VOLUME_EXISTS" });
    expect(await refused("Not A Name", mebibyte)).toMatchObject({ code: "VOLUME_NAME" });
    expect(await refused("v2", 100)).toMatchObject({ code: "VOLUME_SIZE" });
    expect(await refused("v2", 0)).toMatchObject({ code: "VOLUME_SIZE" });
    expect(await refused("v2", 5 * mebibyte + 512)).toMatchObject({
      code: "NO_SPACE",
      details: { neededBytes: 5 * mebibyte + 512, freeBytes: 5 * mebibyte },
    });
    expect(() => volumes.open(volume("v9"))).toThrow("v1");
    expect(volumes.list()).toHaveLength(1);
    await volumes.create(volume("v2"), 5 * mebibyte);
    expect(volumes.freeBytes()).toBe(0);
  });

  it("A3: power lost at any I/O of a creation leaves the volumes from before, and the new one whole or not at all", async () => {
    const before = await newDisks();
    const prepared = await openVolumes(await open(before));
    await prepared.create(volume("v1"), mebibyte);
    for (const disk of before) disk.crash();
    let wasThere = 0;
    for (let cutAt = 1; ; cutAt++) {
      const disks = before.map((disk) => disk.clone());
      let onCut = (): void => {};
      const cut = new Promise<"cut">((resolve) => (onCut = () => resolve("cut")));
      const power = createPowerSupply(cutAt, onCut);
      const work = async (): Promise<"done"> => {
        const array = await openArray({ disks: disks.map((disk) => placeOf(power.connect(disk))) });
        await (await openVolumes(array)).create(volume("v2"), mebibyte);
        return "done";
      };
      const end = await Promise.race([work(), cut]);
      const random = createRandom(cutAt);
      for (const disk of disks) disk.crash(random);
      const names = (await openVolumes(await open(disks))).list().map(({ name }) => name);
      if (end === "done") expect(names).toEqual(["v1", "v2"]);
      else expect([["v1"], ["v1", "v2"]]).toContainEqual(names);
      if (names.length === 2) wasThere++;
      if (end === "done") break;
    }
    expect(wasThere).toBeGreaterThan(1);
  });

  it("A1: deleted space is used again, in whole stripes, and the new volume reads as zeros", async () => {
    const disks = await newDisks();
    const array = Object.assign(await open(disks), { stripeBytes: 3 * 65_536 });
    const volumes = await openVolumes(array);
    const free = volumes.freeBytes();
    await volumes.create(volume("v1"), mebibyte);
    await volumes.create(volume("v2"), mebibyte);
    await volumes.create(volume("log"), mebibyte, { hidden: true });
    const first = volumes.open(volume("v1"));
    await first.write(0, Buffer.alloc(mebibyte, 1));
    await expect(volumes.delete(volume("v1"))).rejects.toMatchObject({ code: "VOLUME_IN_USE" });
    await first.close();
    await first.close();
    await volumes.delete(volume("v1"));
    await expect(volumes.delete(volume("v1"))).rejects.toMatchObject({ code: "VOLUME_NOT_FOUND" });
    expect(() => volumes.open(volume("v1"))).toThrow("v2");
    await volumes.create(volume("v3"), 512 * 1024);
    expect((await volumes.open(volume("v3")).read(0, 512 * 1024)).every((byte) => byte === 0)).toBe(true);
    expect(volumes.list().map(({ name }) => name)).toEqual(["v2", "v3"]);
    expect(volumes.list({ hidden: true }).map(({ name }) => name)).toEqual(["v2", "log", "v3"]);
    for (const disk of disks) disk.crash();
    const again = await openVolumes(Object.assign(await open(disks), { stripeBytes: 3 * 65_536 }));
    for (const { name } of again.list({ hidden: true })) await again.delete(name);
    expect(again.freeBytes()).toBe(free);
    // Thick volumes keep off each other however they come and go.
    const random = createRandom(3);
    const kept = new Map<VolumeName, number>();
    for (let step = 1; step < 60; step++) {
      const name = volume(`w${step}`);
      if (random.chance(0.6)) {
        const sizeBytes = 512 * (1 + random.below(3000));
        const created = await again.create(name, sizeBytes).catch((error: unknown) => error);
        if (created instanceof Error) expect(created).toMatchObject({ code: "NO_SPACE" });
        else kept.set(name, sizeBytes);
        if (created instanceof Error) continue;
        const handle = again.open(name);
        expect((await handle.read(0, sizeBytes)).every((byte) => byte === 0)).toBe(true);
        await handle.write(0, Buffer.alloc(sizeBytes, step));
        await handle.close();
      } else if (kept.size > 0) {
        const gone = random.pick([...kept.keys()]);
        await again.delete(gone);
        kept.delete(gone);
      }
    }
    for (const [name, sizeBytes] of kept) {
      const content = await again.open(name).read(0, sizeBytes);
      expect(content.equals(Buffer.alloc(sizeBytes, Number(name.slice(1))))).toBe(true);
    }
  });

  it("A6: documents are kept, changed together and dropped, and survive power loss", async () => {
    const disks = await newDisks();
    const { documents } = await openVolumes(await open(disks));
    const pair = { state: "COPY", regions: [1, 2] };
    await documents.put("pair/p1", pair);
    pair.state = "PAIR";
    expect(documents.get("pair/p1")).toEqual({ state: "COPY", regions: [1, 2] });
    await Promise.all([documents.put("pair/p1", pair), documents.change({ "pair/p2": 7, "pair/p3": null })]);
    await documents.delete("pair/p2");
    await expect(documents.change({ "pair/p4": 1, "No Name": 2 })).rejects.toMatchObject({ code: "DOCUMENT_NAME" });
    await expect(documents.put("big", "x".repeat(600_000))).rejects.toMatchObject({ code: "NO_SPACE" });
    for (const disk of disks) disk.crash();
    const again = (await openVolumes(await open(disks))).documents;
    expect(again.names()).toEqual(["pair/p1", "pair/p3"]);
    expect([again.get("pair/p1"), again.get("pair/p2"), again.get("toString")]).toEqual([pair, undefined, undefined]);
  });

  it("refuses a table of another version, and says which array it is of", async () => {
    const array = await open(await newDisks());
    const copy = Buffer.alloc(22, "{}");
    copy.write("WSVOLTAB");
    copy.writeUInt32LE(1, 8);
    copy.writeUInt32LE(2, 12);
    sealBlock(copy, 16);
    await array.write(0, copy);
    await expect(openVolumes(array)).rejects.toMatchObject({
      code: "VOLUME_TABLE_VERSION",
      message: expect.stringMatching(/array a1 .*disk-0, disk-1, disk-2.*version 1/) as unknown,
    });
  });

  it("refuses to guess when both copies of the table are damaged", async () => {
    const array = await open(await newDisks());
    const volumes = await openVolumes(array);
    await volumes.create(volume("v1"), mebibyte);
    await volumes.create(volume("v2"), mebibyte);
    // The newest copy is damaged: the one before counts.
    await array.write(30, Buffer.alloc(1, 255));
    expect((await openVolumes(array)).list().map(({ name }) => name)).toEqual(["v1"]);
    await array.write(512 * 1024 + 30, Buffer.alloc(1, 255));
    await expect(openVolumes(array)).rejects.toMatchObject({
      code: "VOLUME_TABLE_DAMAGED",
      message: expect.stringContaining("disk-1") as unknown,
    });
  });

  it("A1: a volume table that is whole and makes no sense is refused, whatever is wrong in it", async () => {
    const common = { isHidden: false, sizeBytes: mebibyte };
    const entry = { ...common, name: "v1", kind: "thick", offsetBytes: 2 * mebibyte };
    const slotted = { ...common, isDeleting: false };
    const mapped = { ...slotted, name: "m", kind: "mapped", slot: 0, isReserved: true, origin: null, originBirth: 0 };
    const snapshot = { ...slotted, name: "s", kind: "snapshot", slot: 1, of: "m", birth: 1 };
    const clone = { ...mapped, name: "c", slot: 2, origin: "s", originBirth: 1 };
    const pool = [{ offsetBytes: 3 * mebibyte, lengthBytes: mebibyte }];
    const table = { generation: 1, arrayBytes: 8 * mebibyte, grainBytes: mebibyte, birth: 2, documents: {} };
    const sound = { ...table, unusedFromBytes: 4 * mebibyte, pool, volumes: [entry, mapped, snapshot, clone] };
    const openWith = async (table: unknown) => {
      const array = await open(await newDisks());
      const copy = encodeTable(table as VolumeTable)!;
      await array.writeBatch(
        tableCopyOffsets.map((offsetBytes) => ({ offsetBytes, lengthBytes: copy.length, data: copy })),
      );
      return openVolumes(array);
    };
    expect((await openWith(sound)).list()).toHaveLength(4);
    const senseless: unknown[] = [null, [], "no table", { ...sound, generation: -1 }, { ...sound, volumes: {} }];
    senseless.push({ ...sound, unusedFromBytes: 2 ** 40 }, { ...sound, unusedFromBytes: mebibyte });
    senseless.push({ ...sound, volumes: [entry, entry] }, { ...sound, volumes: [snapshot] }, { ...sound, pool: [1] });
    senseless.push({ ...sound, volumes: [mapped, clone] }, { ...sound, volumes: [mapped, snapshot, mapped] });
    senseless.push({ ...sound, grainBytes: 0 }, { ...sound, grainBytes: 2 * mebibyte }, { ...sound, birth: 1 });
    senseless.push(
      { ...sound, arrayBytes: 9 * mebibyte },
      { ...sound, documents: [] },
      { ...sound, pool: [...pool, ...pool] },
    );
    const thickChanges = [{ name: "../v" }, { kind: "thin" }, { sizeBytes: 0 }, { sizeBytes: 7 }, { isHidden: 1 }];
    const places = [7, 0, 3 * mebibyte, 4 * mebibyte].map((offsetBytes) => ({ offsetBytes }));
    for (const change of [...thickChanges, ...places]) senseless.push({ ...sound, volumes: [{ ...entry, ...change }] });
    for (const change of [
      { slot: 0 },
      { slot: 4096 },
      { isDeleting: 0 },
      { of: "v1" },
      { sizeBytes: 512 },
      { birth: 2 },
    ])
      senseless.push({ ...sound, volumes: [entry, mapped, { ...snapshot, ...change }] });
    for (const change of [{ isReserved: 2 }, { origin: "m" }, { origin: 7 }, { originBirth: 2 }, { origin: null }])
      senseless.push({ ...sound, volumes: [mapped, snapshot, { ...clone, ...change }] });
    for (const table of senseless) {
      await expect(openWith(table), JSON.stringify(table)).rejects.toMatchObject({ code: "VOLUME_TABLE_DAMAGED" });
    }
  });
});
