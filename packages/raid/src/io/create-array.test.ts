import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "@waystation/contracts/random";
import { afterEach, describe, expect, it } from "vitest";
import { openArray } from "./array.js";
import type { BlockDisk } from "./block-disk.js";
import { createArray, diskBytesFor, type CreateArrayOptions } from "./create-array.js";
import { createPowerSupply } from "./faulty-disk.js";
import { fileDisk } from "./file-disk.js";
import { inspectArray } from "./inspect-disk.js";
import { createMemoryDisk, placeOf } from "./memory-disk.js";

const mebibyte = 1024 * 1024;
const shape = { level: "raid5", unitBytes: 65_536, logBytes: 512 * 1024 } as const;
const diskBytes = diskBytesFor({ ...shape, diskCount: 3 }, 4 * mebibyte);

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "waystation-array-"));
  folders.push(folder);
  return folder;
}

const options = (paths: readonly string[]): CreateArrayOptions => {
  return { name: "a1", ...shape, disks: paths.map(fileDisk), diskBytes };
};

describe("an array of files", () => {
  it("A1: is made in directories, sparse, found again in any order, and keeps what was written", async () => {
    const folder = await newFolder();
    const paths = ["d0", "d1", "d2"].map((name) => join(folder, "deep", name));
    expect(await inspectArray(paths.map(fileDisk))).toBe("absent");
    await createArray(options(paths));
    expect(await inspectArray(paths.map(fileDisk))).toBe("present");
    const image = await stat(join(paths[0]!, "disk.img"));
    expect(image.size).toBe(diskBytes);
    expect(image.blocks * 512).toBeLessThan(mebibyte);
    const array = await openArray({ disks: paths.map(fileDisk) });
    expect(array.sizeBytes).toBe(4 * mebibyte);
    expect(array.state().status).toBe("optimal");
    const data = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
    await array.write(12_345, data);
    await array.close();
    const again = await openArray({ disks: [paths[2]!, paths[0]!, paths[1]!].map(fileDisk) });
    expect((await again.read(12_345, data.length)).equals(data)).toBe(true);
    await again.close();
  });

  it("A1: takes existing files as disks, clearing what is behind the reserved area", async () => {
    const folder = await newFolder();
    const paths = ["f0", "f1", "f2"].map((name) => join(folder, name));
    for (const path of paths) await writeFile(path, Buffer.alloc(diskBytes).fill(7, 2 * mebibyte));
    await createArray(options(paths));
    const array = await openArray({ disks: paths.map(fileDisk) });
    expect((await array.read(0, array.sizeBytes)).every((byte) => byte === 0)).toBe(true);
    await array.close();
  });

  it("refuses to create over an array, or over anything else, and changes nothing", async () => {
    const folder = await newFolder();
    const paths = ["d0", "d1", "d2"].map((name) => join(folder, name));
    await createArray(options(paths));
    const before = await readFile(join(paths[1]!, "disk.img"));
    await expect(createArray(options(paths))).rejects.toMatchObject({ code: "ARRAY_EXISTS" });
    await expect(
      createArray(options(["e0", "e1"].map((name) => join(folder, name)).concat(paths[1]!))),
    ).rejects.toThrow(paths[1]);
    expect((await readFile(join(paths[1]!, "disk.img"))).equals(before)).toBe(true);
    const used = join(folder, "used");
    await writeFile(used, "somebody's file");
    const other = createArray(options([used, join(folder, "x"), join(folder, "y")]));
    await expect(other).rejects.toMatchObject({ code: "DISK_NOT_EMPTY" });
    await expect(other).rejects.toThrow(used);
    expect(await readFile(used, "utf8")).toBe("somebody's file");
  });

  it("A2: opens degraded without a directory, refuses without two, naming them", async () => {
    const folder = await newFolder();
    const paths = ["d0", "d1", "d2"].map((name) => join(folder, name));
    await createArray(options(paths));
    await rm(paths[1]!, { recursive: true });
    const array = await openArray({ disks: paths.map(fileDisk) });
    expect(array.state().status).toBe("degraded");
    expect(array.state().disks[1]!.reason).toContain(paths[1]);
    await array.close();
    await rm(paths[0]!, { recursive: true });
    const refused = openArray({ disks: paths.map(fileDisk) });
    await expect(refused).rejects.toMatchObject({ code: "ARRAY_TOO_DEGRADED" });
    await expect(refused).rejects.toThrow(paths[0]);
  });

  it("refuses an array other than the one expected, and a disk that was cut short", async () => {
    const folder = await newFolder();
    const paths = ["d0", "d1", "d2"].map((name) => join(folder, name));
    await createArray(options(paths));
    const disks = paths.map(fileDisk);
    for (const expectation of [{ name: "a2" }, { level: "raid1" as const }, { diskCount: 4 }, { unitBytes: 4096 }]) {
      await expect(openArray({ disks, expect: expectation })).rejects.toMatchObject({ code: "ARRAY_MISMATCH" });
    }
    await truncate(join(paths[2]!, "disk.img"), diskBytes - 4096);
    await expect(openArray({ disks })).rejects.toMatchObject({ code: "DISK_TOO_SMALL" });
  });
});

describe("creation", () => {
  it("A3: power lost at any I/O leaves nothing, a creation that can be done again, or the whole array", async () => {
    const seen = new Set<string>();
    for (let cutAt = 1; ; cutAt++) {
      const disks = [0, 1, 2].map((slot) => createMemoryDisk({ file: `disk-${slot}`, sizeBytes: diskBytes }));
      let onCut = (): void => {};
      const cut = new Promise<false>((resolve) => (onCut = () => resolve(false)));
      const power = createPowerSupply(cutAt, onCut);
      const places = (of: readonly BlockDisk[], isNew: boolean) => of.map((disk) => placeOf(disk, isNew));
      const connected = disks.map((disk) => power.connect(disk));
      const run = createArray({ name: "a1", ...shape, diskBytes, disks: places(connected, true) }).then(() => true);
      const done = await Promise.race([run, cut]);
      for (const disk of disks) disk.crash(createRandom(cutAt));
      const presence = await inspectArray(places(disks, false));
      seen.add(presence);
      if (presence !== "present") {
        if (presence === "half-created") {
          await expect(openArray({ disks: places(disks, false) })).rejects.toMatchObject({
            code: expect.stringMatching(/^ARRAY_(HALF_CREATED|NOT_FOUND)$/) as string,
          });
        }
        await createArray({ name: "a1", ...shape, diskBytes, disks: places(disks, false) });
      }
      const array = await openArray({ disks: places(disks, false) });
      expect(array.state().status, `cut at ${cutAt}`).toBe("optimal");
      expect((await array.read(0, array.sizeBytes)).equals(Buffer.alloc(array.sizeBytes))).toBe(true);
      if (done) break;
    }
    expect([...seen].sort()).toEqual(["absent", "half-created", "present"]);
  });
});
