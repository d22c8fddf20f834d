/** What operators do to the directories of disks, and what the node makes of it. */
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ArrayReport } from "@waystation/contracts/storage-front";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Storage } from "./open-storage.js";
import { createTestStorage, eventually, type TestStorage } from "./testing-storage.js";

let site: TestStorage;
const order = { name: "vol-a", array: "a1", sizeBytes: 4 * 2 ** 20, thin: false };

beforeEach(async () => {
  site = await createTestStorage([
    { name: "a1", level: "raid5", disks: 3, spares: 1, diskSize: "96MiB" },
    { name: "a2", level: "raid1", disks: 2, diskSize: "96MiB" },
  ]);
});
afterEach(() => site.remove());

const reportOf = (storage: Storage, name = "a1"): ArrayReport =>
  storage.front.arrays().find((report) => report.name === name)!;
const healthOf = (storage: Storage, name = "a1"): string[] => reportOf(storage, name).disks.map(({ health }) => health);
const spare = (): string => join(site.dataDirectory, "n1", "arrays", "a1", "spare-0");

describe("A2: disks of a node's arrays", () => {
  it("a directory that is deleted while the node runs is noticed, and the spare takes its place", async () => {
    const storage = await site.open();
    await storage.front.createVolume(order);
    expect(healthOf(storage)).toEqual(["active", "active", "active", "spare"]);
    await rm(site.diskPath("a1", 1), { recursive: true });
    await eventually(() => reportOf(storage).disks[1]!.file === spare());
    await eventually(() => reportOf(storage).health === "optimal");
    expect(healthOf(storage)).toEqual(["active", "active", "active"]);
    const again = await site.open();
    expect(reportOf(again).health).toBe("optimal");
    expect(reportOf(again).disks[1]!.file).toBe(spare());
    expect(again.front.volumes().map(({ name }) => name)).toEqual(["vol-a"]);
  });

  it("directories that changed places are found", async () => {
    await site.open();
    const storage = await swapped("a1", 0, 2);
    expect(healthOf(storage)).toEqual(["active", "active", "active", "spare"]);
    expect(reportOf(storage).disks[0]!.file).toBe(site.diskPath("a1", 2));
  });

  /** Closes, lets two disks change places, and opens again. */
  async function swapped(array: string, one: number, other: number): Promise<Storage> {
    await site.close();
    const [a, b] = [site.diskPath(array, one), site.diskPath(array, other)];
    await rename(a, `${a}.away`);
    await rename(b, a);
    await rename(`${a}.away`, b);
    return site.open();
  }

  it("a directory of another array is refused by name", async () => {
    await site.open();
    await site.close();
    const [ours, theirs] = [site.diskPath("a1", 0), site.diskPath("a2", 0)];
    await rename(ours, `${ours}.away`);
    await rename(theirs, ours);
    await expect(site.open()).rejects.toMatchObject({ code: "ARRAY_MIXED" });
    await expect(site.open()).rejects.toThrow(ours);
    await rename(ours, theirs);
    await rename(`${ours}.away`, ours);
    expect(healthOf(await site.open())).not.toContain("absent");
  });

  it("a disk is failed, and replaced by what is then at its place, while the node runs", async () => {
    const storage = await site.open();
    await expect(storage.front.failDisk("a9", 0)).rejects.toMatchObject({ code: "UNKNOWN_ARRAY" });
    await expect(storage.front.failDisk("a2", 5)).rejects.toMatchObject({ code: "UNKNOWN_DISK" });
    await expect(storage.front.replaceDisk("a2", 1)).rejects.toThrow(/disk-1 has slot 1 of array a2, and is current/);
    await storage.front.failDisk("a2", 1);
    expect(healthOf(storage, "a2")).toEqual(["active", "absent"]);
    await expect(storage.front.failDisk("a2", 0)).rejects.toMatchObject({ code: "ARRAY_STATE" });
    await rm(site.diskPath("a2", 1), { recursive: true });
    await expect(storage.front.rebuild("a2")).rejects.toThrow(/Array a2 is degraded .*"wayctl array replace a2 1"/);
    await mkdir(site.diskPath("a2", 1));
    await writeFile(join(site.diskPath("a2", 1), "disk.img"), Buffer.from("no disk of ours"));
    await expect(storage.front.replaceDisk("a2", 1)).rejects.toMatchObject({ code: "DISK_NOT_EMPTY" });
    await rm(site.diskPath("a2", 1), { recursive: true });
    await storage.front.replaceDisk("a2", 1);
    await eventually(() => reportOf(storage, "a2").health === "optimal");
    expect(existsSync(site.diskPath("a2", 1))).toBe(true);
  });

  it("a disk that was away for a start is rebuilt on command, where it is", async () => {
    await site.open();
    await site.close();
    const path = site.diskPath("a2", 0);
    await rename(path, `${path}.away`);
    expect(healthOf(await site.open(), "a2")).toEqual(["absent", "active"]);
    await site.close();
    await rename(`${path}.away`, path);
    const storage = await site.open();
    expect(reportOf(storage, "a2").disks[0]!.reason).toContain("out of the array");
    await storage.front.rebuild("a2");
    await eventually(() => reportOf(storage, "a2").health === "optimal");
  });
});
