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
import { Failure, isFailure } from "@waystation/contracts/errors";
import { silentLog, type Log } from "@waystation/contracts/log";
import { arrayOffsetOfCell, type Cell, type CellPiece, type Geometry } from "../core/geometry.js";
import type { RaidLevel } from "../core/level.js";
import type { Membership } from "../core/membership.js";
import { raidFailure } from "../errors.js";
import { createArrayCare, type ArrayCare, type DiskCare } from "./array-care.js";
import { createArrayReader } from "./array-reader.js";
import type { ArrayState } from "./array-state.js";
import type { BlockDisk, DiskPlace } from "./block-disk.js";
import { createCellLocks, type CellLocks } from "./cell-locks.js";
import { createChecksumStore, type ChecksumStore } from "./checksum-store.js";
import { createCommitter } from "./committer.js";
import { findMembers } from "./find-members.js";
import { createIoCounters, type IoCounts } from "./io-counters.js";
import { createMembers, type Members } from "./members.js";
import { recoverLog, type RecoveryReport } from "./recovery.js";
import { createRowRepair, type RowRepair } from "./row-repair.js";
import { createStripeLog, type LostBlocks, type StripeLog } from "./stripe-log.js";
import { createWriteBack, writeBackBytesDefault, type WriteBackOptions } from "./write-back.js";
import type { QueuedWrite } from "./write-groups.js";
import { createWriteQueue } from "./write-queue.js";

export interface RaidArray extends StripeStore, DiskCare {
  readonly id: string;
  readonly name: string;
  readonly geometry: Geometry;
  /** What opening had to put right. */
  readonly recovery: RecoveryReport;
  /** What the disks were asked for since the array was opened, and why. */
  counters(): IoCounts;
}

export interface OpenArrayOptions {
  /** In any order: each superblock says which slot its disk has. */
  readonly disks: readonly DiskPlace[];
  /** Where disks wait that are taken by themselves for those that go. What is empty is made a spare. */
  readonly spares?: readonly DiskPlace[];
  /** What the configuration says. An array that differs is refused with `ARRAY_MISMATCH`. */
  readonly expect?: {
    readonly name?: string;
    readonly level?: RaidLevel;
    readonly diskCount?: number;
    readonly unitBytes?: number;
    readonly checksums?: boolean;
  };
  readonly log?: Log;
  /** Memory for writes that are not flushed yet; 0: every write is durable when it completes. */
  readonly writeBackBytes?: number;
  /** When what was buffered is written in the background, and the pace of a rebuild. */
  readonly clock?: Clock;
  /** A rebuild's cursor becomes durable whenever so much has been rebuilt; the default suits all but tests. */
  readonly rebuildCursorBytes?: number;
  /** Called when a disk is ejected, comes in, or has been rebuilt. */
  readonly onStateChange?: (state: ArrayState) => void;
}

/** Opens an array, degraded if that is legal, and recovers it from a crash before it returns. */
export async function openArray(options: OpenArrayOptions): Promise<RaidArray> {
  const log = options.log ?? silentLog;
  const opened: BlockDisk[] = [];
  try {
    const { disks, spares = [] } = options;
    const { membership, members: found } = await findMembers({ disks, spares }, opened);
    checkExpected(options, membership);
    const { newest, geometry } = membership;
    let membersChanged = (): void => {};
    const onChange = (): void => membersChanged();
    const members = createMembers({ geometry, superblock: newest, members: found, log, onChange });
    for (const { slot, file, disk, reason } of found) {
      if (disk === null) log.warn({ array: newest.arrayName, slot, file, reason }, "array opens without this disk");
    }
    await members.makeEven();
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
    const { clock = systemClock, rebuildCursorBytes } = options;
    const writeBack = { limitBytes: options.writeBackBytes ?? writeBackBytesDefault, clock, log };
    const announce = (): void => options.onStateChange?.(care.state());
    const care = createArrayCare({
      ...{ identity, members, locks, stripeLog, lost, checksums, repair, clock, log, onChange: announce },
      sparePlaces: [...disks, ...spares],
      spareVerdicts: membership.spares,
      ...(rebuildCursorBytes === undefined ? {} : { rebuildCursorBytes }),
    });
    membersChanged = () => {
      care.membersChanged();
      announce();
    };
    const array = composeArray({ identity, members, stripeLog, lost, locks, checksums, repair, care, writeBack });
    await care.start();
    return array;
  } catch (error) {
    for (const disk of opened) await disk.close();
    throw error;
  }
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
  readonly care: ArrayCare;
}

function composeArray(parts: ArrayParts): RaidArray {
  const { identity, members, stripeLog, lost, care } = parts;
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
  // A rebuild may find blocks that are lost.
  const mayLose = (): boolean => lost.ranges.length > 0 || members.isDegraded();
  const reservedBytes = (): number => geometry.recordBytesMax / (mayLose() ? 4 : 16);
  const queue = createWriteQueue({ geometry, committer, readsAsZeros, reservedBytes });
  const buffered = createWriteBack({
    ...parts.writeBack,
    geometry,
    submit: (writes) => queue.submit(writes, "durable"),
    submitCell: (update) => queue.submitCell(update),
    sync: () => committer.sync(),
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
    care.hostActed();
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
    care.hostActed();
    const whole: QueuedWrite = { offsetBytes, lengthBytes, data, changed };
    // After what the buffer holds of these stripes: what is known must be on the disks.
    await buffered.writeBatch([whole]);
  };
  const shutDown = async (): Promise<void> => {
    // What could not be stored has been logged; a failed array still lets go of its disks.
    await buffered.flush().catch(() => {});
    await queue.drained();
    await care.stop();
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
      care.hostActed();
      const into = Buffer.allocUnsafe(lengthBytes);
      await buffered.read(offsetBytes, into);
      return into;
    },
    readNow(offsetBytes, into) {
      const lengthBytes = into.length;
      if (closing !== null || !within({ offsetBytes, lengthBytes }, geometry.sizeBytes)) return false;
      care.hostActed();
      return buffered.readNow(offsetBytes, into);
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
    state: () => care.state(),
    checkDisks() {
      if (closing === null) care.checkDisks();
    },
    async failDisk(slot) {
      check(0, 0);
      await care.failDisk(slot);
    },
    async replaceDisk(slot, place) {
      check(0, 0);
      await care.replaceDisk(slot, place);
    },
    scrub(scrubOptions) {
      check(0, 0);
      return care.scrub(scrubOptions);
    },
    async rebuild() {
      check(0, 0);
      await care.rebuild();
    },
    rebuilt: () => care.rebuilt(),
    counters: () => counters.counts(),
  };
}
