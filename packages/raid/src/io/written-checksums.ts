/**
 * The checksums of what a round writes: formed while its record is on its way to the log, put when it goes in place.
 */
import assert from "node:assert";
import { setEntries, type EntryList } from "../core/checksum.js";
import { blockBytes } from "../core/disk-layout.js";
import type { ChecksumStore } from "./checksum-store.js";
import type { DiskBatches } from "./draft.js";

export interface WrittenChecksums {
  /** Forms the checksums of these bytes, each buffer once, however many disks it goes to. */
  form(writes: DiskBatches): void;
  /** Puts those of what is written; all of it was formed, and is held for update. */
  put(writes: DiskBatches): void;
}

export function createWrittenChecksums(checksums: ChecksumStore): WrittenChecksums {
  // One list for all of a round: a buffer for each write would be thousands a second.
  let entries = new DataView(new ArrayBuffer(0));
  const formed = new Map<Uint8Array, EntryList>();
  return {
    form(writes) {
      formed.clear();
      let first = 0;
      for (const batch of writes.values()) {
        for (const operation of batch) {
          if (operation.kind !== "write" || formed.has(operation.from)) continue;
          formed.set(operation.from, { entries, first });
          first += operation.from.length / blockBytes;
        }
      }
      if (entries.byteLength < first * 4) {
        entries = new DataView(new ArrayBuffer(2 * first * 4));
        for (const [from, list] of formed) formed.set(from, { ...list, entries });
      }
      for (const [from, list] of formed) setEntries(list, from);
    },
    put(writes) {
      for (const [slot, batch] of writes) {
        for (const operation of batch) {
          if (operation.kind !== "write") continue;
          const list = formed.get(operation.from);
          assert(list !== undefined, "checksums were not formed of what is written");
          checksums.put({ slot, offsetBytes: operation.offsetBytes }, list, operation.from.length / blockBytes);
        }
      }
    },
  };
}
