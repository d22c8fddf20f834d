/**
 * Reads of an array in any state: from the disk that holds a block, or, when that one is absent, worked out of what
 * the others hold. A disk that fails a read counts as absent there, or is ejected, and the read is done again without it.
 * Of a failed array, what can still be known can be read. With checksums, whatever is read is verified; what does not match
 * is read again and repaired under the cell's lock: it may have been amid being written.
 */
import { Failure } from "@waystation/contracts/errors";
import { presentCopy, type Term } from "../core/erasure.js";
import { blockBytes, roundUp } from "../core/disk-layout.js";
import {
  cellAt,
  diskOffsetOfStripe,
  unitPieceAt,
  unitPieces,
  type Geometry,
  type UnitPiece,
} from "../core/geometry.js";
import type { Slot } from "../core/level.js";
import { planUnitRead } from "../core/plan.js";
import { meets } from "../core/range-set.js";
import { createParityArena, type ParityArena } from "../parity/parity-arena.js";
import { weightedSum } from "../parity/weighted-sum.js";
import type { DiskBatches } from "./block-disk.js";
import type { CellLocks } from "./cell-locks.js";
import type { ChecksumStore } from "./checksum-store.js";
import type { IoCounters } from "./io-counters.js";
import type { Members } from "./members.js";
import type { RowRepair } from "./row-repair.js";
import type { LostBlocks } from "./stripe-log.js";
import { readVerified } from "./verified-reads.js";

/** Each further attempt follows a disk that failed, or blocks of one: it ends when something gives the same error again. */
const readAttemptsMax = 40;

export interface ArrayReader {
  /** Fills `into` from the range at `offsetBytes`, which lies within the array. Rejects with `IO_ERROR`. */
  read(offsetBytes: number, into: Buffer): Promise<void>;
  /** The same, lost blocks or not: what is stored in their place. Whole blocks only, if the array has checksums. */
  readStored(offsetBytes: number, into: Buffer): Promise<void>;
  /**
   * As `read`, before it returns, when the disks that hold the range are present and give it, and its checksums are in
   * memory and match. False otherwise: `into` then holds anything, and `read` reconstructs, repairs, ejects or fails.
   */
  readNow(offsetBytes: number, into: Uint8Array): boolean;
}

export interface ArrayReaderOptions {
  readonly members: Members;
  readonly checksums: ChecksumStore | null;
  readonly repair: RowRepair;
  readonly locks: CellLocks;
  readonly lost: LostBlocks;
  readonly counters: IoCounters;
}

/** The largest read that is not of whole blocks and still done at once: it goes through a buffer of this size. */
const partReadMaxBytes = 128 * 1024;

export function createArrayReader(options: ArrayReaderOptions): ArrayReader {
  const { members, checksums, repair, lost, counters } = options;
  const { geometry } = members;
  const reconstruct = createReconstructor(options);
  const scratch = Buffer.alloc(checksums === null ? 0 : partReadMaxBytes);

  /** Returns the pieces whose disk failed: they are to be planned anew. */
  const readPieces = async (pieces: readonly UnitPiece[], into: Buffer): Promise<UnitPiece[]> => {
    const reads: DiskBatches = new Map();
    const direct: { piece: UnitPiece; slot: Slot }[] = [];
    const indirect: { piece: UnitPiece; terms: readonly Term[] }[] = [];
    for (const piece of pieces) {
      const plan = planUnitRead(geometry.layoutOf(piece.stripe), members.absentIn(piece.stripe), piece.unit);
      if (plan.kind === "impossible") throw unreadable(members, piece);
      if (plan.kind === "reconstruct") {
        indirect.push({ piece, terms: plan.terms });
        continue;
      }
      const { slot } = plan;
      const batch = reads.get(slot) ?? [];
      reads.set(slot, batch);
      batch.push({ kind: "read", offsetBytes: diskOffsetOf(geometry, piece), into: partOf(into, piece) });
      direct.push({ piece, slot });
      counters.count("hostRead", piece.lengthBytes);
    }
    const { failed, wrongRows } = await readVerified(options, reads);
    const left = direct.filter(({ slot }) => failed.has(slot)).map(({ piece }) => piece);
    for (const { piece, terms } of indirect) {
      const rows = await reconstruct(piece, terms, partOf(into, piece));
      if (rows === null) left.push(piece);
      else await takeRepaired(rows, [piece], into);
    }
    await takeRepaired(wrongRows, pieces, into);
    return left;
  };

  /** Repairs these rows, and takes from them what the pieces want. */
  const takeRepaired = async (rows: ReadonlySet<number>, pieces: readonly UnitPiece[], into: Buffer): Promise<void> => {
    for (const rowOffset of rows) {
      const { data } = await repair.settle(rowOffset);
      for (const piece of pieces) {
        const at = rowOffset - diskOffsetOf(geometry, piece);
        if (at < 0 || at >= piece.lengthBytes) continue;
        const bytes = data[piece.unit] ?? null;
        if (bytes === null) throw corrupt(geometry, piece, at);
        partOf(into, piece).set(bytes, at);
      }
    }
  };

  const readStored = async (offsetBytes: number, into: Buffer): Promise<void> => {
    let pieces = unitPieces(geometry, offsetBytes, into.length);
    for (let attempts = 0; pieces.length > 0; attempts++) {
      if (attempts > readAttemptsMax) throw unreadable(members, pieces[0] as UnitPiece);
      pieces = await readPieces(pieces, into);
    }
  };

  const readPieceNow = (piece: UnitPiece, into: Uint8Array): boolean => {
    const slot = presentCopy(geometry.layoutOf(piece.stripe), members.absentIn(piece.stripe), piece.unit);
    if (slot === undefined) return false;
    const offsetBytes = diskOffsetOf(geometry, piece);
    if (!members.readNow(slot, offsetBytes, into)) return false;
    counters.count("hostRead", into.length);
    return checksums === null || checksums.verify(slot, offsetBytes, into) === "right";
  };

  const readPiecesNow = (offsetBytes: number, into: Uint8Array): boolean => {
    const range = { offsetBytes, lengthBytes: into.length };
    for (let done = 0; done < into.length;) {
      const piece = unitPieceAt(geometry, range, done);
      const part = piece.lengthBytes === into.length ? into : into.subarray(done, done + piece.lengthBytes);
      if (!readPieceNow(piece, part)) return false;
      done += piece.lengthBytes;
    }
    return true;
  };

  return {
    async read(offsetBytes, into) {
      if (lost.ranges.length > 0 && meets(lost.ranges, { offsetBytes, lengthBytes: into.length })) {
        throw new Failure(
          "IO_ERROR",
          `Blocks in ${into.length} bytes at ${offsetBytes} of the array were lost: more went at once than it survives. ` +
            `They can be read again once they have been written.`,
        );
      }
      if (checksums === null || isOfBlocks(offsetBytes, into.length)) return readStored(offsetBytes, into);
      const start = floorToBlock(offsetBytes);
      const whole = Buffer.allocUnsafe(roundUp(offsetBytes + into.length, blockBytes) - start);
      await readStored(start, whole);
      whole.copy(into, 0, offsetBytes - start);
    },
    readStored,
    readNow(offsetBytes, into) {
      if (lost.ranges.length > 0) return false;
      if (checksums === null || isOfBlocks(offsetBytes, into.length)) return readPiecesNow(offsetBytes, into);
      const start = floorToBlock(offsetBytes);
      const wholeBytes = roundUp(offsetBytes + into.length, blockBytes) - start;
      if (wholeBytes > scratch.length || !readPiecesNow(start, scratch.subarray(0, wholeBytes))) return false;
      into.set(scratch.subarray(offsetBytes - start, offsetBytes - start + into.length));
      return true;
    },
  };
}

function isOfBlocks(offsetBytes: number, lengthBytes: number): boolean {
  return offsetBytes % blockBytes === 0 && lengthBytes % blockBytes === 0;
}
/** The array has failed, or a disk that it needs does not give these blocks. */
function unreadable(members: Members, { stripe }: UnitPiece): Failure {
  members.checkUsable();
  const doubtful = members.list().filter(({ slot }) => members.doubts.errorsOf(slot) > 0);
  const files = doubtful.map(({ file }) => file).join(", ");
  return new Failure(
    "IO_ERROR",
    `Blocks of stripe ${stripe} cannot be read (${files}), and there is no redundancy to put them right from: replace ` +
      `the disks that are gone, then those.`,
  );
}

function floorToBlock(offsetBytes: number): number {
  return offsetBytes - (offsetBytes % blockBytes);
}

function diskOffsetOf(geometry: Geometry, { stripe, columnBytes }: UnitPiece): number {
  return diskOffsetOfStripe(geometry, stripe) + columnBytes;
}

function partOf(into: Buffer, { sourceBytes, lengthBytes }: UnitPiece): Buffer {
  return into.subarray(sourceBytes, sourceBytes + lengthBytes);
}

function corrupt(geometry: Geometry, { stripe, unit, columnBytes }: UnitPiece, atBytes: number): Failure {
  const offsetBytes = stripe * geometry.stripeBytes + unit * geometry.unitBytes + columnBytes + atBytes;
  return new Failure(
    "IO_ERROR",
    `The ${blockBytes} bytes at ${offsetBytes} of the array are corrupt, and nothing is left to repair them from. They ` +
      `can be read again once they have been written.`,
    { details: { offsetBytes } },
  );
}

type Reconstruct = (piece: UnitPiece, terms: readonly Term[], into: Buffer) => Promise<ReadonlySet<number> | null>;

/**
 * One reconstruction at a time: they share one arena. Resolves with the rows (offsets on the disks) in which a source is not
 * what its checksum says: what follows from it is not to be used. Null when a disk failed and the read must be planned anew.
 */
function createReconstructor(options: ArrayReaderOptions): Reconstruct {
  const { members, locks, counters } = options;
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
    const offsetBytes = diskOffsetOf(geometry, piece);
    const reads: DiskBatches = new Map();
    for (const { slot, at } of sources) {
      reads.set(slot, [{ kind: "read", offsetBytes, into: bytes.subarray(at, at + into.length) }]);
      counters.count("reconstructionRead", into.length);
    }
    const release = await locks.lockForReading(cellAt(geometry, piece.stripe, piece.columnBytes));
    const { failed, wrongRows } = await readVerified(options, reads).finally(release);
    if (failed.size > 0) return null;
    weightedSum(arena, 0, sources, into.length);
    bytes.copy(into, 0, 0, into.length);
    return wrongRows;
  };

  const readPiece: Reconstruct = async (piece, terms, into) => {
    const wrongRows = new Set<number>();
    // Cell by cell: a cell is what the locks know.
    for (let done = 0; done < piece.lengthBytes;) {
      const columnBytes = piece.columnBytes + done;
      const toBorder = geometry.windowBytes - (columnBytes % geometry.windowBytes);
      const lengthBytes = Math.min(toBorder, piece.lengthBytes - done);
      const part = into.subarray(done, done + lengthBytes);
      const rows = await readCellPart({ ...piece, columnBytes, lengthBytes }, terms, part);
      if (rows === null) return null;
      for (const row of rows) wrongRows.add(row);
      done += lengthBytes;
    }
    return wrongRows;
  };

  return async (piece, terms, into) => {
    const mine = turn.then(() => readPiece(piece, terms, into));
    turn = mine.catch(() => {});
    return mine;
  };
}
