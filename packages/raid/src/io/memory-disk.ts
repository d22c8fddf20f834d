/**
 * A disk in memory that keeps apart what is durable from what a power loss may take: for tests and the simulator.
 * Sparse, in pages, so that large disks cost what is written on them.
 */
import type { Random } from "@waystation/contracts/random";
import { raidFailure } from "../errors.js";
import type { BlockDisk, DiskCompletion, DiskOperation, DiskPlace } from "./block-disk.js";

export interface MemoryDisk extends BlockDisk {
  /**
   * Power loss: of what was not synced, each 512-byte sector is kept or lost by itself; all is lost without `random`.
   */
  crash(random?: Random): void;
  /** An independent disk with the same durable and volatile content. */
  clone(): MemoryDisk;
}

const pageBytes = 4096;
const sectorBytes = 512;
const zeroPage = Buffer.alloc(pageBytes);

type Pages = Map<number, Buffer>;

export function createMemoryDisk(options: { readonly file: string; readonly sizeBytes: number }): MemoryDisk {
  return memoryDisk(options.file, options.sizeBytes, new Map(), new Map());
}

/** A place for `createArray` and `openArray` where this disk already is. `isNew` as for a fresh file. */
export function placeOf(disk: BlockDisk, isNew = true): DiskPlace {
  return { file: disk.file, open: () => Promise.resolve(disk), create: () => Promise.resolve({ disk, isNew }) };
}

/** `stable` survives power loss; `current` holds the pages that differ from it. Pages are never changed once shared. */
function memoryDisk(file: string, sizeBytes: number, stable: Pages, current: Pages): MemoryDisk {
  const pageOf = (index: number): Buffer => current.get(index) ?? stable.get(index) ?? zeroPage;

  const perform = (operation: DiskOperation): DiskCompletion => {
    if (operation.kind === "sync") {
      for (const [index, page] of current) stable.set(index, page);
      current.clear();
      return null;
    }
    const bytes = operation.kind === "read" ? operation.into : operation.from;
    if (operation.offsetBytes < 0 || operation.offsetBytes + bytes.length > sizeBytes) {
      return raidFailure("DISK_IO", `${operation.kind} beyond the end of ${file}`, { details: { file } });
    }
    for (const [index, inPage, at, length] of pagesOf(operation.offsetBytes, bytes.length)) {
      if (operation.kind === "read") {
        bytes.set(pageOf(index).subarray(inPage, inPage + length), at);
        continue;
      }
      const page = Buffer.from(pageOf(index));
      page.set(bytes.subarray(at, at + length), inPage);
      current.set(index, page);
      if (operation.durable) keep(index);
    }
    return null;
  };

  const keep = (index: number): void => {
    stable.set(index, pageOf(index));
    current.delete(index);
  };

  return {
    file,
    sizeBytes,
    submit: (batch) => Promise.resolve(batch.map(perform)),
    readNow: (offsetBytes, into) => perform({ kind: "read", offsetBytes, into }) === null,
    close: async () => {},
    crash(random) {
      for (const [index, page] of random === undefined ? [] : current) {
        const kept = Buffer.from(stable.get(index) ?? zeroPage);
        for (let at = 0; at < pageBytes; at += sectorBytes) {
          if (random?.chance(0.5) === true) page.copy(kept, at, at, at + sectorBytes);
        }
        stable.set(index, kept);
      }
      current.clear();
    },
    clone: () => memoryDisk(file, sizeBytes, new Map(stable), new Map(current)),
  };
}

/** The parts of a range by page: index, offset in the page, offset in the range, length. */
function* pagesOf(offsetBytes: number, lengthBytes: number): Generator<[number, number, number, number]> {
  let done = 0;
  while (done < lengthBytes) {
    const at = offsetBytes + done;
    const index = Math.floor(at / pageBytes);
    const inPage = at - index * pageBytes;
    const length = Math.min(pageBytes - inPage, lengthBytes - done);
    yield [index, inPage, done, length];
    done += length;
  }
}
