/**
 * Puts right what a disk failed to give: worked out of the others, written again and read back, which makes most disks
 * give it up for good sectors. What cannot be worked out stays as it is: an I/O error for that range, until the disk gives
 * it after all. No write gets there before: the cells are wanted for a repair from the moment of the error on.
 */
import { isFailure } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import { diskOffsetOfStripe } from "../core/geometry.js";
import type { Slot } from "../core/level.js";
import { cellsOfStripes } from "../core/stripe-range.js";
import type { DiskOperation } from "./block-disk.js";
import type { CellLocks } from "./cell-locks.js";
import { createSlotReader, type DiskRange } from "./slot-reader.js";
import { writeSlot, type SlotWriterOptions } from "./slot-writer.js";

export interface DoubtSettler {
  /** Resolves when nothing is in doubt any more. */
  idle(): Promise<void>;
}

export interface DoubtSettlerOptions extends SlotWriterOptions {
  readonly locks: CellLocks;
  readonly arrayName: string;
  readonly log: Log;
}

const attemptsMax = 8;

export function createDoubtSettler(options: DoubtSettlerOptions): DoubtSettler {
  const { members, repair, locks, arrayName, log } = options;
  const { geometry } = members;
  const reader = createSlotReader(options);
  const pending = new Set<Promise<void>>();
  // One at a time: they share the reader's memory.
  let turn: Promise<unknown> = Promise.resolve();

  const repairRange = async (slot: Slot, range: DiskRange): Promise<boolean> => {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const reading = await reader.read(slot, range);
      if (reading.kind === "impossible") return false;
      if (reading.kind === "wrong") for (const row of reading.rows) await repair.settle(row);
      if (reading.kind !== "bytes") continue;
      const write = { slot, offsetBytes: range.offsetBytes, bytes: reading.bytes, durable: true };
      if (!(await writeSlot(options, write))) return true;
      const readBack: DiskOperation = {
        kind: "read",
        offsetBytes: range.offsetBytes,
        into: Buffer.alloc(range.lengthBytes),
      };
      if (!(await members.tryOut(slot, [readBack]))) members.eject(slot, "it cannot read what was just written to it");
      return true;
    }
    return false;
  };

  const putRight = async (slot: Slot, stripe: number): Promise<void> => {
    const start = diskOffsetOfStripe(geometry, stripe);
    const stepBytes = Math.min(geometry.unitBytes, reader.rangeBytesMax);
    const { file } = members.list()[slot] ?? {};
    for (let done = 0; done < geometry.unitBytes; done += stepBytes) {
      // Gone, or put right with the rest of the disk: nothing is in doubt any more.
      if (!members.doubts.has(slot, stripe)) return;
      if (await repairRange(slot, { offsetBytes: start + done, lengthBytes: stepBytes })) continue;
      log.error({ array: arrayName, slot, file, stripe }, "unreadable, and nothing to put it right from");
      return;
    }
    log.warn({ array: arrayName, slot, file, stripe }, "written again what could not be read");
  };

  const settle = async (slot: Slot, stripe: number): Promise<void> => {
    // At once, not when its turn comes: from now on no round may begin there.
    const release = await locks.lockForRepair(cellsOfStripes(geometry, { from: stripe, to: stripe + 1 }));
    const mine = turn.then(() => putRight(slot, stripe));
    turn = mine.catch(() => {});
    try {
      await mine;
    } catch (error) {
      // Too much else has failed; what it was wanted for says so.
      if (!isFailure(error, "IO_ERROR")) throw error;
      log.error({ array: arrayName, slot, stripe, reason: error.message }, "cannot be put right");
    } finally {
      members.doubts.forget(slot, stripe);
      release();
    }
  };

  members.doubts.handleWith((slot, stripe) => {
    const settling = settle(slot, stripe).finally(() => pending.delete(settling));
    pending.add(settling);
  });

  return {
    async idle() {
      while (pending.size > 0) await Promise.allSettled(pending);
    },
  };
}
