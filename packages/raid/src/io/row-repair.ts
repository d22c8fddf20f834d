/**
 * Puts right a row of blocks (those of all disks at one place of a stripe) in which something does not agree: reads all of
 * it under the cell's lock, decides what is right (`core/row-verdict.ts`), and writes what is not.
 *
 * What a crash finds: a repair changes no content, so nothing of it is in the stripe log, or synced. Right before the write
 * of a block it is as it was found; amid it, torn, and then it is found again by its checksum; after it, right or as it was. A checksum is put
 * right in memory and flushed with the others (`checksum-pages.ts`); until then it is found again. Replay of the log puts
 * the same content there.
 */
import { Failure } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import { blockEntry, entryAt, setEntries, type EntryList } from "../core/checksum.js";
import { blockBytes } from "../core/disk-layout.js";
import { cellAt } from "../core/geometry.js";
import { slots, type Slot } from "../core/level.js";
import { judgeRow, type Fault, type FaultKind, type Row, type RowBlock, type RowVerdict } from "../core/row-verdict.js";
import { stripeAtDiskOffset } from "../core/stripe-range.js";
import type { CellLocks } from "./cell-locks.js";
import type { ChecksumStore } from "./checksum-store.js";
import type { Members } from "./members.js";

/** What was found wrong on one disk since the array was opened. `unknown`: data that could not be repaired. */
export type FaultCounts = Record<FaultKind | "unknown", number>;

export function noFaults(): FaultCounts {
  return { data: 0, parity: 0, checksum: 0, unknown: 0 };
}

/** A fault as it is reported: `offsetBytes` is on the disk. */
export interface FoundFault {
  readonly slot: Slot;
  readonly offsetBytes: number;
  readonly kind: FaultKind | "unknown";
}

export interface RowRepair {
  /** Repairs the row at this offset of its disks. Rejects with `IO_ERROR` when the array has failed. */
  settle(offsetBytes: number, options?: SettleOptions): Promise<SettledRow>;
  /** Counts and logs what was found elsewhere. */
  note(found: readonly FoundFault[]): void;
  /** By slot. */
  counts(): readonly FaultCounts[];
}

export interface SettleOptions {
  /** What is wrong there may be the work of a crash: nobody is told of corruption. */
  readonly isQuiet: boolean;
}

export interface SettledRow {
  /** The bytes of each data unit; null where nothing certain is left. */
  readonly data: RowVerdict["data"];
  readonly found: readonly FoundFault[];
}

export interface RowRepairOptions {
  readonly members: Members;
  /** Null for an array without checksums: its data is believed, and its redundancy made to match. */
  readonly checksums: ChecksumStore | null;
  readonly locks: CellLocks;
  readonly log: Log;
}

const attemptsMax = 40;
/** So many faults are logged one by one; all are counted. */
const loggedMax = 1000;
/** A disk with more corrupt blocks than this is not worth repairing: 16 MiB. */
const corruptBlocksMax = 4096;

export function createRowRepair(options: RowRepairOptions): RowRepair {
  const { members, checksums, locks } = options;
  const { geometry } = members;
  const counts = slots(geometry.diskCount).map(noFaults);
  let logged = 0;

  /** Null when a disk failed: there is one less to judge by. */
  const readRow = async (present: ReadonlySet<Slot>, offsetBytes: number): Promise<Row | null> => {
    const read = async (slot: Slot): Promise<RowBlock | null | "failed"> => {
      if (!present.has(slot)) return null;
      const bytes = Buffer.alloc(blockBytes);
      if (!(await members.submit(slot, [{ kind: "read", offsetBytes, into: bytes }]))) return "failed";
      const claims = (await checksums?.claims({ slot, offsetBytes })) ?? [];
      return { bytes, entry: blockEntry(bytes), claims };
    };
    const row = await Promise.all(slots(geometry.diskCount).map(read));
    return row.includes("failed") ? null : (row as Row);
  };

  const write = async (fault: Fault, row: Row, offsetBytes: number): Promise<void> => {
    const { slot, kind, bytes } = fault;
    if (kind !== "checksum") await rewrite(fault, offsetBytes);
    const list = entryListOf(bytes);
    if (row[slot]?.claims.some((claim) => claim !== entryAt(list, 0)) === true) {
      checksums?.put({ slot, offsetBytes }, list, 1);
    }
  };

  /** A disk that does not keep what is written, or has too much wrong, is ejected while the others can do without it. */
  const rewrite = async ({ slot, bytes }: Fault, offsetBytes: number): Promise<void> => {
    const into = Buffer.alloc(blockBytes);
    const isDone = await members.submit(slot, [
      { kind: "write", offsetBytes, from: bytes, durable: false },
      { kind: "read", offsetBytes, into },
    ]);
    const { data, parity } = counts[slot] as FaultCounts;
    const isKept = into.equals(bytes);
    if (!isDone || (isKept && data + parity < corruptBlocksMax)) return;
    if (!geometry.survives((other) => other === slot || members.isIncomplete(other))) return;
    const file = members.list()[slot]?.file ?? `slot ${slot}`;
    const what = isKept
      ? `more than ${corruptBlocksMax} blocks were corrupt`
      : `a repair at ${offsetBytes} is not there`;
    members.eject(slot, `${file} cannot be trusted: ${what}`);
  };

  const note = (found: readonly FoundFault[]): void => {
    for (const { slot, offsetBytes, kind } of found) {
      (counts[slot] as FaultCounts)[kind]++;
      if (logged++ >= loggedMax) continue;
      const file = members.list()[slot]?.file ?? null;
      const text = kind === "unknown" ? "corruption that cannot be repaired" : "corruption found and repaired";
      options.log.warn({ slot, file, offsetBytes, kind }, text);
    }
  };

  const settleHeld = async (present: ReadonlySet<Slot>, offsetBytes: number): Promise<SettledRow | null> => {
    const row = await readRow(present, offsetBytes);
    if (row === null) return null;
    const stripe = stripeAtDiskOffset(geometry, offsetBytes);
    const layout = geometry.layoutOf(stripe);
    const { faults, unknown, data } = judgeRow(layout, row, blockEntry);
    for (const fault of faults) await write(fault, row, offsetBytes);
    // Nothing will ever tell who is right there: what disks say of it may be made the same.
    for (const slot of slots(geometry.diskCount)) checksums?.dropDoubt({ slot, offsetBytes });
    const lost = unknown.flatMap((unit) => layout.data[unit] ?? []).filter((slot) => row[slot] !== null);
    const found: FoundFault[] = faults.map(({ slot, kind }) => ({ slot, offsetBytes, kind }));
    found.push(...lost.map((slot) => ({ slot, offsetBytes, kind: "unknown" as const })));
    return { data, found };
  };

  return {
    async settle(offsetBytes, { isQuiet } = { isQuiet: false }) {
      const inData = offsetBytes - geometry.dataOffsetBytes;
      const stripe = Math.floor(inData / geometry.unitBytes);
      const release = await locks.lockForWriting([cellAt(geometry, stripe, inData % geometry.unitBytes)]);
      try {
        // Each further attempt follows the loss of a disk, or of a block of one.
        for (let attempts = 0; attempts < attemptsMax; attempts++) {
          members.checkUsable();
          // Once and for all of this attempt: a disk that is being rebuilt may become present meanwhile.
          const absent = members.absentIn(stripe);
          const present = slots(geometry.diskCount).filter((slot) => !absent(slot));
          const runs = present.map((slot) => ({ slot, offsetBytes, lengthBytes: blockBytes }));
          const hold = await checksums?.hold(runs, "update");
          const settled = await settleHeld(new Set(present), offsetBytes).finally(() => hold?.release());
          if (settled === null) continue;
          if (!isQuiet) note(settled.found);
          return settled;
        }
        throw new Failure("IO_ERROR", `Blocks at ${offsetBytes} of the disks cannot be read, and not be put right.`);
      } finally {
        release();
      }
    },
    note,
    counts: () => counts,
  };
}

function entryListOf(bytes: Uint8Array): EntryList {
  const list = { entries: new DataView(new ArrayBuffer(4)), first: 0 };
  setEntries(list, bytes);
  return list;
}
