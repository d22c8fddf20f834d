import type { VolumeName } from "@waystation/contracts/ids";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestStorage, type TestStorage } from "./testing-storage.js";

const MiB = 1024 * 1024;
const db = "db" as VolumeName;
let place: TestStorage;

async function openWithRoom(size = "16MiB") {
  place = await createTestStorage([{ name: "a1", level: "raid1", disks: 2, diskSize: "256MiB" }]);
  return place.open([{ name: db, array: "a1", size }]);
}

beforeEach(() => {
  place = undefined as never;
});
afterEach(() => place.remove());

describe("branches (PROTOCOL 6.4)", () => {
  it("keep what a volume held, read-only under VOLUME@BRANCH, whatever is written after, also after a restart", async () => {
    let storage = await openWithRoom();
    const handle = await storage.standalone.open("db", () => {});
    await handle.write(0, Buffer.alloc(4096, 1));
    await storage.branches.create(db, "branch-3");
    await handle.write(0, Buffer.alloc(4096, 2));
    await storage.branches.create(db, "branch-3");
    for (const again of [false, true]) {
      if (again) storage = await place.open([{ name: db, array: "a1", size: "16MiB" }]);
      expect(storage.branches.list()).toMatchObject([{ volume: db, name: "branch-3", sizeBytes: 16 * MiB }]);
      const branch = await storage.standalone.open("db@branch-3", () => {});
      expect(await branch.read(0, 4096)).toEqual(Buffer.alloc(4096, 1));
      await expect(branch.write(0, Buffer.alloc(4096))).rejects.toMatchObject({ code: "READ_ONLY" });
      expect(storage.front.volumes().map(({ name }) => name)).toEqual(["db"]);
    }
  });

  it("are dropped by name, and their sessions end", async () => {
    const storage = await openWithRoom();
    await storage.branches.create(db, "branch-3");
    const revoked: string[] = [];
    await storage.standalone.open("db@branch-3", (reason) => revoked.push(reason));
    await storage.branches.drop(db, "branch-3");
    expect(revoked).toHaveLength(1);
    expect(storage.branches.list()).toEqual([]);
    await expect(storage.branches.drop(db, "branch-3")).rejects.toMatchObject({ code: "BRANCH_FAILED" });
    await storage.branches.create(db, "branch-3");
    expect(storage.branches.list()).toHaveLength(1);
  });

  it("fail with a code when the array has no room, and leave nothing behind", async () => {
    const storage = await openWithRoom("180MiB");
    await expect(storage.branches.create(db, "branch-3")).rejects.toMatchObject({
      code: "BRANCH_FAILED",
      message: expect.stringContaining("db") as string,
    });
    expect(storage.branches.list()).toEqual([]);
    const again = await place.open([{ name: db, array: "a1", size: "180MiB" }]);
    expect(again.branches.list()).toEqual([]);
  });
});
