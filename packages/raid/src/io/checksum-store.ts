/**
 * The checksums of an open array's blocks, by where the blocks lie on their disks (SPEC A4).
 *
 * Why a crash is never mistaken for corruption: an entry changes in memory once the record that changes its block is
 * durable in the stripe log, under the cell's lock, together with the write in place. On disk, block and entry may then
 * each be old or new (`checksum-pages.ts`) until the log's checkpoint has made both durable, and only then its tail moves
 * past the record. So whatever can disagree after a crash is of a block that the log still names; replay writes it again
 * and forms its entry from what it writes, or, for an intent, from what it finds. Nothing of checksums is in the log.
 *
 * Why corruption is not laundered: a page is changed only after its copies were compared; where these differ, block and
 * redundancy decide first (`row-repair.ts`), because a write of the page would carry one copy's error to the others.
 */
import assert from "node:assert";
import { entriesPerPage } from "../core/checksum-layout.js";
import { entryAt, matchEntries, type EntryList } from "../core/checksum.js";
import { blockBytes } from "../core/disk-layout.js";
import type { Slot } from "../core/level.js";
import { createChecksumPages, type ChecksumDisks, type ChecksumPage } from "./checksum-pages.js";

/** Whole blocks of one disk's data area; offsets are those on the disk. */
export interface BlockRun {
  readonly slot: Slot;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export interface BlockPlace {
  readonly slot: Slot;
  readonly offsetBytes: number;
}

export interface ChecksumHold {
  /** Blocks of whose entries the copies differ: to be settled before anything of their pages is changed. */
  readonly doubts: readonly BlockPlace[];
  readonly release: () => void;
}

export interface ChecksumStore {
  /** Brings the checksums of these blocks into memory, and keeps them there until the release. Rejects: `IO_ERROR`. */
  hold(runs: readonly BlockRun[], purpose: "verify" | "update"): Promise<ChecksumHold>;
  /** Whether each block of the bytes at a place has its entry; "unknown" when these cannot be had before it returns. */
  verify(slot: Slot, offsetBytes: number, bytes: Uint8Array): "right" | "wrong" | "unknown";
  /** Sets the entries of `blocks` blocks; they are held for update. */
  put(place: BlockPlace, list: EntryList, blocks: number): void;
  /** What is said of a block that is held: in memory, and by each copy on disk unless memory is newer. */
  claims(place: BlockPlace): Promise<number[]>;
  /** Takes what is in memory of this block's checksum for right, should copies differ. */
  dropDoubt(place: BlockPlace): void;
  /** Writes what was put before the call to the disks, not synced. */
  flush(): Promise<void>;
  /** Gives a disk that comes in all checksums that it carries; written, not synced. */
  copyTo(carrier: Slot): Promise<void>;
  /** Compares the copies of the checksums of all blocks in `place`'s page once more; returns where they differ. */
  compareCopies(place: BlockPlace): Promise<readonly BlockPlace[]>;
  /** All blocks in memory on whose entries copies differ. */
  doubts(): BlockPlace[];
}

export function createChecksumStore(members: ChecksumDisks, pagesMax?: number): ChecksumStore {
  const { dataOffsetBytes } = members.geometry;
  const pages = createChecksumPages(members, pagesMax);
  const indexOf = (offsetBytes: number): number => {
    const index = (offsetBytes - dataOffsetBytes) / blockBytes;
    assert(Number.isInteger(index) && index >= 0, "checksums are of whole blocks of the data area");
    return index;
  };
  const pageAt = (block: number): number => Math.floor(block / entriesPerPage);

  const heldPage = ({ slot, offsetBytes }: BlockPlace): { page: ChecksumPage; index: number } => {
    const block = indexOf(offsetBytes);
    const page = pages.peek(slot, pageAt(block));
    assert(page !== undefined && page.holders > 0, "checksums that are not held");
    return { page, index: block % entriesPerPage };
  };
  const doubtsOf = ({ column, page, doubts }: ChecksumPage): BlockPlace[] => {
    const start = dataOffsetBytes + page * entriesPerPage * blockBytes;
    return [...(doubts ?? [])].map((index) => ({ slot: column, offsetBytes: start + index * blockBytes }));
  };

  return {
    async hold(runs, purpose) {
      const taken: ChecksumPage[] = [];
      const release = (): void => {
        for (const page of taken.splice(0)) pages.release(page);
      };
      try {
        for (const { slot, offsetBytes, lengthBytes } of runs) {
          const last = pageAt(indexOf(offsetBytes + lengthBytes - blockBytes));
          for (let page = pageAt(indexOf(offsetBytes)); page <= last; page++) {
            const mustCompare = purpose === "update";
            taken.push(pages.takeNow(slot, page, mustCompare) ?? (await pages.take(slot, page, mustCompare)));
          }
        }
      } catch (error) {
        release();
        throw error;
      }
      const inDoubt = purpose === "update" ? taken.filter(({ doubts }) => doubts !== null && doubts.size > 0) : [];
      return { doubts: [...new Set(inDoubt)].flatMap(doubtsOf), release };
    },
    verify(slot, offsetBytes, bytes) {
      for (let done = 0; done < bytes.length;) {
        const block = indexOf(offsetBytes + done);
        const first = block % entriesPerPage;
        const page = pages.loadNow(slot, pageAt(block));
        if (page === null) return "unknown";
        page.wasUsed = true;
        const lengthBytes = Math.min(bytes.length - done, (entriesPerPage - first) * blockBytes);
        const run = lengthBytes === bytes.length ? bytes : bytes.subarray(done, done + lengthBytes);
        if (!matchEntries({ entries: page.entries, first }, run)) return "wrong";
        done += lengthBytes;
      }
      return "right";
    },
    put({ slot, offsetBytes }, list, blocks) {
      for (let done = 0; done < blocks;) {
        const { page, index: first } = heldPage({ slot, offsetBytes: offsetBytes + done * blockBytes });
        assert(page.doubts !== null, "checksums changed before their copies were compared");
        const end = Math.min(entriesPerPage, first + blocks - done);
        for (let index = first; index < end; index++, done++) {
          page.entries.setUint32(index * 4, entryAt(list, done), true);
          if (page.doubts.size > 0) page.doubts.delete(index);
        }
        page.isDirty = true;
      }
    },
    async claims(place) {
      const { page, index } = heldPage(place);
      // A page with doubts is not written, and an entry in doubt was not changed: the copies are as they were compared.
      if (isNewer(page) && page.doubts?.has(index) !== true) return [entryOf(page, index)];
      const onDisk = await pages.copiesOfEntry(page, index);
      // Changed meanwhile: what was read may be from before.
      return [entryOf(page, index), ...(isNewer(page) && page.doubts?.has(index) !== true ? [] : onDisk)];
    },
    dropDoubt({ slot, offsetBytes }) {
      const block = indexOf(offsetBytes);
      const page = pages.peek(slot, pageAt(block));
      if (page?.doubts?.delete(block % entriesPerPage) === true) page.isDirty = true;
    },
    copyTo: (carrier) => pages.copyTo(carrier),
    async compareCopies({ slot, offsetBytes }) {
      const page = await pages.take(slot, pageAt(indexOf(offsetBytes)), true);
      try {
        await pages.compareAgain(page);
        return doubtsOf(page);
      } finally {
        pages.release(page);
      }
    },
    flush: () => pages.flush(),
    doubts: () => pages.doubtful().flatMap(doubtsOf),
  };
}

/** True while the copies on disk may still be older. */
function isNewer(page: ChecksumPage): boolean {
  return page.isDirty || page.isBeingWritten;
}

function entryOf({ entries }: ChecksumPage, index: number): number {
  return entries.getUint32(index * 4, true);
}
