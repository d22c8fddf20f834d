import { cp, mkdtemp, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "@waystation/contracts/random";
import { afterEach, describe, expect, it } from "vitest";
import { sealBlock } from "../core/checksum.js";
import { superblockOffsets } from "../core/disk-layout.js";
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

describe("A2: what operators do to the directories of disks", () => {
  const open = (paths: readonly string[], spares: readonly string[] = []) =>
    openArray({ disks: paths.map(fileDisk), spares: spares.map(fileDisk), writeBackBytes: 0 });

  async function formed(): Promise<{ folder: string; paths: string[]; content: Buffer }> {
    const folder = await newFolder();
    const paths = ["d0", "d1", "d2"].map((name) => join(folder, name));
    await createArray(options(paths));
    const array = await open(paths);
    const content = Buffer.alloc(array.sizeBytes);
    for (let at = 0; at < content.length; at += 4096) content.fill(1 + ((at / 4096) % 250), at, at + 4096);
    await array.write(0, content);
    await array.close();
    return { folder, paths, content };
  }

  it("an old copy of a disk in its place is known as stale, and is rebuilt on command", async () => {
    const { folder, paths, content } = await formed();
    await cp(paths[1]!, join(folder, "copy"), { recursive: true });
    const array = await open(paths);
    content.fill(251, 0, 100_000);
    await array.write(0, content.subarray(0, 100_000));
    await array.close();
    await rm(paths[1]!, { recursive: true });
    await rename(join(folder, "copy"), paths[1]!);
    const again = await open(paths);
    expect(again.state().disks[1]).toMatchObject({
      state: "absent",
      reason: expect.stringContaining("stale") as string,
    });
    expect((await again.read(0, content.length)).equals(content)).toBe(true);
    await again.replaceDisk(1, fileDisk(paths[1]!));
    await again.rebuilt();
    await again.close();
    await rm(paths[0]!, { recursive: true });
    const without = await open(paths);
    expect((await without.read(0, content.length)).equals(content)).toBe(true);
    await without.close();
  });

  it("a copy beside its original is refused, whichever is older", async () => {
    const { folder, paths } = await formed();
    await cp(paths[1]!, join(folder, "copy"), { recursive: true });
    const refused = open([paths[0]!, paths[1]!, join(folder, "copy")]);
    await expect(refused).rejects.toMatchObject({ code: "ARRAY_SLOT_TWICE" });
    await expect(refused).rejects.toThrow(/copy/);
  });

  it("a disk whose superblocks are both torn is not trusted; a spare takes its place, it stays as it is", async () => {
    const { folder, paths, content } = await formed();
    const file = join(paths[2]!, "disk.img");
    const image = await readFile(file);
    for (const offset of superblockOffsets) image.fill(0x5a, offset + 512, offset + 1024);
    await writeFile(file, image);
    const array = await open(paths, [join(folder, "spare")]);
    expect(array.state().disks[2]!.file).not.toBe(paths[2]);
    await array.rebuilt();
    expect(array.state().disks[2]!.file).toBe(join(folder, "spare"));
    expect((await array.read(0, content.length)).equals(content)).toBe(true);
    await array.close();
    expect((await readFile(file)).equals(image)).toBe(true);
    // Of too many it says so, file by file.
    for (const path of paths.slice(0, 2)) {
      const torn = await readFile(join(path, "disk.img"));
      for (const offset of superblockOffsets) torn.fill(0x5a, offset + 512, offset + 1024);
      await writeFile(join(path, "disk.img"), torn);
    }
    await expect(open(paths, [join(folder, "spare")])).rejects.toThrow(/d0: both copies .* damaged/);
  });

  it("a disk's file that is deleted, or replaced by another, while the array is open is ejected", async () => {
    const { paths, content } = await formed();
    const array = await open(paths);
    array.checkDisks();
    expect(array.state().status).toBe("optimal");
    await cp(paths[0]!, `${paths[0]!}.new`, { recursive: true });
    await rm(paths[0]!, { recursive: true });
    await rename(`${paths[0]!}.new`, paths[0]!);
    array.checkDisks();
    expect(array.state().disks[0]).toMatchObject({
      state: "absent",
      reason: expect.stringContaining("another file") as string,
    });
    expect((await array.read(0, content.length)).equals(content)).toBe(true);
    await array.close();
  });

  it("an array of an older format is refused, with what to do, and nothing is changed", async () => {
    const { paths } = await formed();
    for (const path of paths) {
      const image = await readFile(join(path, "disk.img"));
      for (const offset of superblockOffsets) {
        image.writeUInt32LE(1, offset + 8);
        sealBlock(image.subarray(offset, offset + 4096), 16);
      }
      await writeFile(join(path, "disk.img"), image);
    }
    expect(await inspectArray(paths.map(fileDisk))).toBe("present");
    await expect(open(paths)).rejects.toMatchObject({ code: "ARRAY_FORMAT" });
    await expect(open(paths)).rejects.toThrow(/d1 \(format 1\).*Use the version that wrote them/);
    await expect(createArray(options(paths))).rejects.toMatchObject({ code: "DISK_NOT_EMPTY" });
  });
});
