/**
 * Reads of an array in any state: from the disk that holds a block, or, when that one is absent, worked out of what
 * the others hold. A disk that fails a read is ejected and the read done again without it.
 */
import { Failure } from "@waystation/contracts/errors";
import { presentCopy, type Term } from "../core/erasure.js";
import { cellAt, diskOffsetOfStripe, unitPieceAt, unitPieces, type UnitPiece } from "../core/geometry.js";
import type { Slot } from "../core/level.js";
import { planUnitRead } from "../core/plan.js";
import { meets } from "../core/range-set.js";
import { createParityArena, type ParityArena } from "../parity/parity-arena.js";
import { weightedSum } from "../parity/weighted-sum.js";
import type { DiskOperation } from "./block-disk.js";
import type { CellLocks } from "./cell-locks.js";
import type { IoCounters } from "./io-counters.js";
import type { Members } from "./members.js";
import type { LostBlocks } from "./stripe-log.js";

export interface ArrayReader {
  /** Fills `into` from the range at `offsetBytes`, which lies within the array. Rejects with `IO_ERROR`. */
  read(offsetBytes: number, into: Buffer): Promise<void>;
  /**
   * The same before it returns, when the disks that hold the range are present and give it. False otherwise: `into`
   * then holds anything, and `read` reconstructs, ejects or fails.
   */
  readNow(offsetBytes: number, into: Uint8Array): boolean;
}

export interface ArrayReaderOptions {
  readonly members: Members;
  readonly locks: CellLocks;
  readonly lost: LostBlocks;
  readonly counters: IoCounters;
}

export function createArrayReader(options: ArrayReaderOptions): ArrayReader {
  const { members, lost, counters } = options;
  const { geometry } = members;
  const reconstruct = createReconstructor(options);

  /** Null when all was read; otherwise the pieces of it whose disk failed. */
  const readPieces = async (pieces: readonly UnitPiece[], into: Buffer): Promise<UnitPiece[]> => {
    const batches = new Map<Slot, { operations: DiskOperation[]; pieces: UnitPiece[] }>();
    const indirect: { piece: UnitPiece; terms: readonly Term[] }[] = [];
    for (const piece of pieces) {
      const plan = planUnitRead(geometry.layoutOf(piece.stripe), members.absentIn(piece.stripe), piece.unit);
      if (plan.kind === "impossible") throw new Failure("IO_ERROR", "more disks are gone than the array survives");
      if (plan.kind === "reconstruct") {
        indirect.push({ piece, terms: plan.terms });
        continue;
      }
      const batch = batches.get(plan.slot) ?? { operations: [], pieces: [] };
      batches.set(plan.slot, batch);
      const part = into.subarray(piece.sourceBytes, piece.sourceBytes + piece.lengthBytes);
      const offsetBytes = diskOffsetOfStripe(geometry, piece.stripe) + piece.columnBytes;
      batch.operations.push({ kind: "read", offsetBytes, into: part });
      batch.pieces.push(piece);
      counters.count("hostRead", piece.lengthBytes);
    }
    const failed = await Promise.all(
      [...batches].map(async ([slot, batch]) => ((await members.submit(slot, batch.operations)) ? [] : batch.pieces)),
    );
    for (const { piece, terms } of indirect) {
      const part = into.subarray(piece.sourceBytes, piece.sourceBytes + piece.lengthBytes);
      if (!(await reconstruct(piece, terms, part))) failed.push([piece]);
    }
    return failed.flat();
  };

  return {
    async read(offsetBytes, into) {
      members.checkUsable();
      if (lost.ranges.length > 0 && meets(lost.ranges, { offsetBytes, lengthBytes: into.length })) {
        throw new Failure(
          "IO_ERROR",
          `Blocks in ${into.length} bytes at ${offsetBytes} of the array were lost: a disk went in the same crash that ` +
            `interrupted a write to them. They can be read again once they have been written.`,
        );
      }
      let pieces = unitPieces(geometry, offsetBytes, into.length);
      while (pieces.length > 0) {
        pieces = await readPieces(pieces, into);
        members.checkUsable();
      }
    },
    readNow(offsetBytes, into) {
      if (members.isFailed() || lost.ranges.length > 0) return false;
      const range = { offsetBytes, lengthBytes: into.length };
      for (let done = 0; done < into.length;) {
        const { stripe, unit, columnBytes, lengthBytes } = unitPieceAt(geometry, range, done);
        const slot = presentCopy(geometry.layoutOf(stripe), members.absentIn(stripe), unit);
        if (slot === undefined) return false;
        const part = lengthBytes === into.length ? into : into.subarray(done, done + lengthBytes);
        if (!members.readNow(slot, diskOffsetOfStripe(geometry, stripe) + columnBytes, part)) return false;
        counters.count("hostRead", lengthBytes);
        done += lengthBytes;
      }
      return true;
    },
  };
}

type Reconstruct = (piece: UnitPiece, terms: readonly Term[], into: Buffer) => Promise<boolean>;

/** One reconstruction at a time: they share one arena. False when a disk failed and the read must be planned anew. */
function createReconstructor({ members, locks, counters }: ArrayReaderOptions): Reconstruct {
  const { geometry } = members;
  let arena: ParityArena | null = null;
  let turn: Promise<unknown> = Promise.resolve();

  const readCellPart: Reconstruct = async (piece, terms, into) => {
    // A window for the sum, and one for each disk that it is made of.
    arena ??= createParityArena(geometry.windowBytes * (1 + geometry.diskCount));
    const sources = terms.map(({ slot, coefficient }, index) => {
      return { slot, coefficient, at: (1 + index) * geometry.windowBytes };
    });
    const { bytes } = arena;
    const release = await locks.lockForReading(cellAt(geometry, piece.stripe, piece.columnBytes));
    try {
      const offsetBytes = diskOffsetOfStripe(geometry, piece.stripe) + piece.columnBytes;
      const reads = sources.map(({ slot, at }) => {
        counters.count("reconstructionRead", into.length);
        return members.submit(slot, [{ kind: "read", offsetBytes, into: bytes.subarray(at, at + into.length) }]);
      });
      if ((await Promise.all(reads)).includes(false)) return false;
    } finally {
      release();
    }
    weightedSum(arena, 0, sources, into.length);
    bytes.copy(into, 0, 0, into.length);
    return true;
  };

  const readPiece: Reconstruct = async (piece, terms, into) => {
    // Cell by cell: a cell is what the locks know.
    for (let done = 0; done < piece.lengthBytes;) {
      const columnBytes = piece.columnBytes + done;
      const toBorder = geometry.windowBytes - (columnBytes % geometry.windowBytes);
      const lengthBytes = Math.min(toBorder, piece.lengthBytes - done);
      const part = into.subarray(done, done + lengthBytes);
      if (!(await readCellPart({ ...piece, columnBytes, lengthBytes }, terms, part))) return false;
      done += lengthBytes;
    }
    return true;
  };

  return async (piece, terms, into) => {
    const mine = turn.then(() => readPiece(piece, terms, into));
    turn = mine.catch(() => {});
    return mine;
  };
}
