/**
 * Reads all of an array in the background and puts right what does not agree (SPEC A2, A4): blocks and their checksums,
 * the copies of the checksums, parity and data. Without checksums nothing tells which of data and parity is right: data is
 * believed, as Linux md does, and the rest made to match.
 *
 * Cell by cell, each held for a moment, so that no write is seen half done; what looks wrong is read again and repaired by
 * `row-repair.ts`. Nothing is kept over a restart but the cursor in the report of a scrub that was stopped.
 */
import { reasonOf } from "@waystation/contracts/errors";
import { coveredByPageBytes } from "../core/checksum-layout.js";
import { blockBytes } from "../core/disk-layout.js";
import { cellAt, diskOffsetOfCell, stripeOfCell, type Cell } from "../core/geometry.js";
import { slots, type Slot } from "../core/level.js";
import { raidFailure } from "../errors.js";
import { createParityArena, type ParityArena } from "../parity/parity-arena.js";
import type { CellLocks } from "./cell-locks.js";
import type { ChecksumStore } from "./checksum-store.js";
import type { DiskBatches } from "./block-disk.js";
import type { Members } from "./members.js";
import { noFaults, type FaultCounts, type FoundFault, type RowRepair } from "./row-repair.js";
import { readVerified } from "./verified-reads.js";

export interface ScrubOptions {
  /** The stripe to begin with: `nextStripe` of a scrub that was stopped. */
  readonly fromStripe?: number;
}

export interface ScrubReport {
  /** Bytes of the disks that were read and checked. */
  readonly checkedBytes: number;
  readonly found: Readonly<FaultCounts>;
  /** The first of them. `offsetBytes` is on the disk. */
  readonly places: readonly (FoundFault & { readonly file: string | null })[];
  /** Where to go on; null when the end was reached. */
  readonly nextStripe: number | null;
  /** Why it ended early, if not because it was told to. */
  readonly failure: string | null;
}

export interface Scrub {
  progress(): { readonly doneBytes: number; readonly totalBytes: number };
  /** Ends at the next cell. */
  stop(): void;
  /** Never rejects. */
  readonly done: Promise<ScrubReport>;
}

export interface ScrubberOptions {
  readonly arrayName: string;
  readonly members: Members;
  readonly checksums: ChecksumStore | null;
  readonly repair: RowRepair;
  readonly locks: CellLocks;
  /** Awaited after each cell: lets host I/O go first. */
  readonly pause: () => Promise<void>;
}

export interface Scrubber {
  /** Throws `ARRAY_SCRUBBING` while one runs, `ARRAY_SHAPE` when there is no such stripe. */
  start(options?: ScrubOptions): Scrub;
  /** Ends the one that runs, if any. */
  stop(): Promise<void>;
}

/** So many places are reported one by one; all are counted. */
const placesMax = 100;

export function createScrubber(options: ScrubberOptions): Scrubber {
  const { geometry } = options.members;
  const totalBytes = geometry.dataBytesPerDisk * geometry.diskCount;
  let running: Scrub | null = null;

  const start = ({ fromStripe = 0 }: ScrubOptions): Scrub => {
    let cell = cellAt(geometry, fromStripe, 0);
    const end = geometry.stripeCount * geometry.windowsPerUnit;
    const found = noFaults();
    const places: (FoundFault & { file: string | null })[] = [];
    let checkedBytes = 0;
    let isStopped = false;
    let failure: string | null = null;
    const check = createCellCheck(options);

    const note = (faults: readonly FoundFault[]): void => {
      for (const fault of faults) {
        found[fault.kind]++;
        const file = options.members.list()[fault.slot]?.file ?? null;
        if (places.length < placesMax) places.push({ ...fault, file });
      }
    };
    const scrubCell = async (): Promise<void> => {
      // No round in between: it would have been planned from what is repaired here.
      const release = await options.locks.lockForRepair([cell]);
      try {
        const { rows, readBytes } = await check(cell);
        checkedBytes += readBytes;
        for (const row of rows) note((await options.repair.settle(row)).found);
      } finally {
        release();
      }
    };
    const run = async (): Promise<ScrubReport> => {
      try {
        for (; cell < end && !isStopped; cell++) {
          options.members.checkUsable();
          await scrubCell();
          await options.pause();
        }
        // Checksums that were put right are changed pages, which no checkpoint need follow.
        await options.checksums?.flush();
      } catch (error) {
        failure = reasonOf(error);
      }
      running = null;
      const nextStripe = cell < end ? stripeOfCell(geometry, cell) : null;
      return { checkedBytes, found, places, nextStripe, failure };
    };
    return {
      progress: () => ({ doneBytes: cell * geometry.windowBytes * geometry.diskCount, totalBytes }),
      stop: () => void (isStopped = true),
      done: run(),
    };
  };

  return {
    start(scrubOptions = {}) {
      const { arrayName } = options;
      const { fromStripe = 0 } = scrubOptions;
      if (running !== null) {
        const { doneBytes } = running.progress();
        const percent = Math.floor((100 * doneBytes) / totalBytes);
        const text = `Array ${arrayName} is being scrubbed (${percent} % done): wait for its end.`;
        throw raidFailure("ARRAY_SCRUBBING", text);
      }
      if (!Number.isSafeInteger(fromStripe) || fromStripe < 0 || fromStripe >= geometry.stripeCount) {
        const text = `Array ${arrayName} has ${geometry.stripeCount} stripes: a scrub cannot begin with ${fromStripe}.`;
        throw raidFailure("ARRAY_SHAPE", text);
      }
      running = start(scrubOptions);
      return running;
    },
    async stop() {
      running?.stop();
      await running?.done;
    },
  };
}

interface CellFinding {
  /** Offsets on the disks of rows of blocks that do not agree. */
  readonly rows: ReadonlySet<number>;
  readonly readBytes: number;
}

function createCellCheck(options: ScrubberOptions): (cell: Cell) => Promise<CellFinding> {
  const { members, checksums, locks } = options;
  const { geometry } = members;
  const { windowBytes, diskCount } = geometry;
  // A window for each disk, and for P and Q as they should be.
  const arena = createParityArena((diskCount + 2) * windowBytes);
  let lastPage = -1;

  const doubtfulRows = async (present: readonly Slot[], offsetBytes: number): Promise<number[]> => {
    const page = Math.floor((offsetBytes - geometry.dataOffsetBytes) / coveredByPageBytes);
    if (checksums === null || page === lastPage) return [];
    lastPage = page;
    const doubts = await Promise.all(present.map((slot) => checksums.compareCopies({ slot, offsetBytes })));
    return doubts.flat().map((doubt) => doubt.offsetBytes);
  };

  return async (cell) => {
    const stripe = stripeOfCell(geometry, cell);
    const offsetBytes = diskOffsetOfCell(geometry, cell);
    const release = await locks.lockForReading(cell);
    try {
      const absent = members.absentIn(stripe);
      const present = slots(diskCount).filter((slot) => !absent(slot));
      const rows = new Set(await doubtfulRows(present, offsetBytes));
      const reads: DiskBatches = new Map();
      for (const slot of present) {
        const into = arena.bytes.subarray(slot * windowBytes, (slot + 1) * windowBytes);
        reads.set(slot, [{ kind: "read", offsetBytes, into }]);
      }
      const { failed, wrongRows } = await readVerified(options, reads);
      for (const row of wrongRows) rows.add(row);
      // With a disk gone, redundancy has nothing left over to compare.
      if (present.length === diskCount && failed.size === 0) {
        for (const at of unequalBlocks(options, stripe, arena)) rows.add(offsetBytes + at);
      }
      return { rows, readBytes: (present.length - failed.size) * windowBytes };
    } finally {
      release();
    }
  };
}

/** Where in the window copies, or parity and data, do not agree. */
function* unequalBlocks({ members }: ScrubberOptions, stripe: number, arena: ParityArena): Generator<number> {
  const { geometry } = members;
  const { windowBytes, diskCount } = geometry;
  const layout = geometry.layoutOf(stripe);
  const window = (place: number): Buffer => arena.bytes.subarray(place * windowBytes, (place + 1) * windowBytes);
  const pairs: [number, number][] = layout.data.flatMap(([first, ...others]) => {
    return others.map((other): [number, number] => [first as Slot, other]);
  });
  if (layout.parity.length > 0) {
    const places = layout.parity.map((_, index) => diskCount + index);
    const units = layout.data.map(([slot]) => (slot as Slot) * windowBytes);
    const [p, q] = places.map((place) => place * windowBytes);
    arena.formParity({ p: p ?? null, q: q ?? null, units, lengthBytes: windowBytes });
    for (const [index, slot] of layout.parity.entries()) pairs.push([slot, places[index] as number]);
  }
  for (const [a, b] of pairs) {
    if (window(a).equals(window(b))) continue;
    for (let at = 0; at < windowBytes; at += blockBytes) {
      if (window(a).compare(window(b), at, at + blockBytes, at, at + blockBytes) !== 0) yield at;
    }
  }
}
