/**
 * The pages of checksums that are in memory: a bounded number of them, those not used lately given up first.
 *
 * What is durable, step by step (`checksum-store.ts` says why it suffices):
 * - a page is changed in memory, never on a disk, when a record that changes its blocks is durable in the stripe log.
 * - `flush` writes changed pages to all disks that carry them, not synced: a crash may leave any sector of any copy old or
 *   new. Entries never straddle sectors, so each is old or new, and those that differ are of blocks that the log replays.
 * - the log's checkpoint flushes, syncs all disks, and then moves its tail past the records that changed the pages.
 * A page may be written earlier, to make room: that is the second step, and nothing more.
 */
import assert from "node:assert";
import { Failure } from "@waystation/contracts/errors";
import { carriersOf, columnsOn, entriesPerPage, pageOffsetBytes, pagesPerColumn } from "../core/checksum-layout.js";
import { blockBytes } from "../core/disk-layout.js";
import type { Slot } from "../core/level.js";
import { isZero } from "../core/zeros.js";
import type { DiskOperation } from "./block-disk.js";
import type { Members } from "./members.js";

export interface ChecksumPage {
  readonly column: Slot;
  readonly page: number;
  readonly bytes: Buffer;
  /** The same bytes. */
  readonly entries: DataView;
  /** Indices of entries on which the copies on disk do not agree; null: they have not been compared. */
  doubts: Set<number> | null;
  /** Changed since it was last written. */
  isDirty: boolean;
  holders: number;
  isBeingWritten: boolean;
  /** Used since the last look for a page to give up. */
  wasUsed: boolean;
}

export interface ChecksumPages {
  /** The page if it is in memory, and compared if it must be: taken as `take` does, at once. */
  takeNow(column: Slot, page: number, compare: boolean): ChecksumPage | null;
  /** The page, loaded before this returns if it is not in memory; null when that cannot be done now. */
  loadNow(column: Slot, page: number): ChecksumPage | null;
  /** The page if it is in memory. */
  peek(column: Slot, page: number): ChecksumPage | undefined;
  /**
   * The page, loaded if need be, and kept until `release`. Rejects with `IO_ERROR` when no copy can be read. With
   * `compare`, all copies are read, and `doubts` says where they differ.
   */
  take(column: Slot, page: number, compare: boolean): Promise<ChecksumPage>;
  /** Reads all copies of a page that was taken once more, and adds what differs to its doubts; not while it is changing. */
  compareAgain(page: ChecksumPage): Promise<void>;
  release(page: ChecksumPage): void;
  /** What each copy on disk says of an entry. The page has been taken. */
  copiesOfEntry(page: ChecksumPage, index: number): Promise<number[]>;
  /** Writes what was changed before the call. Pages with doubts are left for when these are settled. */
  flush(): Promise<void>;
  /** Pages that are in memory and have doubts. */
  doubtful(): readonly ChecksumPage[];
  /** Writes all pages that a disk carries to it, from the other copies. The disk is there, its pages are zeros or newer. */
  copyTo(carrier: Slot): Promise<void>;
}

export const pagesMaxDefault = 4096;
/** Pages written by one batch: the bytes are copied, since the pages may change under the write. */
const pagesPerBatch = 64;

/** What the pages need of an array's disks. */
export type ChecksumDisks = Pick<Members, "geometry" | "isAbsent" | "isIncomplete" | "submit" | "readNow">;

export function createChecksumPages(members: ChecksumDisks, pagesMax = pagesMaxDefault): ChecksumPages {
  const { geometry } = members;
  const columnPages = pagesPerColumn(geometry);
  const blocksPerDisk = geometry.dataBytesPerDisk / blockBytes;
  const pages = new Map<number, ChecksumPage>();
  const loading = new Map<number, Promise<ChecksumPage>>();
  let flushing: Promise<void> = Promise.resolve();

  /** Those that pages are written to: also one that is being rebuilt, which must have them all in the end. */
  const writtenCarriers = (column: Slot): Slot[] =>
    carriersOf(geometry, column).filter((slot) => !members.isAbsent(slot));
  /** Those that pages are read from. When only one that is being rebuilt is left, its entries below the cursor are right. */
  const carriers = (column: Slot): Slot[] => {
    const complete = carriersOf(geometry, column).filter((slot) => !members.isIncomplete(slot));
    return complete.length > 0 ? complete : writtenCarriers(column);
  };

  const readCopy = async (carrier: Slot, { column, page }: { column: Slot; page: number }): Promise<Buffer | null> => {
    const into = Buffer.alloc(blockBytes);
    const offsetBytes = pageOffsetBytes(geometry, { column, carrier, page });
    return (await members.submit(carrier, [{ kind: "read", offsetBytes, into }])) ? into : null;
  };

  const keep = ({ column, page }: { column: Slot; page: number }, bytes: Buffer): ChecksumPage => {
    const entries = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const state = { doubts: null, isDirty: false, holders: 0, isBeingWritten: false, wasUsed: true };
    const loaded: ChecksumPage = { column, page, bytes, entries, ...state };
    pages.set(column * columnPages + page, loaded);
    return loaded;
  };

  const load = async (column: Slot, page: number): Promise<ChecksumPage> => {
    for (const carrier of carriers(column)) {
      const bytes = await readCopy(carrier, { column, page });
      if (bytes === null) continue;
      await makeRoom();
      return keep({ column, page }, bytes);
    }
    throw new Failure("IO_ERROR", `No copy of page ${page} of the checksums of slot ${column} can be read.`);
  };

  const compare = async (page: ChecksumPage): Promise<void> => {
    const copies = await Promise.all(carriers(page.column).map((carrier) => readCopy(carrier, page)));
    // Changed meanwhile: the copies are from before.
    if (page.isDirty || page.isBeingWritten) return;
    page.doubts ??= new Set();
    for (const copy of copies) {
      if (copy === null || copy.equals(page.bytes)) continue;
      // The last page has room for blocks that the disk has not.
      const entries = Math.min(entriesPerPage, blocksPerDisk - page.page * entriesPerPage);
      for (let index = 0; index < entries; index++) {
        if (copy.readUInt32LE(index * 4) !== page.bytes.readUInt32LE(index * 4)) page.doubts.add(index);
      }
    }
  };

  /** Gives up pages that nobody needs, the ones not used lately first; when all are held, there are more for a while. */
  const makeRoom = async (): Promise<void> => {
    if (pages.size < pagesMax) return;
    if (giveUp()) return;
    await flush();
    giveUp();
  };

  const giveUp = (): boolean => {
    // Insertion order is the order of the clock's hand: what was used goes behind the hand for another lap.
    let left = pages.size * 2;
    for (const [key, page] of pages) {
      if (left-- === 0) break;
      const isNeeded = page.holders > 0 || page.isDirty || page.isBeingWritten;
      if (!isNeeded && !page.wasUsed) {
        pages.delete(key);
        if (pages.size < pagesMax) return true;
        continue;
      }
      page.wasUsed = false;
      pages.delete(key);
      pages.set(key, page);
    }
    return pages.size < pagesMax;
  };

  const writePages = async (batch: readonly ChecksumPage[]): Promise<void> => {
    const writes = new Map<Slot, DiskOperation[]>();
    for (const page of batch) {
      page.isDirty = false;
      page.isBeingWritten = true;
      const from = Buffer.from(page.bytes);
      for (const carrier of writtenCarriers(page.column)) {
        const offsetBytes = pageOffsetBytes(geometry, { column: page.column, carrier, page: page.page });
        const operations = writes.get(carrier) ?? [];
        writes.set(carrier, operations);
        operations.push({ kind: "write", offsetBytes, from, durable: false });
      }
    }
    // A disk that fails is ejected, and its copies with it.
    await Promise.all([...writes].map(([slot, operations]) => members.submit(slot, operations)));
    for (const page of batch) page.isBeingWritten = false;
  };

  const writeDirty = async (): Promise<void> => {
    const dirty = [...pages.values()].filter(({ isDirty, doubts }) => isDirty && doubts?.size === 0);
    dirty.sort((a, b) => a.column - b.column || a.page - b.page);
    for (let at = 0; at < dirty.length; at += pagesPerBatch) await writePages(dirty.slice(at, at + pagesPerBatch));
  };

  // One after the other: each must have written what was changed before it was called, whoever began to write that.
  const flush = (): Promise<void> => (flushing = flushing.then(writeDirty));

  const take = async (column: Slot, page: number, mustCompare: boolean): Promise<ChecksumPage> => {
    const key = column * columnPages + page;
    let taken = pages.get(key);
    while (taken === undefined) {
      let under = loading.get(key);
      if (under === undefined) {
        under = load(column, page).finally(() => loading.delete(key));
        loading.set(key, under);
      }
      await under;
      // Given up again before this went on: load it once more.
      taken = pages.get(key);
    }
    taken.holders++;
    taken.wasUsed = true;
    if (mustCompare && taken.doubts === null) await compare(taken);
    return taken;
  };

  return {
    peek: (column, page) => pages.get(column * columnPages + page),
    loadNow(column, page) {
      const key = column * columnPages + page;
      const found = pages.get(key);
      // What is being loaded may be changed as soon as it is there: never two of one page.
      if (found !== undefined || loading.has(key)) return found ?? null;
      const [carrier] = carriers(column);
      if (carrier === undefined || (pages.size >= pagesMax && !giveUp())) return null;
      const bytes = Buffer.alloc(blockBytes);
      const offsetBytes = pageOffsetBytes(geometry, { column, carrier, page });
      return members.readNow(carrier, offsetBytes, bytes) ? keep({ column, page }, bytes) : null;
    },
    takeNow(column, page, mustCompare) {
      const taken = pages.get(column * columnPages + page);
      if (taken === undefined || (mustCompare && taken.doubts === null)) return null;
      taken.holders++;
      taken.wasUsed = true;
      return taken;
    },
    take,
    compareAgain: compare,
    release(page) {
      assert(page.holders > 0, "a page of checksums released more often than it was taken");
      page.holders--;
    },
    async copiesOfEntry(page, index) {
      const copies = await Promise.all(carriers(page.column).map((carrier) => readCopy(carrier, page)));
      return copies.flatMap((copy) => (copy === null ? [] : [copy.readUInt32LE(index * 4)]));
    },
    flush,
    async copyTo(carrier) {
      for (const column of columnsOn(geometry, carrier)) {
        for (let number = 0; number < columnPages; number++) {
          if (members.isAbsent(carrier)) return;
          const page = await take(column, number, true);
          try {
            // Zeros are there already. What is dirty will be written to all carriers anyway.
            if (!isZero(page.bytes)) page.isDirty = true;
          } finally {
            page.holders--;
          }
          if (number % pagesPerBatch === 0) await flush();
        }
      }
      await flush();
    },
    doubtful: () => [...pages.values()].filter(({ doubts }) => doubts !== null && doubts.size > 0),
  };
}
