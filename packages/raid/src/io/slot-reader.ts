/**
 * Works out what a disk must hold, many stripes at a time: for rebuilding it, and for putting right what it failed to
 * give. The caller holds the cells, so that the disks agree with each other.
 */
import type { Absent } from "../core/erasure.js";
import { diskOffsetOfStripe } from "../core/geometry.js";
import type { Slot } from "../core/level.js";
import { solveSlot } from "../core/slot-recovery.js";
import { stripeAtDiskOffset } from "../core/stripe-range.js";
import { createParityArena, type ParityArena } from "../parity/parity-arena.js";
import { weightedSum } from "../parity/weighted-sum.js";
import type { DiskBatches, DiskOperation } from "./block-disk.js";
import type { ChecksumStore } from "./checksum-store.js";
import type { Members } from "./members.js";
import { readVerified } from "./verified-reads.js";

/** Of one disk. */
export interface DiskRange {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export type SlotReading =
  /** The bytes are valid until the next reading. */
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  /** A disk failed meanwhile: what it was read for may still follow from others. */
  | { readonly kind: "again" }
  /** Rows (offsets on the disks) in which a disk does not hold what its checksum says. */
  | { readonly kind: "wrong"; readonly rows: ReadonlySet<number> }
  | { readonly kind: "impossible" };

export interface SlotReader {
  /** The longest range that can be asked for. */
  readonly rangeBytesMax: number;
  /** One at a time. The range is in the data area. `absentIn` says otherwise than the members what can be read. */
  read(slot: Slot, range: DiskRange, absentIn?: (stripe: number) => Absent): Promise<SlotReading>;
}

const rangeBytesTarget = 1024 * 1024;
const arenaBytesTarget = 16 * 1024 * 1024;

export interface SlotReaderOptions {
  readonly members: Members;
  /** Null for an array without checksums: then what the disks give is believed. */
  readonly checksums: ChecksumStore | null;
}

export function createSlotReader(options: SlotReaderOptions): SlotReader {
  const { members } = options;
  const { geometry } = members;
  const { unitBytes, diskCount } = geometry;
  const rangeBytesMax = Math.min(rangeBytesTarget, 2 ** Math.floor(Math.log2(arenaBytesTarget / diskCount)));
  let arena: ParityArena | null = null;

  return {
    rangeBytesMax,
    async read(slot, range, absentIn = (stripe) => members.absentIn(stripe)) {
      // Each disk has a part of the arena, in which a byte lies where it does in the range.
      const kernel = (arena ??= createParityArena(rangeBytesMax * diskCount));
      const { bytes } = kernel;
      const at = (of: Slot, offsetBytes: number): number => of * rangeBytesMax + offsetBytes - range.offsetBytes;
      const reads = new Map<Slot, DiskRange[]>();
      const sums: (() => void)[] = [];
      for (const part of partsOf(range)) {
        const stripe = stripeAtDiskOffset(geometry, part.offsetBytes);
        const terms = solveSlot(geometry.layoutOf(stripe), absentIn(stripe), slot);
        if (terms === null) return { kind: "impossible" };
        for (const term of terms) addRange(reads, term.slot, part);
        const sources = terms.map((term) => ({ at: at(term.slot, part.offsetBytes), coefficient: term.coefficient }));
        sums.push(() => weightedSum(kernel, at(slot, part.offsetBytes), sources, part.lengthBytes));
      }
      const batches: DiskBatches = new Map();
      for (const [from, ranges] of reads) {
        const batch = ranges.map(({ offsetBytes, lengthBytes }): DiskOperation => {
          const start = at(from, offsetBytes);
          return { kind: "read", offsetBytes, into: bytes.subarray(start, start + lengthBytes) };
        });
        batches.set(from, batch);
      }
      const { failed, wrongRows } = await readVerified(options, batches);
      if (failed.size > 0) return { kind: "again" };
      if (wrongRows.size > 0) return { kind: "wrong", rows: wrongRows };
      for (const sum of sums) sum();
      const start = at(slot, range.offsetBytes);
      return { kind: "bytes", bytes: bytes.subarray(start, start + range.lengthBytes) };
    },
  };

  /** The parts of a range by stripe. */
  function* partsOf({ offsetBytes, lengthBytes }: DiskRange): Generator<DiskRange> {
    const end = offsetBytes + lengthBytes;
    for (let start = offsetBytes; start < end;) {
      const border = diskOffsetOfStripe(geometry, stripeAtDiskOffset(geometry, start)) + unitBytes;
      const length = Math.min(border, end) - start;
      yield { offsetBytes: start, lengthBytes: length };
      start += length;
    }
  }
}

/** Ranges of a disk that follow each other are read as one. */
function addRange(reads: Map<Slot, DiskRange[]>, slot: Slot, range: DiskRange): void {
  const of = reads.get(slot) ?? [];
  reads.set(slot, of);
  const last = of.at(-1);
  if (last !== undefined && last.offsetBytes + last.lengthBytes === range.offsetBytes) {
    of[of.length - 1] = { ...last, lengthBytes: last.lengthBytes + range.lengthBytes };
  } else of.push(range);
}
