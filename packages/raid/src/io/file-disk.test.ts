/**
 * What a file disk has made durable by the time it says so. The calls it makes are watched, because the page cache would
 * hide a missing sync from everything short of power loss: each range that was written is dirty until a sync of its
 * file that began after the write has ended, unless its descriptor syncs by itself.
 */
import type * as nodeFs from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createRandom, type Random } from "@waystation/contracts/random";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BlockDisk, DiskOperation } from "./block-disk.js";
import { fileDisk } from "./file-disk.js";

interface Opened {
  readonly path: string;
  readonly syncsWrites: boolean;
}

const { opened, dirty, syncedFolders } = vi.hoisted(() => ({
  opened: new Map<number, Opened>(),
  dirty: new Set<{ readonly path: string; readonly offsetBytes: number; readonly lengthBytes: number }>(),
  syncedFolders: new Set<string>(),
}));

vi.mock("node:fs", async (importOriginal) => {
  const original = await importOriginal<typeof nodeFs>();
  const noteWrite = (fd: number, offsetBytes: number, lengthBytes: number): void => {
    const file = opened.get(fd);
    if (file?.syncsWrites === false) dirty.add({ path: file.path, offsetBytes, lengthBytes });
  };
  /** Returns what is to be called when the sync has ended. */
  const beginSync = (fd: number): (() => void) => {
    const path = opened.get(fd)?.path ?? "";
    const covered = [...dirty].filter((range) => range.path === path);
    return () => {
      for (const range of covered) dirty.delete(range);
      syncedFolders.add(path);
    };
  };
  return {
    ...original,
    openSync(path: string, flags: string | number) {
      const fd = original.openSync(path, flags);
      const syncsWrites = typeof flags === "number" && (flags & original.constants.O_DSYNC) !== 0;
      opened.set(fd, { path, syncsWrites });
      return fd;
    },
    writeSync(fd: number, from: Uint8Array, start: number, lengthBytes: number, at: number) {
      noteWrite(fd, at, lengthBytes);
      return original.writeSync(fd, from, start, lengthBytes, at);
    },
    writevSync(fd: number, buffers: Uint8Array[], at: number) {
      noteWrite(fd, at, bytesIn(buffers));
      return original.writevSync(fd, buffers, at);
    },
    writev(fd: number, buffers: Uint8Array[], at: number, done: (error: Error | null, written: number) => void) {
      noteWrite(fd, at, bytesIn(buffers));
      original.writev(fd, buffers, at, done);
    },
    fdatasync(fd: number, done: (error: Error | null) => void) {
      const end = beginSync(fd);
      original.fdatasync(fd, (error) => {
        if (error === null) end();
        done(error);
      });
    },
    fsyncSync(fd: number) {
      const end = beginSync(fd);
      original.fsyncSync(fd);
      end();
    },
  };
});

function bytesIn(buffers: readonly Uint8Array[]): number {
  return buffers.reduce((sum, buffer) => sum + buffer.length, 0);
}

function isDirty({ offsetBytes, lengthBytes }: { offsetBytes: number; lengthBytes: number }): boolean {
  return [...dirty].some(
    (range) => range.offsetBytes < offsetBytes + lengthBytes && offsetBytes < range.offsetBytes + range.lengthBytes,
  );
}

const blockBytes = 4096;
const blockCount = 256;
let folder: string;
let disk: BlockDisk;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "waystation-file-disk-"));
  ({ disk } = await fileDisk(join(folder, "made", "d0")).create(blockBytes * blockCount));
});

afterEach(async () => {
  await disk.close();
  await rm(folder, { recursive: true });
  for (const seen of [opened, dirty, syncedFolders]) seen.clear();
});

const write = (block: number, durable: boolean): DiskOperation & { readonly kind: "write" } => ({
  kind: "write",
  offsetBytes: block * blockBytes,
  from: Buffer.alloc(blockBytes, 1),
  durable,
});

describe("a file disk", () => {
  it("has its directory entries synced once it is made: the disk, and the folders made for it", async () => {
    const image = join(folder, "made", "d0");
    expect(await readdir(image)).toEqual(["disk.img"]);
    expect([...syncedFolders]).toEqual(expect.arrayContaining([image, dirname(image), folder]));
  });

  it("has them synced too when it is made where a killed creation has left them", async () => {
    const image = join(folder, "made", "d0");
    syncedFolders.clear();
    const { disk: again } = await fileDisk(image).create(blockBytes * blockCount);
    await again.close();
    expect([...syncedFolders]).toEqual(expect.arrayContaining([image, dirname(image)]));
  });

  it("plain writes stay in the page cache until they are synced: else this test could see nothing", async () => {
    await disk.submit([write(1, false)]);
    expect(isDirty({ offsetBytes: blockBytes, lengthBytes: blockBytes })).toBe(true);
    await disk.submit([{ kind: "sync" }]);
    expect(dirty.size).toBe(0);
  });

  it("has on the medium what it completed as durable or synced, whatever the batches", async () => {
    const random = createRandom(7);
    for (let round = 0; round < 40; round++) {
      const [first, ...others] = Array.from({ length: 2 + random.below(3) }, () => batchOf(random));
      await disk.submit(first!);
      // What completed before a sync was submitted is covered by it.
      const completed = [...dirty];
      await Promise.all(
        others.map(async (batch) => {
          expect(await disk.submit(batch)).toEqual(batch.map(() => null));
          const synced = batch.findLastIndex(({ kind }) => kind === "sync");
          if (synced >= 0) expect(completed.filter((range) => dirty.has(range))).toEqual([]);
        }),
      );
      // Each block is in one operation of the round at most, so that a dirty one tells whose it is.
      const owed = [first!, ...others].flatMap((batch) => {
        const synced = batch.findLastIndex(({ kind }) => kind === "sync");
        return batch.filter((operation, at) => operation.kind === "write" && (operation.durable || at < synced));
      });
      for (const operation of owed)
        if (operation.kind === "write")
          expect(isDirty({ offsetBytes: operation.offsetBytes, lengthBytes: blockBytes })).toBe(false);
      await disk.submit([{ kind: "sync" }]);
      expect(dirty.size).toBe(0);
    }
  });
});

let nextBlock = 0;

function batchOf(random: Random): DiskOperation[] {
  return Array.from({ length: 1 + random.below(6) }, () => {
    if (random.below(8) === 0) return { kind: "sync" };
    nextBlock = (nextBlock + 1 + random.below(2)) % blockCount;
    return write(nextBlock, random.below(2) === 0);
  });
}
