import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BlockFront } from "@waystation/contracts/block-front";
import { Failure } from "@waystation/contracts/errors";
import type { PairReport } from "@waystation/contracts/storage-front";
import { joinFronts } from "@waystation/node/standalone-front";
import { cleanUp, startTestServer } from "@waystation/rpc/testing";
import { linkTo, type TestLink } from "@waystation/rpc/testing-link";
import type { Storage } from "./open-storage.js";
import { createTestStorage, eventually, type TestStorage } from "./testing-storage.js";

const MiB = 2 ** 20;
const sizeBytes = 16 * MiB;
const pair = { primary: "db", secondary: "copy" };
let farTest: TestStorage;
let nearTest: TestStorage;
let far: Storage;
let near: Storage;
let link: TestLink;

const noGroups: BlockFront = {
  list: () => [],
  open: (name) => Promise.reject(new Failure("UNKNOWN_VOLUME", `no volume ${name}`)),
};

beforeEach(async () => {
  farTest = await createTestStorage([{ name: "a2", level: "raid6", disks: 5, diskSize: "256MiB" }]);
  far = await farTest.open();
  await far.front.createVolume({ name: "copy", array: "a2", sizeBytes, thin: false });
  const { port } = await startTestServer({ front: joinFronts(noGroups, far.standalone), storage: far.front });
  link = await linkTo(port);
  nearTest = await createTestStorage([{ name: "a1", level: "raid5", disks: 4, diskSize: "256MiB" }], {
    otherPort: link.port,
  });
  near = await nearTest.open();
  await near.front.createVolume({ name: "db", array: "a1", sizeBytes, thin: false });
});
afterEach(async () => {
  await nearTest.remove();
  await cleanUp();
  await farTest.remove();
});

const report = (): PairReport => near.front.pairs()[0]!;
const settled = (state: PairReport["state"]) =>
  eventually(() => report().state === state && report().progress === null);

async function write(offsetBytes: number, data: Buffer): Promise<void> {
  const handle = await near.standalone.open("db", () => {});
  await handle.write(offsetBytes, Buffer.from(data));
  await handle.flush();
  handle.close();
}
async function contentOf(storage: Storage, name: string): Promise<Buffer> {
  const handle = await storage.standalone.open(name, () => {});
  const bytes = await handle.read(0, sizeBytes);
  handle.close();
  return bytes;
}

describe("a pair across two nodes", () => {
  it("A6, A8: copies and mirrors; only user data crosses the link; the far node keeps its hosts out until the end", async () => {
    await write(0, Buffer.alloc(sizeBytes, 1));
    const host = await far.standalone.open("copy", () => {});
    await near.front.createPair({ ...pair, secondaryNode: "n2" });
    await settled("PAIR");
    expect(report()).toMatchObject({ ...pair, secondaryNode: "n2", dirtyRegions: 0 });
    expect(link.sentBytes / sizeBytes).toBeLessThan(1.02);
    expect(link.receivedBytes / sizeBytes).toBeLessThan(0.01);

    await expect(host.write(0, Buffer.alloc(1))).rejects.toMatchObject({ code: "VOLUME_NOT_OPEN" });
    await expect(far.standalone.open("copy", () => {})).rejects.toMatchObject({
      code: "VOLUME_NOT_OPEN",
      message: expect.stringContaining("S-VOL of db on n1") as unknown,
    });
    await expect(far.front.deleteVolume("copy")).rejects.toMatchObject({
      message: expect.stringContaining("wayctl pair delete db copy") as unknown,
    });
    expect(far.standalone.list()).toEqual([]);

    await write(3 * MiB + 100, Buffer.alloc(200_000, 2));
    await near.front.splitPair({ ...pair, quick: false });
    expect(far.standalone.accessOf("copy")).toBe("read-write");
    const farHost = await far.standalone.open("copy", () => {});
    expect((await farHost.read(3 * MiB + 100, 1))[0]).toBe(2);
    await farHost.write(7 * MiB, Buffer.alloc(100, 4));
    await write(9 * MiB, Buffer.alloc(100, 3));
    const before = link.sentBytes;
    await near.front.resyncPair({ ...pair, quick: false });
    await expect(farHost.write(0, Buffer.alloc(1))).rejects.toMatchObject({ code: "VOLUME_NOT_OPEN" });
    await settled("PAIR");
    expect(link.sentBytes - before).toBeLessThan(1.02 * 2 * report().regionBytes + 10_000);

    await near.front.deletePair({ ...pair, force: false });
    expect((await contentOf(far, "copy")).equals(await contentOf(near, "db"))).toBe(true);
  });

  it("A8: a cut link suspends the pair, hosts go on; a restart changes nothing; a resync sends the rest", async () => {
    await write(0, Buffer.alloc(sizeBytes, 1));
    await near.front.createPair({ ...pair, secondaryNode: "n2" });
    await settled("PAIR");
    link.cut();
    await write(5 * MiB, Buffer.alloc(1000, 2));
    expect(report().state).toBe("PSUE");
    await expect(near.front.resyncPair({ ...pair, quick: false })).rejects.toMatchObject({
      message: expect.stringContaining("copy") as unknown,
    });
    near = await nearTest.open();
    expect(report()).toMatchObject({ state: "PSUE", secondaryNode: "n2" });
    await write(6 * MiB, Buffer.alloc(1000, 3));
    link.mend();
    const before = link.sentBytes;
    await near.front.resyncPair({ ...pair, quick: false });
    await settled("PAIR");
    expect(link.sentBytes - before).toBeLessThan(3 * report().regionBytes);
    await near.front.deletePair({ ...pair, force: false });
    expect((await contentOf(far, "copy")).equals(await contentOf(near, "db"))).toBe(true);
  });

  it("A8: an S-VOL whose P-VOL's node is lost is taken back by force, and its pair never has it again", async () => {
    await write(0, Buffer.alloc(sizeBytes, 1));
    await near.front.createPair({ ...pair, secondaryNode: "n2" });
    await settled("PAIR");
    await expect(far.front.deletePair({ ...pair, force: false })).rejects.toMatchObject({
      code: "PAIR_STATE",
      message: expect.stringContaining("belongs to node n1") as unknown,
    });
    link.cut();
    await far.front.deletePair({ ...pair, force: true });
    const host = await far.standalone.open("copy", () => {});
    expect((await host.read(MiB, 1))[0]).toBe(1);
    await host.write(0, Buffer.alloc(100, 2));
    await host.flush();
    // The node was not gone after all.
    link.mend();
    await write(3 * MiB, Buffer.alloc(100, 3));
    expect(report()).toMatchObject({ state: "PSUE", detail: expect.stringContaining("taken back") as unknown });
    await expect(near.front.resyncPair({ ...pair, quick: false })).rejects.toMatchObject({ code: "IO_ERROR" });
    await host.write(3 * MiB, Buffer.alloc(100, 4));
    await near.front.deletePair({ ...pair, force: false });
    await near.front.createPair({ ...pair, secondaryNode: "n2" });
    await settled("PAIR");
    await near.front.deletePair({ ...pair, force: false });
    expect((await contentOf(far, "copy")).equals(await contentOf(near, "db"))).toBe(true);
  });

  it("A8: a volume that is not lent to a pair, as when its array was made anew, is not taken for what the pair knows", async () => {
    const order = { volume: "copy", pairId: "x", primaryNode: "n1", primary: "db" };
    await expect(far.front.lendVolume({ ...order, isNew: false })).rejects.toMatchObject({
      code: "UNKNOWN_PAIR",
      message: expect.stringContaining("wayctl pair delete db copy") as unknown,
    });
    expect(far.standalone.accessOf("copy")).toBe("read-write");
    const { sessionVolume } = await far.front.lendVolume({ ...order, isNew: true });
    expect((await far.front.lendVolume({ ...order, isNew: false })).sessionVolume).not.toBe(sessionVolume);
    expect(far.standalone.accessOf(sessionVolume)).toBeNull();
  });

  it("A8: refuses nodes and volumes that are not there, and leaves the far volume to its hosts", async () => {
    const create = (order: object) => near.front.createPair({ ...pair, secondaryNode: "n2", ...order });
    await expect(create({ secondaryNode: "n9" })).rejects.toMatchObject({
      message: expect.stringContaining("n2") as unknown,
    });
    await expect(create({ secondary: "none" })).rejects.toMatchObject({ code: "VOLUME_NOT_FOUND" });
    await near.front.createVolume({ name: "small", array: "a1", sizeBytes: MiB, thin: false });
    await expect(create({ primary: "small" })).rejects.toMatchObject({ code: "VOLUME_SIZE" });
    await (await far.standalone.open("copy", () => {})).write(0, Buffer.alloc(10, 1));
    expect(near.front.pairs()).toEqual([]);
  });
});
