import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PairReport } from "@waystation/contracts/storage-front";
import type { Storage } from "./open-storage.js";
import { createTestStorage, eventually, type TestStorage } from "./testing-storage.js";

const MiB = 2 ** 20;
const a1 = { name: "a1", level: "raid5", disks: 3, diskSize: "256MiB" };
const a2 = { name: "a2", level: "raid10", disks: 4, diskSize: "256MiB" };
const pair = { primary: "db", secondary: "copy" };
let test: TestStorage;
let storage: Storage;

beforeEach(async () => {
  test = await createTestStorage([a1, a2]);
  storage = await test.open();
  await storage.front.createVolume({ name: "db", array: "a1", sizeBytes: 8 * MiB, thin: false });
  await storage.front.createVolume({ name: "copy", array: "a2", sizeBytes: 8 * MiB, thin: false });
});
afterEach(() => test.remove());

const accessOf = (name: string) => storage.front.volumes().find((volume) => volume.name === name)?.access;
const detailOf = (name: string) => storage.front.volumes().find((volume) => volume.name === name)?.detail;
const open = (name: string, onRevoked: (reason: string) => void = () => {}) => storage.standalone.open(name, onRevoked);
const report = (): PairReport => storage.front.pairs()[0]!;
/** The pair is as named, nothing is being copied, and hosts may do with the S-VOL what that allows. */
const settled = (state: PairReport["state"], access: string) =>
  eventually(() => report().state === state && report().progress === null && accessOf("copy") === access);

async function writeAt(name: string, offsetBytes: number, text: string): Promise<void> {
  const handle = await open(name);
  await handle.write(offsetBytes, Buffer.from(text));
  await handle.flush();
  handle.close();
}
async function readAt(name: string, offsetBytes: number): Promise<string> {
  const handle = await open(name);
  const text = (await handle.read(offsetBytes, 3)).toString();
  handle.close();
  return text;
}

describe("mirror pairs of a node", () => {
  it("A5, A6, A7, A10: from the first copy over split, resync and restore to the end, hosts see each state", async () => {
    const { front } = storage;
    await writeAt("db", 0, "one");
    await writeAt("copy", MiB, "old");
    const revoked: string[] = [];
    await open("copy", (reason) => revoked.push(reason));
    const host = await open("db", (reason) => revoked.push(`db: ${reason}`));
    await front.createPair({ ...pair, secondaryNode: "" });
    expect(revoked).toEqual(["S-VOL of db, COPY (initial copy)"]);
    await settled("PAIR", "read-only");
    expect(report()).toMatchObject({ ...pair, secondaryNode: "", direction: "forward", dirtyRegions: 0 });
    expect([detailOf("db"), detailOf("copy")]).toEqual(["P-VOL of copy PAIR (in sync)", "S-VOL of db, PAIR (in sync)"]);
    expect([await readAt("copy", 0), await readAt("copy", MiB)]).toEqual(["one", "\0\0\0"]);

    await host.write(2 * MiB, Buffer.from("two"));
    await front.splitPair({ ...pair, quick: false });
    await settled("PSUS", "read-write");
    expect(await readAt("copy", 2 * MiB)).toBe("two");
    await host.write(3 * MiB, Buffer.from("pee"));
    await writeAt("copy", 4 * MiB, "ess");
    expect(report().dirtyRegions).toBeGreaterThan(0);

    await front.resyncPair({ ...pair, quick: false });
    await settled("PAIR", "read-only");
    expect([await readAt("copy", 3 * MiB), await readAt("copy", 4 * MiB)]).toEqual(["pee", "\0\0\0"]);

    await front.splitPair({ ...pair, quick: true });
    await settled("PSUS", "read-write");
    await writeAt("copy", 5 * MiB, "new");
    await front.restorePair(pair);
    await settled("PAIR", "read-only");
    expect(await readAt("db", 5 * MiB)).toBe("new");

    await front.deletePair({ ...pair, force: false });
    expect([front.pairs(), accessOf("copy"), detailOf("copy")]).toEqual([[], "read-write", ""]);
    expect(await readAt("copy", 0)).toBe("one");
    // The host of the P-VOL noticed nothing of all that.
    expect(revoked.filter((reason) => reason.startsWith("db:"))).toEqual([]);
    await host.write(0, Buffer.from("end"));
  });

  it("A5: a pair is there after a restart, and its S-VOL is no host's", async () => {
    await storage.front.createPair({ ...pair, secondaryNode: "" });
    storage = await test.open();
    await settled("PAIR", "read-only");
    await expect(async () => (await open("copy")).write(0, Buffer.alloc(1))).rejects.toMatchObject({
      code: "READ_ONLY",
    });
    await writeAt("db", 0, "on!");
    expect(await readAt("copy", 0)).toBe("on!");
  });

  it("a volume of a pair is not deleted, and the refusal says what would be legal", async () => {
    await storage.front.createPair({ ...pair, secondaryNode: "" });
    await settled("PAIR", "read-only");
    await expect(storage.front.deleteVolume("copy")).rejects.toMatchObject({
      code: "VOLUME_IN_USE",
      message: "volume copy cannot be deleted: it is S-VOL of db, PAIR (in sync); first wayctl pair delete db copy",
    });
    await expect(storage.front.deleteVolume("db")).rejects.toMatchObject({ code: "VOLUME_IN_USE" });
  });

  it("A5: no snapshot is taken of what lies in part elsewhere", async () => {
    const { front } = storage;
    await front.createPair({ ...pair, secondaryNode: "" });
    await settled("PAIR", "read-only");
    await expect(front.snapshotVolume({ origin: "copy", name: "monday" })).rejects.toMatchObject({
      code: "PAIR_STATE",
      message: expect.stringContaining("first wayctl pair split db copy") as string,
    });
    await front.splitPair({ ...pair, quick: false });
    await front.snapshotVolume({ origin: "copy", name: "monday" });
    await front.snapshotVolume({ origin: "db", name: "db-monday" });
  });

  it("a command that is refused, or done already, ends no session", async () => {
    const { front } = storage;
    await front.createPair({ ...pair, secondaryNode: "" });
    await settled("PAIR", "read-only");
    const revoked: string[] = [];
    await open("copy", (reason) => revoked.push(reason));
    await front.resyncPair({ ...pair, quick: false });
    await expect(front.restorePair(pair)).rejects.toMatchObject({
      code: "PAIR_STATE",
      message: expect.stringContaining("wayctl pair split db copy") as string,
    });
    await expect(front.splitPair({ primary: "db", secondary: "other", quick: false })).rejects.toMatchObject({
      code: "UNKNOWN_PAIR",
    });
    expect(revoked).toEqual([]);
  });

  it.each([
    ["itself", { primary: "db", secondary: "db" }, "VOLUME_IN_USE"],
    ["a volume that is not there", { primary: "db", secondary: "nobody" }, "VOLUME_NOT_FOUND"],
    ["another size", { primary: "db", secondary: "small" }, "VOLUME_SIZE"],
  ])("a volume is not mirrored to %s, and what was exported stays so", async (_, names, code) => {
    await storage.front.createVolume({ name: "small", array: "a2", sizeBytes: 4 * MiB, thin: false });
    await expect(storage.front.createPair({ ...names, secondaryNode: "" })).rejects.toMatchObject({ code });
    expect(storage.standalone.list().map(({ access }) => access)).toEqual(["read-write", "read-write", "read-write"]);
  });
});
