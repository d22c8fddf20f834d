/**
 * Writes what a disk must hold where it is absent (being rebuilt, or in doubt), and its checksums, which are those of what
 * is written: the ones from before may be of what the disk missed.
 */
import { setEntries, type EntryList } from "../core/checksum.js";
import { blockBytes } from "../core/disk-layout.js";
import type { Slot } from "../core/level.js";
import { isZero } from "../core/zeros.js";
import type { DiskOperation } from "./block-disk.js";
import type { ChecksumStore } from "./checksum-store.js";
import type { Members } from "./members.js";
import type { RowRepair } from "./row-repair.js";

export interface SlotWriterOptions {
  readonly members: Members;
  readonly checksums: ChecksumStore | null;
  readonly repair: RowRepair;
}

export interface SlotWrite {
  readonly slot: Slot;
  readonly offsetBytes: number;
  readonly bytes: Buffer;
  readonly durable: boolean;
}

/** The caller holds the cells. False when the disk failed. */
export async function writeSlot(options: SlotWriterOptions, write: SlotWrite): Promise<boolean> {
  const { members, checksums, repair } = options;
  const { slot, offsetBytes, bytes } = write;
  if (checksums === null) return writeBytes(members, write);
  const list: EntryList = { entries: new DataView(new ArrayBuffer(bytes.length / (blockBytes / 4))), first: 0 };
  setEntries(list, bytes);
  for (;;) {
    const hold = await checksums.hold([{ slot, offsetBytes, lengthBytes: bytes.length }], "update");
    const { doubts } = hold;
    try {
      if (doubts.length === 0) {
        if (!(await writeBytes(members, write))) return false;
        checksums.put({ slot, offsetBytes }, list, bytes.length / blockBytes);
        return true;
      }
    } finally {
      hold.release();
    }
    // Their pages cannot be changed before it is known which copy is right.
    for (const doubt of doubts) await repair.settle(doubt.offsetBytes);
  }
}

async function writeBytes(members: Members, { slot, offsetBytes, bytes, durable }: SlotWrite): Promise<boolean> {
  // Zeros over a hole would fill it: a disk that was mostly empty stays so.
  if (isZero(bytes) && (await readsAsZeros(members, { slot, offsetBytes, lengthBytes: bytes.length }))) return true;
  const operation: DiskOperation = { kind: "write", offsetBytes, from: bytes, durable };
  return members.submit(slot, [operation]);
}

async function readsAsZeros(
  members: Members,
  {
    slot,
    offsetBytes,
    lengthBytes,
  }: { readonly slot: Slot; readonly offsetBytes: number; readonly lengthBytes: number },
): Promise<boolean> {
  const into = Buffer.alloc(lengthBytes);
  return (await members.tryOut(slot, [{ kind: "read", offsetBytes, into }])) && isZero(into);
}
