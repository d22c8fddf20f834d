/**
 * A disk that is a sparse file `disk.img` in a directory, a file named by its path, or a block device.
 *
 * Reads and plain writes are synchronous calls, unless they are long: from the page cache they cost 2 us against 20 us
 * through the thread pool. What waits for the medium is asynchronous. Durable writes go through a second descriptor opened with O_DSYNC,
 * which syncs the range written and not the rest of the file: a log append must not wait for every in-place write
 * that happens to be dirty on the same disk.
 */
import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeSync,
  writev,
  writevSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { isFailure, reasonOf, type Failure } from "@waystation/contracts/errors";
import { raidFailure } from "../errors.js";
import type { BlockDisk, DiskCompletion, DiskOperation, DiskPlace } from "./block-disk.js";

const imageName = "disk.img";
/** Runs of durable writes that are synced each by itself; more of them share one sync of the file. */
const durableRunsMax = 2;
/** Plain writes of a batch that come to so much, in runs as long, leave the event loop to others meanwhile. */
const asideBytesMin = 256 * 1024;
const asideRunBytesMin = 64 * 1024;
/** IOV_MAX is 1024 on Linux. */
const buffersPerCallMax = 512;

/** `path` is a directory (made when the disk is created), a file, or a block device. */
export function fileDisk(path: string): DiskPlace {
  return {
    file: path,
    open: () => attempt(path, "open", () => openFile(imagePath(path))),
    create: (sizeBytes) => attempt(path, "create", () => createFile(path, sizeBytes)),
  };
}

function imagePath(path: string): string {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? join(path, imageName) : path;
}

function createFile(path: string, sizeBytes: number): { disk: BlockDisk; isNew: boolean } {
  const exists = statSync(path, { throwIfNoEntry: false }) !== undefined;
  const topCreated = exists ? undefined : mkdirSync(path, { recursive: true });
  const file = imagePath(path);
  const isInFolder = file !== path;
  const isNew = statSync(file, { throwIfNoEntry: false }) === undefined;
  const fd = openSync(file, isNew ? "wx+" : "r+");
  try {
    if (fstatSync(fd).isFile() && fstatSync(fd).size < sizeBytes) ftruncateSync(fd, sizeBytes);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  // Even if nothing is new: a creation that was killed may have made the names, and not synced them.
  if (isInFolder) syncNames(path, dirname(topCreated ?? path));
  return { disk: openFile(file), isNew };
}

/** Syncs the folders from `folder` up to `top`: a disk whose directory entry is lost is a lost disk. */
function syncNames(folder: string, top: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  if (folder !== top && folder !== dirname(folder)) syncNames(dirname(folder), top);
}

function openFile(file: string): BlockDisk {
  const fd = openSync(file, "r+");
  let durableFd: number;
  try {
    durableFd = openSync(file, constants.O_RDWR | constants.O_DSYNC);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  const sizeBytes = sizeOf(fd);
  const sync = createGroupedSync(fd);
  let pending = 0;
  let onIdle: (() => void) | null = null;

  const run = async (batch: readonly DiskOperation[]): Promise<readonly DiskCompletion[]> => {
    const completions = new Array<DiskCompletion>(batch.length).fill(null);
    const runs: Run[] = [];
    let mustSync = false;
    const long = longRunsOf(batch);
    if (long !== null) return writeAside(file, fd, long);
    for (const [index, operation] of batch.entries()) {
      if (operation.kind === "sync") mustSync = true;
      else if (operation.kind === "write" && operation.durable) addToRuns(runs, operation);
      else completions[index] = transferInline(file, fd, operation);
    }
    if (runs.length === 0 && !mustSync) return completions;
    // What the durable part meets fails each operation that waited for it.
    const failure = await makeDurable({ file, fd, durableFd, runs, mustSync, sync });
    if (failure === null) return completions;
    return completions.map((completion, index) => {
      const operation = batch[index];
      const waited = operation?.kind === "sync" || (operation?.kind === "write" && operation.durable);
      return completion ?? (waited ? failure : null);
    });
  };

  const closeFiles = async (): Promise<void> => {
    // A descriptor number is reused at once: closing under a running call would let it write into another file.
    if (pending > 0) await new Promise<void>((resolve) => (onIdle = resolve));
    closeSync(fd);
    closeSync(durableFd);
  };
  let closed: Promise<void> | null = null;

  return {
    file,
    sizeBytes,
    async submit(batch) {
      pending++;
      try {
        return await run(batch);
      } finally {
        pending--;
        if (pending === 0) onIdle?.();
      }
    },
    readNow(offsetBytes, into) {
      try {
        return readSync(fd, into, 0, into.length, offsetBytes) === into.length;
      } catch {
        return false;
      }
    },
    absence() {
      // A file that was deleted, or covered by a mount, goes on working for whoever has it open.
      try {
        const there = statSync(file, { throwIfNoEntry: false });
        if (there === undefined) return `${file} is no longer there`;
        const opened = fstatSync(fd);
        const isSame = there.ino === opened.ino && there.dev === opened.dev;
        return isSame ? null : `${file} is another file than the one that was opened`;
      } catch (error) {
        return `${file} cannot be looked for: ${reasonOf(error)}`;
      }
    },
    close: () => (closed ??= closeFiles()),
  };
}

/** The size of a file, or of a block device, which `stat` gives as 0. */
function sizeOf(fd: number): number {
  const stat = fstatSync(fd);
  if (!stat.isBlockDevice()) return stat.size;
  const major = (stat.rdev >>> 8) & 0xfff;
  const minor = (stat.rdev & 0xff) | ((stat.rdev >>> 12) & 0xfff00);
  const sectors = Number(readFileSync(`/sys/dev/block/${major}:${minor}/size`, "utf8"));
  return sectors * 512;
}

type Transfer = Exclude<DiskOperation, { readonly kind: "sync" }>;
type WriteOperation = Extract<DiskOperation, { readonly kind: "write" }>;

function transferInline(file: string, fd: number, operation: Transfer): DiskCompletion {
  const bytes = operation.kind === "read" ? operation.into : operation.from;
  try {
    let done = 0;
    while (done < bytes.length) {
      const at = operation.offsetBytes + done;
      const left = bytes.length - done;
      const count =
        operation.kind === "read" ? readSync(fd, bytes, done, left, at) : writeSync(fd, bytes, done, left, at);
      if (count === 0) return diskFailure(file, operation.kind, "beyond the end of the disk", operation);
      done += count;
    }
    return null;
  } catch (error) {
    return diskFailure(file, operation.kind, reasonOf(error), operation);
  }
}

/** Null when the batch is not of plain writes alone, or when calls in this thread cost less. */
function longRunsOf(batch: readonly DiskOperation[]): Run[] | null {
  const runs: Run[] = [];
  let totalBytes = 0;
  for (const operation of batch) {
    if (operation.kind !== "write" || operation.durable) return null;
    addToRuns(runs, operation);
    totalBytes += operation.from.length;
  }
  return totalBytes >= Math.max(asideBytesMin, runs.length * asideRunBytesMin) ? runs : null;
}

/** In other threads, run by run in the order given. */
async function writeAside(file: string, fd: number, runs: readonly Run[]): Promise<DiskCompletion[]> {
  const completions: DiskCompletion[] = [];
  for (const run of runs) {
    const error = await writeRun(fd, run);
    const failure = error === null ? null : diskFailure(file, "write", error.message, run);
    for (let count = 0; count < run.buffers.length; count++) completions.push(failure);
  }
  return completions;
}

/** Writes that follow each other on the disk, made by one call. */
interface Run {
  readonly offsetBytes: number;
  lengthBytes: number;
  readonly buffers: Uint8Array[];
}

function addToRuns(runs: Run[], operation: WriteOperation): void {
  const last = runs.at(-1);
  const follows = last !== undefined && last.offsetBytes + last.lengthBytes === operation.offsetBytes;
  if (follows && last.buffers.length < buffersPerCallMax) {
    last.buffers.push(operation.from);
    last.lengthBytes += operation.from.length;
    return;
  }
  runs.push({ offsetBytes: operation.offsetBytes, lengthBytes: operation.from.length, buffers: [operation.from] });
}

interface DurableWork {
  readonly file: string;
  readonly fd: number;
  readonly durableFd: number;
  readonly runs: readonly Run[];
  readonly mustSync: boolean;
  readonly sync: () => Promise<Error | null>;
}

async function makeDurable(work: DurableWork): Promise<Failure | null> {
  const { file, fd, durableFd, runs, mustSync } = work;
  if (!mustSync && runs.length <= durableRunsMax) {
    const errors = await Promise.all(runs.map((run) => writeRun(durableFd, run)));
    const index = errors.findIndex((error) => error !== null);
    return index < 0 ? null : diskFailure(file, "durable write", reasonOf(errors[index]), runs[index]);
  }
  for (const run of runs) {
    try {
      const written = writevSync(fd, run.buffers, run.offsetBytes);
      if (written !== run.lengthBytes) return diskFailure(file, "write", "short write", run);
    } catch (error) {
      return diskFailure(file, "write", reasonOf(error), run);
    }
  }
  const error = await work.sync();
  return error === null ? null : diskFailure(file, "sync", error.message);
}

function writeRun(fd: number, run: Run): Promise<Error | null> {
  return new Promise((resolve) => {
    writev(fd, run.buffers, run.offsetBytes, (error, written) => {
      resolve(error ?? (written === run.lengthBytes ? null : new Error("short write")));
    });
  });
}

/**
 * A sync that waits for one that started earlier covers the caller's writes only if it starts after them: so calls that
 * come while one runs share the next one.
 */
function createGroupedSync(fd: number): () => Promise<Error | null> {
  let running: Promise<Error | null> | null = null;
  let next: Promise<Error | null> | null = null;
  const start = (): Promise<Error | null> => {
    const sync = new Promise<Error | null>((resolve) => {
      fdatasync(fd, (error) => {
        running = null;
        resolve(error);
      });
    });
    running = sync;
    return sync;
  };
  return () => {
    if (running === null) return start();
    next ??= running.then(() => {
      next = null;
      return start();
    });
    return next;
  };
}

function attempt<T>(file: string, what: string, action: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    try {
      resolve(action());
    } catch (error) {
      reject(isFailure(error) ? error : diskFailure(file, what, reasonOf(error)));
    }
  });
}

function diskFailure(file: string, what: string, reason: string, range?: { readonly offsetBytes: number }): Failure {
  const where = range === undefined ? "" : ` at ${range.offsetBytes}`;
  return raidFailure("DISK_IO", `${what} of ${file}${where} failed: ${reason}`, { details: { file } });
}
