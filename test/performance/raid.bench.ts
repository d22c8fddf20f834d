/**
 * How fast an array makes writes durable, next to what the disk itself gives in the same run. RAID-5 of four disks that
 * are files of one directory, so that all share one medium.
 *
 *     npx tsc -b test && node node_modules/.cache/test-build/performance/raid.bench.js [directory]
 */
import { closeSync, fdatasync, fsyncSync, openSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openArray, type RaidArray } from "@waystation/raid/io/array";
import { createArray, diskBytesFor } from "@waystation/raid/io/create-array";
import { fileDisk } from "@waystation/raid/io/file-disk";

const kib = 1024;
const mib = 1024 * kib;
const shape = { level: "raid5", diskCount: 4, unitBytes: 64 * kib } as const;
const spanBytes = 256 * mib;
const secondsPerRow = 3;

/** `depth` writers, each with one durable write in flight. */
async function measure(name: string, depth: number, lengthBytes: number, write: (at: number) => Promise<void>) {
  let count = 0;
  const times: number[] = [];
  const start = performance.now();
  const end = start + secondsPerRow * 1000;
  const writer = async (): Promise<void> => {
    while (performance.now() < end) {
      const began = performance.now();
      await write(Math.floor((Math.random() * spanBytes) / lengthBytes) * lengthBytes);
      times.push(performance.now() - began);
      count++;
    }
  };
  await Promise.all(Array.from({ length: depth }, writer));
  const elapsedMs = performance.now() - start;
  times.sort((a, b) => a - b);
  const p99 = times[Math.floor(times.length * 0.99)] ?? 0;
  const rate = `${((count / elapsedMs) * 1000).toFixed(0)}/s`;
  const flow = `${((count * lengthBytes) / elapsedMs / 1000).toFixed(0)} MB/s`;
  print(`${name}, depth ${depth}`, `${rate.padStart(8)} ${flow.padStart(10)}   p99 ${p99.toFixed(1)} ms`);
}

/** What the medium gives: writes to one preallocated file, one grouped fdatasync for all that wait. */
function rawFile(path: string): { write(at: number, data: Buffer): Promise<void>; close(): void } {
  const fd = openSync(path, "w+");
  const zeros = Buffer.alloc(mib);
  for (let at = 0; at < spanBytes; at += mib) writeSync(fd, zeros, 0, mib, at);
  fsyncSync(fd);
  let waiting: (() => void)[] = [];
  let isSyncing = false;
  const sync = (): void => {
    isSyncing = true;
    const served = waiting;
    waiting = [];
    fdatasync(fd, (error) => {
      if (error) throw error;
      for (const resolve of served) resolve();
      if (waiting.length > 0) setImmediate(sync);
      else isSyncing = false;
    });
  };
  return {
    write(at, data) {
      writeSync(fd, data, 0, data.length, at);
      return new Promise((resolve) => {
        waiting.push(resolve);
        if (!isSyncing) {
          isSyncing = true;
          queueMicrotask(sync);
        }
      });
    },
    close: () => closeSync(fd),
  };
}

async function measureArray(array: RaidArray, label: string): Promise<void> {
  const small = Buffer.alloc(4 * kib, 1);
  for (const depth of [1, 16, 64]) {
    await measure(`${label}, 4 KiB random`, depth, small.length, (at) => array.write(at, small));
  }
  const large = Buffer.alloc(64 * kib, 2);
  await measure(`${label}, 64 KiB random`, 16, large.length, (at) => array.write(at, large));
  const huge = Buffer.alloc(4 * mib, 3);
  let next = 0;
  await measure(`${label}, 4 MiB in sequence`, 4, huge.length, () => {
    next = (next + huge.length) % spanBytes;
    return array.write(next, huge);
  });
}

function print(what: string, result: string): void {
  console.log(`${what.padEnd(48)} ${result}`);
}

const folder = await mkdtemp(join(process.argv[2] ?? tmpdir(), "waystation-raid-"));
try {
  const raw = rawFile(join(folder, "raw"));
  const block = Buffer.alloc(4 * kib, 1);
  for (const depth of [1, 16, 64]) {
    await measure("raw file, 4 KiB random", depth, block.length, (at) => raw.write(at, block));
  }
  raw.close();

  const disks = [0, 1, 2, 3].map((slot) => fileDisk(join(folder, `d${slot}`)));
  const diskBytes = diskBytesFor(shape, 1024 * mib);
  await createArray({ name: "bench", ...shape, disks, diskBytes });
  const began = performance.now();
  const array = await openArray({ disks, writeBackBytes: 0 });
  print("open a 1 GiB array", `${(performance.now() - began).toFixed(1)} ms`);
  await measureArray(array, "raid5 sparse");
  await measureArray(array, "raid5 again");
  const zeroBegan = performance.now();
  await array.zero(512 * mib, 512 * mib);
  print("zero 512 MiB that was never written", `${(performance.now() - zeroBegan).toFixed(0)} ms`);
  await array.close();
  const degraded = await openArray({ disks: disks.slice(1), writeBackBytes: 0 });
  await measureArray(degraded, "raid5 degraded");
  await degraded.close();
} finally {
  await rm(folder, { recursive: true });
}
