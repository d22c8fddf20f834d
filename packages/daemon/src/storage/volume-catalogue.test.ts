import type { ArrayReport } from "@waystation/contracts/storage-front";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Storage } from "./open-storage.js";
import { createTestStorage, type TestStorage } from "./testing-storage.js";

const MiB = 2 ** 20;
const a1 = { name: "a1", level: "raid1", disks: 2, diskSize: "256MiB" };
const a2 = { name: "a2", level: "raid0", disks: 1, diskSize: "256MiB" };
let test: TestStorage;

beforeEach(async () => {
  test = await createTestStorage([a1, a2]);
});
afterEach(() => test.remove());

const order = { name: "scratch", array: "a1", sizeBytes: 8 * MiB, thin: false };
const handleOn = ({ standalone }: Storage, name: string, onRevoked: (reason: string) => void = () => {}) =>
  standalone.open(name, onRevoked);

describe("volumes made by command", () => {
  it("A1: are there at once and after a restart, with what was written and flushed", async () => {
    const first = await test.open();
    const free = first.front.arrays()[0]!.freeBytes;
    await first.front.createVolume(order);
    expect(first.front.volumes()).toEqual([
      {
        ...{ name: "scratch", array: "a1", sizeBytes: 8 * MiB, usedBytes: 8 * MiB, kind: "thick", use: "standalone" },
        ...{ access: "read-write", detail: "", origin: null },
      },
    ]);
    expect(free - first.front.arrays()[0]!.freeBytes).toBe(8 * MiB);
    const handle = await handleOn(first, "scratch");
    await handle.write(4096, Buffer.from("kept"));
    await handle.flush();
    const again = await test.open();
    expect((await (await handleOn(again, "scratch")).read(4096, 4)).toString()).toBe("kept");
  });

  it("A1: deleted, their sessions end and their space is free, and they stay gone", async () => {
    const storage = await test.open();
    const free = storage.front.arrays()[0]!.freeBytes;
    await storage.front.createVolume(order);
    const revoked: string[] = [];
    const handle = await handleOn(storage, "scratch", (reason) => revoked.push(reason));
    await storage.front.deleteVolume("scratch");
    expect(revoked).toEqual(["the volume is being deleted"]);
    await expect(handle.read(0, 1)).rejects.toMatchObject({ code: "VOLUME_NOT_OPEN" });
    expect([storage.front.volumes(), storage.front.arrays()[0]!.freeBytes]).toEqual([[], free]);
    expect((await test.open()).standalone.list()).toEqual([]);
  });

  it("a name is one volume on the node, whatever the array", async () => {
    const { front } = await test.open();
    await front.createVolume(order);
    await expect(front.createVolume({ ...order, array: "a2" })).rejects.toMatchObject({
      code: "VOLUME_EXISTS",
      message: "n1 has a volume scratch already, on array a1: choose another name",
    });
  });

  it("two commands for one name at once: the second is refused", async () => {
    const { front } = await test.open();
    const both = await Promise.allSettled([front.createVolume(order), front.createVolume(order)]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(front.volumes()).toHaveLength(1);
  });

  it.each([
    ["an array that is not there", { array: "a3" }, "UNKNOWN_ARRAY", "it has: a1, a2"],
    ["a name that is none", { name: "Scratch!" }, "VOLUME_NAME", "1 to 63 of a-z"],
    ["a size that is none", { sizeBytes: 0 }, "VOLUME_SIZE", "multiple of 4 KiB"],
    ["a size with a broken sector", { sizeBytes: 4097 }, "VOLUME_SIZE", "multiple of 4 KiB"],
    ["more than there is room for", { sizeBytes: 512 * MiB }, "NO_SPACE", "scratch needs 536870912 bytes"],
  ])("are refused with %s, and nothing is left of them", async (_, change, code, text) => {
    const storage = await test.open();
    const creating = storage.front.createVolume({ ...order, ...change });
    await expect(creating).rejects.toMatchObject({ code, message: expect.stringContaining(text) as string });
    expect(storage.front.volumes()).toEqual([]);
    expect((await test.open()).front.volumes()).toEqual([]);
  });

  it("one that is not there cannot be deleted", async () => {
    const { front } = await test.open();
    await front.createVolume(order);
    await expect(front.deleteVolume("other")).rejects.toMatchObject({
      code: "VOLUME_NOT_FOUND",
      message: 'no volume "other" on this node; it has: scratch',
    });
  });
});

describe("snapshots and clones", () => {
  const write = async (storage: Storage, name: string, text: string): Promise<void> => {
    const handle = await handleOn(storage, name);
    await handle.write(0, Buffer.from(text));
    await handle.flush();
    handle.close();
  };
  const read = async (storage: Storage, name: string): Promise<string> =>
    (await (await handleOn(storage, name)).read(0, 3)).toString();

  it("A1: a snapshot keeps what was, read-only; a clone of it is another volume; all are there after a restart", async () => {
    let storage = await test.open();
    const { front } = storage;
    await front.createVolume(order);
    await write(storage, "scratch", "one");
    await front.snapshotVolume({ origin: "scratch", name: "monday" });
    await write(storage, "scratch", "two");
    await front.cloneVolume({ origin: "monday", name: "test" });
    await write(storage, "test", "tst");
    storage = await test.open();
    expect([await read(storage, "scratch"), await read(storage, "monday"), await read(storage, "test")]).toEqual([
      "two",
      "one",
      "tst",
    ]);
    await expect(write(storage, "monday", "no!")).rejects.toMatchObject({
      code: "READ_ONLY",
      message: "volume monday cannot be written: snapshot of scratch",
    });
    expect(storage.front.volumes().map(({ name, kind, origin, access }) => [name, kind, origin, access])).toEqual([
      ["scratch", "mapped", null, "read-write"],
      ["monday", "snapshot", "scratch", "read-only"],
      ["test", "clone", "monday", "read-write"],
    ]);
    expect(storage.front.arrays()[0]!.reservedBytes).toBeGreaterThan(0);
  });

  it("A1: a snapshot that cannot keep room free says how to make one that does not", async () => {
    const { front } = await test.open();
    const [{ freeBytes }] = front.arrays() as [ArrayReport];
    await front.createVolume({ ...order, sizeBytes: Math.ceil((freeBytes * 0.6) / 2 ** 20) * 2 ** 20 });
    const wish = { origin: order.name, name: "monday" };
    await expect(front.snapshotVolume(wish)).rejects.toMatchObject({
      code: "NO_SPACE",
      message: expect.stringContaining("--unreserved") as unknown,
    });
    await front.snapshotVolume({ ...wish, unreserved: true });
    expect(front.arrays()[0]).toMatchObject({ reservedBytes: 0 });
  });

  it("A1: what others stand on is not deleted, and no session on it ends for that", async () => {
    const storage = await test.open();
    const { front } = storage;
    const free = front.arrays()[0]!.freeBytes;
    await front.createVolume(order);
    await front.snapshotVolume({ origin: "scratch", name: "monday" });
    await front.cloneVolume({ origin: "monday", name: "test" });
    const revoked: string[] = [];
    await handleOn(storage, "scratch", (reason) => revoked.push(reason));
    await expect(front.deleteVolume("scratch")).rejects.toMatchObject({
      code: "VOLUME_HAS_SNAPSHOTS",
      message: "volume scratch has snapshots: first wayctl volume delete monday",
    });
    await expect(front.deleteVolume("monday")).rejects.toMatchObject({ code: "VOLUME_HAS_CLONES" });
    expect(revoked).toEqual([]);
    for (const name of ["test", "monday", "scratch"]) await front.deleteVolume(name);
    expect([front.volumes(), front.arrays()[0]!.freeBytes]).toEqual([[], free]);
  });

  it("a clone is of a snapshot, and a snapshot is of a volume", async () => {
    const { front } = await test.open();
    await front.createVolume(order);
    await expect(front.cloneVolume({ origin: "scratch", name: "test" })).rejects.toMatchObject({ code: "VOLUME_KIND" });
    await front.snapshotVolume({ origin: "scratch", name: "monday" });
    await expect(front.snapshotVolume({ origin: "monday", name: "again" })).rejects.toMatchObject({
      code: "VOLUME_KIND",
    });
    expect(front.volumes().map(({ name }) => name)).toEqual(["scratch", "monday"]);
    await expect(
      front.createPair({ primary: "scratch", secondary: "monday", secondaryNode: "" }),
    ).rejects.toMatchObject({ code: "VOLUME_KIND" });
  });

  it("A1: a thin volume takes space as it is written", async () => {
    const storage = await test.open();
    await storage.front.createVolume({ ...order, sizeBytes: 64 * MiB, thin: true });
    const [before] = storage.front.volumes();
    expect([before!.kind, before!.usedBytes! < MiB]).toEqual(["thin", true]);
    const handle = await handleOn(storage, "scratch");
    await handle.write(0, Buffer.alloc(8 * MiB, 1));
    await handle.flush();
    expect(storage.front.volumes()[0]!.usedBytes).toBeGreaterThanOrEqual(8 * MiB);
  });
});

describe("volumes in no group that cluster.yaml names", () => {
  const named = { name: "named", array: "a1", size: "4MiB" };

  it("A1: are made at the first start, kept at the next, and not deleted by command", async () => {
    const first = await test.open([named]);
    const handle = await handleOn(first, "named");
    await handle.write(0, Buffer.from("kept"));
    await handle.flush();
    const again = await test.open([named]);
    expect((await (await handleOn(again, "named")).read(0, 4)).toString()).toBe("kept");
    await expect(again.front.deleteVolume("named")).rejects.toMatchObject({
      code: "VOLUME_IN_USE",
      message:
        "volume named cannot be deleted: it stands in cluster.yaml; take it out there and start the node again first",
    });
  });

  it("taken out of the file, they are not offered to hosts any more, but can be deleted", async () => {
    await test.open([named]);
    const storage = await test.open();
    expect(storage.standalone.list()).toEqual([]);
    expect(storage.front.volumes()).toMatchObject([
      { name: "named", access: "closed", detail: expect.stringContaining("put it back into cluster.yaml") as string },
    ]);
    await storage.front.deleteVolume("named");
    expect(storage.front.volumes()).toEqual([]);
  });

  it("one that was made by command may be named in the file later", async () => {
    await (await test.open()).front.createVolume({ name: "named", array: "a1", sizeBytes: 4 * MiB, thin: false });
    expect((await test.open([named])).standalone.list().map(({ name }) => name)).toEqual(["named"]);
  });

  it("another size than the volume has is refused", async () => {
    await test.open([named]);
    await expect(test.open([{ ...named, size: "8MiB" }])).rejects.toMatchObject({ code: "VOLUME_SIZE_CHANGED" });
  });
});
