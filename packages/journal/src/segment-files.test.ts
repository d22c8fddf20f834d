/** What is durable when segment files say so: the calls are watched, because the page cache would hide a missing sync. */
import type * as fsPromises from "node:fs/promises";
import { constants } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openSegmentFiles, type SegmentFiles } from "./segment-files.js";

const { steps } = vi.hoisted(() => ({ steps: [] as string[] }));

vi.mock("node:fs/promises", async (importOriginal) => {
  const original = await importOriginal<typeof fsPromises>();
  return {
    ...original,
    async open(path: string, flags: string | number, mode?: number) {
      const file = await original.open(path, flags, mode);
      const name = basename(path);
      const syncs = typeof flags === "number" && (flags & constants.O_DSYNC) !== 0;
      const [write, sync] = [file.write.bind(file), file.sync.bind(file)];
      return Object.assign(file, {
        write(data: Uint8Array, ...rest: [number, number, number]) {
          steps.push(`${syncs ? "write and sync" : "write"} ${name}`);
          return write(data, ...rest);
        },
        async sync() {
          await sync();
          steps.push(`sync ${name}`);
        },
      });
    },
    async rename(from: string, to: string) {
      await original.rename(from, to);
      steps.push(`rename ${basename(from)} ${basename(to)}`);
    },
  };
});

const segmentBytes = 8192;
const blockBytes = 4096;
let directory = "";
let store: SegmentFiles;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "waystation-segments-"));
  store = await openSegmentFiles({ directory, sizeBytes: blockBytes + 8 * segmentBytes, segmentBytes });
  steps.length = 0;
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

const startOf = (segment: number): number => blockBytes + segment * segmentBytes;
const names = async (): Promise<string[]> => (await readdir(directory)).sort();

function write(offsetBytes: number, data: Buffer): Promise<void> {
  return store.writeBatch([{ offsetBytes, lengthBytes: data.length, data }]);
}

describe("segment files (PROTOCOL 7)", () => {
  it("B2: a segment has its name durably before anything is written to it, and every write is synced", async () => {
    expect(await store.prepare(startOf(0), 4096)).toBe(segmentBytes);
    await write(startOf(0), Buffer.alloc(4096, 1));
    const folder = `sync ${basename(directory)}`;
    expect(steps).toEqual([folder, "write and sync 00000000", "write and sync 00000000"]);
  });

  it("B2: one that is used again has its new name durably before it is ready", async () => {
    for (const segment of [0, 1, 2]) await store.prepare(startOf(segment), 4096);
    store.reuse?.keep([{ offsetBytes: startOf(1), lengthBytes: 2 * segmentBytes }]);
    steps.length = 0;
    expect(await store.prepare(startOf(3) + 4096, 4096)).toBe(4096);
    expect(steps).toEqual(["rename 00000000 00000003", `sync ${basename(directory)}`]);
    expect(await names()).toEqual(["00000001", "00000002", "00000003"]);
  });

  it("reads what was written, over borders of segments, and zeros where nothing was", async () => {
    for (const segment of [0, 1]) await store.prepare(startOf(segment), 4096);
    await write(0, Buffer.alloc(blockBytes, 9));
    await write(startOf(1) - 4096, Buffer.concat([Buffer.alloc(4096, 1), Buffer.alloc(4096, 2)]));
    const read = await store.read(startOf(0), 3 * segmentBytes);
    const expected = Buffer.alloc(3 * segmentBytes)
      .fill(1, 4096, 8192)
      .fill(2, 8192, 12_288);
    expect(read.equals(expected)).toBe(true);
    expect((await store.read(0, blockBytes)).equals(Buffer.alloc(blockBytes, 9))).toBe(true);
  });

  it("keeps what is needed, and what was made ready since; of the rest it keeps one for use again", async () => {
    for (const segment of [0, 1, 2, 3, 4]) await store.prepare(startOf(segment), 4096);
    store.reuse?.keep([
      { offsetBytes: startOf(4), lengthBytes: segmentBytes },
      { offsetBytes: startOf(0), lengthBytes: 1 },
    ]);
    await store.prepare(startOf(5), 4096);
    await vi.waitFor(async () => expect(await names()).toEqual(["00000000", "00000004", "00000005"]));
  });

  it("knows after a restart how far each segment was prepared", async () => {
    await store.prepare(startOf(0), 4096);
    await store.close();
    store = await openSegmentFiles({ directory, sizeBytes: blockBytes + 8 * segmentBytes, segmentBytes });
    steps.length = 0;
    expect(await store.prepare(startOf(0) + 4096, 4096)).toBe(4096);
    expect(steps).toEqual([]);
  });
});
