/**
 * The checksums of what a round writes: formed once, while its record is on its way to the log or, for an intent, before;
 * put when it goes in place.
 */
import { joinedChecksum, setEntries, type EntryList } from "../core/checksum.js";
import { blockBytes } from "../core/disk-layout.js";
import type { DiskBatches } from "./block-disk.js";
import type { ChecksumStore } from "./checksum-store.js";

export interface WrittenChecksums {
  /** A new round, or attempt at one: its buffers may be the same with other bytes in them. */
  begin(): void;
  /** The CRC32C of parts of whole blocks, joined. Forms their checksums. */
  joined(parts: readonly Uint8Array[]): number;
  /** Forms the checksums of these bytes, each buffer once, however many disks it goes to. */
  form(writes: DiskBatches): void;
  /** Puts those of what is written; it is held for update. */
  put(writes: DiskBatches): void;
}

export function createWrittenChecksums(checksums: ChecksumStore): WrittenChecksums {
  const formed = new Map<Uint8Array, EntryList>();
  // Used again by the next round: a buffer for each write would be thousands a second.
  let chunk = new DataView(new ArrayBuffer(0));
  let next = 0;

  const listOf = (from: Uint8Array): EntryList => {
    let list = formed.get(from);
    if (list !== undefined) return list;
    const blocks = from.length / blockBytes;
    if ((next + blocks) * 4 > chunk.byteLength) {
      chunk = new DataView(new ArrayBuffer(Math.max(2 * chunk.byteLength, blocks * 4)));
      next = 0;
    }
    list = { entries: chunk, first: next };
    next += blocks;
    setEntries(list, from);
    formed.set(from, list);
    return list;
  };

  return {
    begin() {
      formed.clear();
      next = 0;
    },
    joined: (parts) => parts.reduce((crc, part) => joinedChecksum(listOf(part), part.length / blockBytes, crc), 0),
    form(writes) {
      for (const batch of writes.values()) {
        for (const operation of batch) if (operation.kind === "write") listOf(operation.from);
      }
    },
    put(writes) {
      for (const [slot, batch] of writes) {
        for (const operation of batch) {
          if (operation.kind !== "write") continue;
          const { offsetBytes, from } = operation;
          checksums.put({ slot, offsetBytes }, listOf(from), from.length / blockBytes);
        }
      }
    },
  };
}
