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

const order = { name: "scratch", array: "a1", sizeBytes: 8 * MiB };
const handleOn = ({ standalone }: Storage, name: string, onRevoked: (reason: string) => void = () => {}) =>
  standalone.open(name, onRevoked);

describe("volumes made by command", () => {
  it("A1: are there at once and after a restart, with what was written and flushed", async () => {
    const first = await test.open();
    const free = first.front.arrays()[0]!.freeBytes;
    await first.front.createVolume(order);
    expect(first.front.volumes()).toEqual([
      expect.objectContaining({ ...order, use: "standalone", access: "read-write", detail: "", origin: null }),
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
    await (await test.open()).front.createVolume({ name: "named", array: "a1", sizeBytes: 4 * MiB });
    expect((await test.open([named])).standalone.list().map(({ name }) => name)).toEqual(["named"]);
  });

  it("another size than the volume has is refused", async () => {
    await test.open([named]);
    await expect(test.open([{ ...named, size: "8MiB" }])).rejects.toMatchObject({ code: "VOLUME_SIZE_CHANGED" });
  });
});
