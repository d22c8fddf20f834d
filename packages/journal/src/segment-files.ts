/**
 * A ring in files beside a journal's database, so that payloads never go through LevelDB's log, tables and compactions
 * (DESIGN: key-value separation). Only what the ring needs takes space: a segment is made before the head comes to it, and
 * used again elsewhere, or removed, once the tail has passed it.
 *
 *     header              the first block of the store
 *     0000002a            segment 42: so many times 16 MiB behind the header, in hexadecimal
 *
 * What is durable, step by step:
 * - a segment's name, before anything is written to it: a crash before leaves no such segment, or an empty one.
 * - the zeros of a new one, block by block, before a group goes there: its length says how far they came.
 * - a segment that is used again is renamed, its old content left in it: groups of an earlier lap, which opening tells by
 *   number and position. A crash in between leaves it under the one name or the other; no group needs it under either.
 */
import { constants, type Dirent } from "node:fs";
import { mkdir, open, readdir, rename, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { BlockWrite } from "@waystation/contracts/block-device";
import { endOf, type ByteRange } from "@waystation/contracts/byte-range";
import type { RingStore } from "./ring-store.js";
import { blockBytes } from "./ring-layout.js";
import { syncFolder } from "./sync-folder.js";

export interface SegmentFiles extends RingStore {
  /** To be called when nothing is under way any more. */
  close(): Promise<void>;
}

export interface SegmentOptions {
  readonly directory: string;
  /** Of the whole ring with its header; segments take space only where they are needed. */
  readonly sizeBytes: number;
  /** 16 MiB, but in tests. A multiple of 4 KiB. */
  readonly segmentBytes?: number;
}

/** Files open at once; the rest is opened again when it is read. */
const openFilesMax = 16;
const freeSegmentsMax = 1;
const segmentName = /^[0-9a-f]{8}$/;
const zeros = Buffer.alloc(2 ** 20);

/** Opens what is there, or makes the folder. Rejects with what the file system says. */
export async function openSegmentFiles(options: SegmentOptions): Promise<SegmentFiles> {
  const { directory, sizeBytes } = options;
  const segmentBytes = options.segmentBytes ?? 16 * 2 ** 20;
  await mkdir(directory, { recursive: true });
  await syncFolder(join(directory, ".."));
  const files = createFileCache(directory);
  /** Of each segment, how many of its bytes were written once. */
  const prepared = await findSegments(directory, files, segmentBytes);
  let kept: ((index: number) => boolean) | null = null;
  /** Made ready since the ring last said what it needs. */
  const claimed = new Set<number>();
  let removing: Promise<void> = Promise.resolve();

  const segmentOf = (offsetBytes: number): number => Math.floor((offsetBytes - blockBytes) / segmentBytes);

  const pieces = (offsetBytes: number, lengthBytes: number): Piece[] => {
    if (offsetBytes < blockBytes) return [{ name: "header", index: null, offsetBytes, lengthBytes, sourceBytes: 0 }];
    const found: Piece[] = [];
    for (let done = 0; done < lengthBytes;) {
      const index = segmentOf(offsetBytes + done);
      const inSegment = offsetBytes - blockBytes + done - index * segmentBytes;
      const length = Math.min(segmentBytes - inSegment, lengthBytes - done);
      found.push({ name: nameOf(index), index, offsetBytes: inSegment, lengthBytes: length, sourceBytes: done });
      done += length;
    }
    return found;
  };

  const readPiece = async (piece: Piece, into: Buffer): Promise<void> => {
    if (piece.index !== null && !prepared.has(piece.index)) return;
    await files.use(piece.name, async (file) => {
      for (let done = 0; done < into.length;) {
        const { bytesRead } = await file.read(into, done, into.length - done, piece.offsetBytes + done);
        if (bytesRead === 0) return;
        done += bytesRead;
      }
    });
  };

  const writePiece = (piece: Piece, data: Uint8Array): Promise<void> =>
    files.use(piece.name, (file) => writeFully(file, data, piece.offsetBytes));

  const isFree = (index: number): boolean => kept?.(index) === false && !claimed.has(index);

  /** Under its name, durably: one that is not needed any more, or a new one. Resolves with how much of it is ready. */
  const makeSegment = async (index: number): Promise<number> => {
    await removing;
    const free = [...prepared.keys()].find((other) => isFree(other) && prepared.get(other) === segmentBytes);
    if (free === undefined) await files.use(nameOf(index), () => Promise.resolve());
    else {
      // At once, so that nobody removes it meanwhile.
      prepared.delete(free);
      await files.drop(nameOf(free));
      await rename(join(directory, nameOf(free)), join(directory, nameOf(index)));
    }
    await syncFolder(directory);
    const readyBytes = free === undefined ? 0 : segmentBytes;
    prepared.set(index, readyBytes);
    return readyBytes;
  };

  const removeFree = async (): Promise<void> => {
    for (const index of [...prepared.keys()].filter(isFree).slice(freeSegmentsMax)) {
      if (!prepared.delete(index)) continue;
      await files.drop(nameOf(index));
      await unlink(join(directory, nameOf(index)));
    }
  };

  const keep = (ranges: readonly ByteRange[]): void => {
    const segments = ranges.map((range): [first: number, last: number] => {
      return [segmentOf(range.offsetBytes), segmentOf(Math.max(range.offsetBytes, endOf(range) - 1))];
    });
    kept = (index) => segments.some(([first, last]) => first <= index && index <= last);
    claimed.clear();
    // What could not be removed takes space, and nothing else: the next opening tries again.
    removing = removing.then(removeFree).catch(() => {});
  };

  return {
    lies: "in-files",
    sizeBytes,
    async read(offsetBytes, lengthBytes) {
      const into = Buffer.alloc(lengthBytes);
      await Promise.all(pieces(offsetBytes, lengthBytes).map((piece) => readPiece(piece, viewOf(into, piece))));
      return into;
    },
    async writeBatch(writes) {
      const parts = writes.flatMap((write) => {
        const data = bytesOf(write);
        return pieces(write.offsetBytes, write.lengthBytes).map((piece) => writePiece(piece, viewOf(data, piece)));
      });
      await Promise.all(parts);
    },
    async prepare(offsetBytes, wantedBytes) {
      const [piece] = pieces(offsetBytes, wantedBytes);
      if (piece?.index === undefined || piece.index === null) return wantedBytes;
      const { index, offsetBytes: inSegment } = piece;
      claimed.add(index);
      let readyBytes = prepared.get(index) ?? (await makeSegment(index));
      while (readyBytes <= inSegment) {
        const lengthBytes = Math.min(zeros.length, segmentBytes - readyBytes);
        await writePiece({ ...piece, offsetBytes: readyBytes }, zeros.subarray(0, lengthBytes));
        readyBytes += lengthBytes;
        prepared.set(index, readyBytes);
      }
      return readyBytes - inSegment;
    },
    reuse: { aheadBytes: segmentBytes, keep },
    async close() {
      await removing;
      await files.close();
    },
  };
}

interface Piece {
  readonly name: string;
  /** Null of the header. */
  readonly index: number | null;
  /** In the file. */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** In the request. */
  readonly sourceBytes: number;
}

function nameOf(index: number): string {
  return index.toString(16).padStart(8, "0");
}

function viewOf(bytes: Buffer, { sourceBytes, lengthBytes }: Piece): Buffer {
  return bytes.subarray(sourceBytes, sourceBytes + lengthBytes);
}

function bytesOf({ data, lengthBytes }: BlockWrite): Buffer {
  if (data === null) return Buffer.alloc(lengthBytes);
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

async function writeFully(file: FileHandle, data: Uint8Array, offsetBytes: number): Promise<void> {
  for (let done = 0; done < data.length;) {
    const { bytesWritten } = await file.write(data, done, data.length - done, offsetBytes + done);
    done += bytesWritten;
  }
}

async function findSegments(directory: string, files: FileCache, segmentBytes: number): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  for (const entry of (await readdir(directory, { withFileTypes: true })).filter(isSegment)) {
    const { size } = await files.use(entry.name, (file) => file.stat());
    found.set(parseInt(entry.name, 16), Math.min(segmentBytes, Math.floor(size / blockBytes) * blockBytes));
  }
  return found;
}

function isSegment(entry: Dirent): boolean {
  return entry.isFile() && segmentName.test(entry.name);
}

interface FileCache {
  /** The file is made if it is not there, and stays open meanwhile. */
  use<Result>(name: string, work: (file: FileHandle) => Promise<Result>): Promise<Result>;
  /** Closes one that nobody uses. */
  drop(name: string): Promise<void>;
  close(): Promise<void>;
}

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  users: number;
}

/** What was used last stays open. Writes are durable when they return (O_DSYNC). */
function createFileCache(directory: string): FileCache {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_DSYNC;
  const openFiles = new Map<string, OpenFile>();

  const openFile = async (name: string): Promise<FileHandle> => {
    try {
      return await open(join(directory, name), flags, 0o600);
    } catch (error) {
      openFiles.delete(name);
      throw error;
    }
  };

  const closeFile = async (name: string): Promise<void> => {
    const file = openFiles.get(name);
    openFiles.delete(name);
    await (await file?.handle)?.close();
  };

  return {
    async use(name, work) {
      const file = openFiles.get(name) ?? { handle: openFile(name), users: 0 };
      // Last in the map: least recently used files come first.
      openFiles.delete(name);
      openFiles.set(name, file);
      file.users += 1;
      try {
        return await work(await file.handle);
      } finally {
        file.users -= 1;
        const idle = [...openFiles].find(([, { users }]) => users === 0);
        if (openFiles.size > openFilesMax && idle !== undefined) await closeFile(idle[0]);
      }
    },
    drop: closeFile,
    async close() {
      for (const name of [...openFiles.keys()]) await closeFile(name);
    },
  };
}
