/**
 * An open array: a flat range of bytes on its disks (SPEC A1-A3). `write` and `zero` may be buffered until `flush`
 * (`write-back.ts`), batches are durable when they complete. Any number may be in flight; whoever overlaps them decides
 * their order by waiting.
 *
 * One opener at a time: the caller holds the lock of the array's directories.
 */
import assert from "node:assert";
import type { BlockWrite, StripeStore } from "@waystation/contracts/block-device";
import { endOf, within, type ByteRange } from "@waystation/contracts/byte-range";
import { systemClock, type Clock } from "@waystation/contracts/clock";
import { Failure, isFailure, reasonOf } from "@waystation/contracts/errors";
import { silentLog, type Log } from "@waystation/contracts/log";
import { blockBytes, superblockOffsets } from "../core/disk-layout.js";
import { arrayOffsetOfCell, diskBytesNeeded, type Cell, type CellPiece, type Geometry } from "../core/geometry.js";
import type { RaidLevel } from "../core/level.js";
import { decideMembership, type Membership } from "../core/membership.js";
import type { DiskFinding } from "../core/membership-refusals.js";
import { readSuperblock } from "../core/superblock.js";
import { raidFailure } from "../errors.js";
import { createArrayReader } from "./array-reader.js";
import { firstFailure, type BlockDisk, type DiskPlace } from "./block-disk.js";
import { createCellLocks, type CellLocks } from "./cell-locks.js";
import { createChecksumStore, type ChecksumStore } from "./checksum-store.js";
import { createCommitter } from "./committer.js";
import { createIoCounters, type IoCounts } from "./io-counters.js";
import { createMembers, type Member, type Members } from "./members.js";
import { recoverLog, type RecoveryReport } from "./recovery.js";
import { createRowRepair, type FaultCounts, type RowRepair } from "./row-repair.js";
import { createStripeLog, type LostBlocks, type StripeLog } from "./stripe-log.js";
import { createWriteBack, writeBackBytesDefault, type WriteBackOptions } from "./write-back.js";
import type { QueuedWrite } from "./write-groups.js";
import { createWriteQueue } from "./write-queue.js";

/** `degraded`: all data is there, with less redundancy than the level has. `failed`: everything is an `IO_ERROR`. */
export type ArrayStatus = "optimal" | "degraded" | "failed";

export interface ArrayState {
  readonly status: ArrayStatus;
  readonly disks: readonly {
    readonly slot: number;
    /** Null when no disk was found for the slot. */
    readonly file: string | null;
    readonly state: "active" | "absent";
    /** Why it is absent, or "current". */
    readonly reason: string;
    /** Blocks found corrupt on it since the array was opened, and whether they could be repaired. */
    readonly corrupt: FaultCounts;
  }[];
  /** Bytes that cannot be read until they have been written again (a disk lost in the crash that tore a write). */
  readonly lostBytes: number;
}

export interface RaidArray extends StripeStore {
  readonly id: string;
  readonly name: string;
  readonly geometry: Geometry;
  /** What opening had to put right. */
  readonly recovery: RecoveryReport;
  state(): ArrayState;
  /** What the disks were asked for since the array was opened, and why. */
  counters(): IoCounts;
}

export interface OpenArrayOptions {
  /** In any order: each superblock says which slot its disk has. */
  readonly disks: readonly DiskPlace[];
  /** What the configuration says. An array that differs is refused with `ARRAY_MISMATCH`. */
  readonly expect?: {
    readonly name?: string;
    readonly level?: RaidLevel;
    readonly diskCount?: number;
    readonly unitBytes?: number;
  };
  readonly log?: Log;
  /** Memory for writes that are not flushed yet; 0: every write is durable when it completes. */
  readonly writeBackBytes?: number;
  /** When what was buffered is written in the background. */
  readonly clock?: Clock;
  /** Called when a disk is ejected. */
  readonly onStateChange?: (state: ArrayState) => void;
}

/** Opens an array, degraded if that is legal, and recovers it from a crash before it returns. */
export async function openArray(options: OpenArrayOptions): Promise<RaidArray> {
  const log = options.log ?? silentLog;
  const opened: BlockDisk[] = [];
  try {
    const { membership, members: found } = await findMembers(options, opened);
    const { newest, geometry } = membership;
    let announce = (): void => {};
    const members = createMembers({ geometry, superblock: newest, members: found, log, onChange: () => announce() });
    for (const { slot, file, disk, reason } of found) {
      if (disk === null) log.warn({ array: newest.arrayName, slot, file, reason }, "array opens without this disk");
    }
    // Before anything is written: whoever is not here now misses it, and is known as stale from then on.
    await members.raiseGeneration();
    members.checkUsable();
    const locks = createCellLocks();
    const checksums = geometry.checksums ? createChecksumStore(members) : null;
    const repair = createRowRepair({ members, checksums, locks, log });
    const { arrayId } = newest;
    const recovered = geometry.logBytes === 0 ? null : await recoverLog({ members, arrayId, checksums, repair });
    const lost = recovered?.log.lost ?? { ranges: [] };
    const stripeLog = recovered === null ? null : createStripeLog(recovered.log);
    const recovery = recovered?.report ?? { recordsReplayed: 0, cellsReformed: 0 };
    const identity = { id: newest.arrayId, name: newest.arrayName, recovery };
    const writeBack = {
      limitBytes: options.writeBackBytes ?? writeBackBytesDefault,
      clock: options.clock ?? systemClock,
      log,
    };
    const array = composeArray({ identity, members, stripeLog, lost, locks, checksums, repair, writeBack });
    announce = () => options.onStateChange?.(array.state());
    return array;
  } catch (error) {
    for (const disk of opened) await disk.close();
    throw error;
  }
}

async function findMembers(
  options: OpenArrayOptions,
  opened: BlockDisk[],
): Promise<{ membership: Membership; members: Member[] }> {
  const findings: DiskFinding[] = [];
  const disks = new Map<string, BlockDisk>();
  for (const place of options.disks) {
    try {
      const disk = await place.open();
      opened.push(disk);
      disks.set(place.file, disk);
      findings.push(await examine(place.file, disk));
    } catch (error) {
      findings.push({ file: place.file, place: "disk", reading: { kind: "missing", reason: reasonOf(error) } });
    }
  }
  const membership = decideMembership(findings);
  checkExpected(options, membership);
  const neededBytes = diskBytesNeeded(membership.geometry);
  const members = membership.slots.map(({ slot, file, standing, reason, record }): Member => {
    const disk = standing === "current" && file !== null ? (disks.get(file) ?? null) : null;
    if (disk !== null && disk.sizeBytes < neededBytes) {
      const text = `${disk.file} has ${disk.sizeBytes} bytes of the ${neededBytes} that its array uses: it was cut short.`;
      throw raidFailure("DISK_TOO_SMALL", text);
    }
    return { slot, file, disk, reason, record };
  });
  // Those that are not trusted are never touched again.
  for (const disk of disks.values()) {
    if (members.some((member) => member.disk === disk)) continue;
    opened.splice(opened.indexOf(disk), 1);
    await disk.close();
  }
  return { membership, members };
}

async function examine(file: string, disk: BlockDisk): Promise<DiskFinding> {
  const copies = superblockOffsets.map(() => Buffer.alloc(blockBytes));
  const failure = firstFailure(
    await disk.submit(
      superblockOffsets.map((offsetBytes, copy) => ({ kind: "read", offsetBytes, into: copies[copy] as Buffer })),
    ),
  );
  if (failure !== null) return { file, place: "disk", reading: { kind: "missing", reason: failure.message } };
  return { file, place: "disk", reading: readSuperblock(copies) };
}

function checkExpected({ expect }: OpenArrayOptions, { newest }: Membership): void {
  const actual = { name: newest.arrayName, ...newest.shape };
  for (const [key, wanted] of Object.entries(expect ?? {})) {
    const found = actual[key as keyof typeof actual];
    if (found === wanted) continue;
    const text = `The array on the disks has ${key} ${found}, the configuration says ${wanted}: correct the configuration.`;
    throw raidFailure("ARRAY_MISMATCH", text);
  }
}

interface ArrayParts {
  readonly identity: Pick<RaidArray, "id" | "name" | "recovery">;
  readonly members: Members;
  readonly stripeLog: StripeLog | null;
  readonly lost: LostBlocks;
  readonly locks: CellLocks;
  readonly checksums: ChecksumStore | null;
  readonly repair: RowRepair;
  readonly writeBack: Pick<WriteBackOptions, "limitBytes" | "clock" | "log">;
}

function composeArray(parts: ArrayParts): RaidArray {
  const { identity, members, stripeLog, lost, repair } = parts;
  const { geometry } = members;
  const counters = createIoCounters();
  const reader = createArrayReader({ ...parts, counters });
  const committer = createCommitter({ ...parts, log: stripeLog, reader, counters });
  let closing: Promise<void> | null = null;

  const readsAsZeros = async (cell: Cell, pieces: readonly CellPiece[]): Promise<boolean> => {
    if (lost.ranges.length > 0 || members.isFailed()) return false;
    for (const { unit, columnBytes, lengthBytes } of pieces) {
      const into = Buffer.allocUnsafe(lengthBytes);
      try {
        await reader.read(arrayOffsetOfCell(geometry, cell, unit) + columnBytes, into);
      } catch (error) {
        // What cannot be read is not known to be zeros: writing them is what makes it readable.
        if (isFailure(error, "IO_ERROR")) return false;
        throw error;
      }
      if (into[0] !== 0 || !into.subarray(1).equals(into.subarray(0, -1))) return false;
    }
    return true;
  };
  const reservedBytes = (): number => geometry.recordBytesMax / (lost.ranges.length > 0 ? 4 : 16);
  const queue = createWriteQueue({ geometry, committer, readsAsZeros, reservedBytes });
  const buffered = createWriteBack({
    ...parts.writeBack,
    geometry,
    submit: (writes) => queue.submit(writes),
    read: (offsetBytes, into) => reader.read(offsetBytes, into),
    readNow: (offsetBytes, into) => reader.readNow(offsetBytes, into),
  });

  const check = (offsetBytes: number, lengthBytes: number): void => {
    if (closing !== null) throw new Failure("SHUTTING_DOWN", `Array ${identity.name} is being closed.`);
    if (within({ offsetBytes, lengthBytes }, geometry.sizeBytes)) return;
    const range = `${lengthBytes} bytes at ${offsetBytes}`;
    throw new Failure("OUT_OF_RANGE", `${range} leave array ${identity.name} of ${geometry.sizeBytes} bytes.`);
  };
  const checkWrites = (writes: readonly BlockWrite[]): void => {
    for (const { offsetBytes, lengthBytes, data } of writes) {
      assert(data === null || data.length === lengthBytes, "the data of a write has another length than the write");
      check(offsetBytes, lengthBytes);
    }
    members.checkUsable();
  };
  const write = async (one: BlockWrite): Promise<void> => {
    checkWrites([one]);
    await buffered.write(one);
  };
  const flush = async (): Promise<void> => {
    await buffered.flush();
    members.checkUsable();
  };
  const writeStripes: RaidArray["writeStripes"] = async (offsetBytes, data, changed) => {
    const { length: lengthBytes } = data;
    const areWhole = [offsetBytes, lengthBytes].every((bytes) => bytes % geometry.stripeBytes === 0);
    assert(areWhole, `${lengthBytes} bytes at ${offsetBytes} are not whole stripes of ${geometry.stripeBytes}`);
    const isInside = (range: ByteRange): boolean =>
      range.offsetBytes >= offsetBytes && endOf(range) <= offsetBytes + lengthBytes;
    assert(changed.every(isInside), "a changed range leaves its stripes");
    check(offsetBytes, lengthBytes);
    members.checkUsable();
    const whole: QueuedWrite = { offsetBytes, lengthBytes, data, changed };
    // After what the buffer holds of these stripes: what is known must be on the disks.
    await buffered.writeBatch([whole]);
  };
  const shutDown = async (): Promise<void> => {
    // What could not be stored has been logged; a failed array still lets go of its disks.
    await buffered.flush().catch(() => {});
    await queue.drained();
    if (!members.isFailed()) {
      // Repairs of checksums may be all that is left to write; the checkpoint would see nothing to do.
      await parts.checksums?.flush();
      await stripeLog?.checkpoint();
      await members.raiseGeneration();
    }
    await members.close();
  };

  return {
    ...identity,
    geometry,
    sizeBytes: geometry.sizeBytes,
    async read(offsetBytes, lengthBytes) {
      check(offsetBytes, lengthBytes);
      members.checkUsable();
      const into = Buffer.allocUnsafe(lengthBytes);
      await buffered.read(offsetBytes, into);
      return into;
    },
    readNow(offsetBytes, into) {
      const lengthBytes = into.length;
      if (closing !== null || !within({ offsetBytes, lengthBytes }, geometry.sizeBytes)) return false;
      return !members.isFailed() && buffered.readNow(offsetBytes, into);
    },
    write: (offsetBytes, data) => write({ offsetBytes, lengthBytes: data.length, data }),
    zero: (offsetBytes, lengthBytes) => write({ offsetBytes, lengthBytes, data: null }),
    async writeBatch(writes) {
      checkWrites(writes);
      await buffered.writeBatch(writes);
    },
    stripeBytes: geometry.stripeBytes,
    stripeOffsetBytes: 0,
    writeStripes,
    flush,
    close: () => (closing ??= shutDown()),
    state: () => stateOf(members, lost, repair),
    counters: () => counters.counts(),
  };
}

function stateOf(members: Members, lost: LostBlocks, repair: RowRepair): ArrayState {
  const health = members.isDegraded() ? "degraded" : "optimal";
  return {
    status: members.isFailed() ? "failed" : health,
    disks: members.list().map(({ slot, file, disk, reason }) => {
      return {
        slot,
        file,
        state: disk === null ? ("absent" as const) : ("active" as const),
        reason,
        corrupt: { ...(repair.counts()[slot] as FaultCounts) },
      };
    }),
    lostBytes: lost.ranges.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0),
  };
}
