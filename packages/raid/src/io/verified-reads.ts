/** Reads from the disks that are checked against the checksums of the blocks (SPEC A4). */
import { blockBytes } from "../core/disk-layout.js";
import type { Slot } from "../core/level.js";
import type { DiskBatches } from "./block-disk.js";
import type { BlockRun, ChecksumStore } from "./checksum-store.js";
import type { Members } from "./members.js";

export interface VerifiedReads {
  /** Disks that failed. */
  readonly failed: ReadonlySet<Slot>;
  /** Where a block read is not what its checksum says: offsets on the disk, that of the block's row on every disk. */
  readonly wrongRows: ReadonlySet<number>;
}

/** Reads whole blocks, and verifies them if the array has checksums. Rejects with `IO_ERROR` when these cannot be read. */
export async function readVerified(
  { members, checksums }: { readonly members: Members; readonly checksums: ChecksumStore | null },
  reads: DiskBatches,
): Promise<VerifiedReads> {
  const failed = new Set<Slot>();
  const wrongRows = new Set<number>();
  if (reads.size === 0) return { failed, wrongRows };
  const hold = await checksums?.hold(runsOf(reads), "verify");
  try {
    const done = [...reads].map(async ([slot, batch]) => {
      if (!(await members.submit(slot, batch))) failed.add(slot);
    });
    await Promise.all(done);
    if (checksums !== null) {
      for (const [slot, batch] of reads) {
        if (failed.has(slot)) continue;
        for (const operation of batch) {
          if (operation.kind === "read") noteWrong(checksums, { slot, ...operation }, wrongRows);
        }
      }
    }
  } finally {
    hold?.release();
  }
  return { failed, wrongRows };
}

interface ReadRun {
  readonly slot: Slot;
  readonly offsetBytes: number;
  readonly into: Uint8Array;
}

function noteWrong(checksums: ChecksumStore, { slot, offsetBytes, into }: ReadRun, wrongRows: Set<number>): void {
  if (checksums.verify(slot, offsetBytes, into) === "right") return;
  for (let at = 0; at < into.length; at += blockBytes) {
    const block = into.subarray(at, at + blockBytes);
    if (checksums.verify(slot, offsetBytes + at, block) !== "right") wrongRows.add(offsetBytes + at);
  }
}

/** Where the operations of batches lie. */
export function runsOf(batches: DiskBatches): BlockRun[] {
  const runs: BlockRun[] = [];
  for (const [slot, batch] of batches) {
    for (const operation of batch) {
      if (operation.kind === "sync") continue;
      const { length: lengthBytes } = operation.kind === "read" ? operation.into : operation.from;
      runs.push({ slot, offsetBytes: operation.offsetBytes, lengthBytes });
    }
  }
  return runs;
}
