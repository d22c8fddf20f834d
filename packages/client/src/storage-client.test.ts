import { afterEach, describe, expect, it } from "vitest";
import { Failure } from "@waystation/contracts/errors";
import {
  storageErrorCodes,
  type ArrayReport,
  type PairReport,
  type StorageFront,
  type StoredVolume,
} from "@waystation/contracts/storage-front";
import { cleanUp, onCleanUp, startTestServer, testStorage } from "@waystation/rpc/testing";
import { connectStorage, type StorageClient } from "./storage-client.js";

afterEach(cleanUp);

async function clientOf(change: Partial<StorageFront>): Promise<StorageClient> {
  const { target } = await startTestServer({ storage: testStorage(change) });
  const client = connectStorage(target);
  onCleanUp(() => {
    client.close();
  });
  return client;
}

const progress = { doneBytes: 2 ** 40, totalBytes: 2 ** 41, bytesPerSecond: 1.5e9, remainingMs: 733_007.75 };

const array: ArrayReport = {
  name: "array-a",
  level: "raid6",
  health: "rebuilding",
  stripeUnitBytes: 65536,
  checksums: true,
  usableBytes: 2 ** 44,
  freeBytes: 2 ** 43,
  reservedBytes: 2 ** 30,
  lostBytes: 4096,
  disks: [
    { slot: 0, file: "/d/0", health: "active", reason: "", repairedBlocks: 3, progress: null },
    { slot: 1, file: "/d/1", health: "rebuilding", reason: "replaced", repairedBlocks: 0, progress },
    { slot: 2, file: null, health: "absent", reason: "not found", repairedBlocks: 0, progress: null },
    { slot: null, file: "/d/spare", health: "spare", reason: "", repairedBlocks: 0, progress: null },
  ],
  scrub: { run: 2, progress: { ...progress, remainingMs: null } },
  lastScrub: {
    run: 1,
    startedWallMs: 1_700_000_000_000,
    endedWallMs: 1_700_000_001_000,
    scannedBytes: 2 ** 42,
    repairedBlocks: 1,
    unrepairableBlocks: 1,
    findings: [{ disk: "/d/0", offsetBytes: 2 ** 33, kind: "data", repaired: true }],
    failure: "stopped",
  },
};

const volumes: StoredVolume[] = [
  {
    name: "db",
    array: "array-a",
    kind: "thick",
    use: "standalone",
    sizeBytes: 2 ** 42,
    usedBytes: 2 ** 42,
    access: "read-write",
    detail: "",
    origin: null,
  },
  {
    name: "db-monday",
    array: "array-a",
    kind: "snapshot",
    use: "standalone",
    sizeBytes: 2 ** 42,
    usedBytes: null,
    access: "read-only",
    detail: "snapshot of db",
    origin: "db",
  },
];

const pair: PairReport = {
  primary: "db",
  secondary: "db-copy",
  secondaryNode: "primary-b",
  state: "PSUE",
  direction: "reverse",
  detail: "no link",
  regionBytes: 2 ** 20,
  dirtyRegions: 7,
  regions: 4096,
  progress,
};

describe("the storage service", () => {
  it("F1: brings arrays, volumes and pairs across as they are", async () => {
    const client = await clientOf({ arrays: () => [array], volumes: () => volumes, pairs: () => [pair] });
    expect(await client.arrays()).toEqual([array]);
    expect(await client.array("array-a")).toEqual(array);
    expect(await client.volumes()).toEqual(volumes);
    expect(await client.pairs()).toEqual([pair]);
  });

  it("F1: carries every command as it was given", async () => {
    const calls: unknown[] = [];
    const record =
      (name: string) =>
      (...given: unknown[]): Promise<void> => {
        calls.push([name, ...given]);
        return Promise.resolve();
      };
    const client = await clientOf({
      scrub: (name) => record("scrub")(name).then(() => 7),
      rebuild: record("rebuild"),
      failDisk: record("failDisk"),
      replaceDisk: record("replaceDisk"),
      createVolume: record("createVolume"),
      deleteVolume: record("deleteVolume"),
      snapshotVolume: record("snapshotVolume"),
      cloneVolume: record("cloneVolume"),
      createPair: record("createPair"),
      splitPair: record("splitPair"),
      resyncPair: record("resyncPair"),
      restorePair: record("restorePair"),
      deletePair: record("deletePair"),
    });
    const names = { primary: "p", secondary: "s" };
    expect(await client.scrub("a")).toBe(7);
    await client.rebuild("a");
    await client.failDisk("a", 0);
    await client.replaceDisk("a", 3);
    await client.createVolume({ name: "v", array: "a", sizeBytes: 2 ** 40, thin: true });
    await client.deleteVolume("v");
    await client.snapshotVolume({ origin: "v", name: "s", unreserved: true });
    await client.cloneVolume({ origin: "v", name: "c" });
    await client.createPair({ ...names, secondaryNode: "" });
    await client.splitPair({ ...names, quick: true });
    await client.resyncPair({ ...names, quick: false });
    await client.restorePair(names);
    await client.deletePair({ ...names, force: true });
    expect(calls).toEqual([
      ["scrub", "a"],
      ["rebuild", "a"],
      ["failDisk", "a", 0],
      ["replaceDisk", "a", 3],
      ["createVolume", { name: "v", array: "a", sizeBytes: 2 ** 40, thin: true }],
      ["deleteVolume", "v"],
      ["snapshotVolume", { origin: "v", name: "s", unreserved: true }],
      ["cloneVolume", { origin: "v", name: "c" }],
      ["createPair", { ...names, secondaryNode: "" }],
      ["splitPair", { ...names, quick: true }],
      ["resyncPair", { ...names, quick: false }],
      ["restorePair", names],
      ["deletePair", { ...names, force: true }],
    ]);
  });

  it("F1: a watched array is told of until the caller has seen enough", async () => {
    let asked = 0;
    const client = await clientOf({ arrays: () => [{ ...array, freeBytes: (asked += 1) }] });
    const seen: number[] = [];
    for await (const { freeBytes } of client.watchArray("array-a")) {
      seen.push(freeBytes);
      if (freeBytes === 3) break;
    }
    expect(seen).toEqual([1, 2, 3]);
  });

  it("F1: a watch ends with the refusal when the pair goes", async () => {
    let there = true;
    const client = await clientOf({ pairs: () => (there ? [pair] : []) });
    const seen: PairReport[] = [];
    const watching = async (): Promise<void> => {
      for await (const report of client.watchPair({ primary: "db", secondary: "db-copy" })) {
        seen.push(report);
        there = false;
      }
    };
    await expect(watching()).rejects.toMatchObject({
      code: "UNKNOWN_PAIR",
      message: expect.stringContaining("none") as string,
    });
    expect(seen).toEqual([pair]);
  });

  it.each(storageErrorCodes)("carries the refusal %s with its message", async (code) => {
    const client = await clientOf({ deleteVolume: () => Promise.reject(new Failure(code, `no: ${code}`)) });
    await expect(client.deleteVolume("v")).rejects.toMatchObject({ code, message: `no: ${code}` });
  });

  it("names the arrays that there are when one is unknown", async () => {
    const client = await clientOf({ arrays: () => [array] });
    await expect(client.array("array-b")).rejects.toMatchObject({
      code: "UNKNOWN_ARRAY",
      message: 'no array "array-b" on this node; it has array-a',
    });
  });
});
