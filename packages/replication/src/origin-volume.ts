/**
 * One volume at its primary: its origin numbers, range locks, write intent and local-complete mark (PROTOCOL 1, 2).
 */
import assert from "node:assert/strict";
import type { Failure } from "@waystation/contracts/errors";
import { noOrigin } from "@waystation/contracts/ids";
import { limits } from "./limits.js";
import { markNames, readOrigin, type Marks } from "./marks.js";
import type { GroupVolume } from "./membership.js";
import { createRangeLocks, type RangeLocks } from "./range-lock.js";
import { createRegionLog, type RegionLog } from "./region-log.js";
import type { PendingWrite } from "./pending-write.js";
import type { MarkValue, OriginNumber, VolumeName } from "./vocabulary.js";
import { createWriteIntent, type WriteIntent } from "./write-intent.js";

export interface OriginVolume {
  readonly name: VolumeName;
  readonly sizeBytes: number;
  readonly locks: RangeLocks;
  readonly intent: WriteIntent;
  readonly regions: RegionLog;
  /** Raised durably at each start before anything is sent, so that a number never names two different writes. */
  incarnation: number;
  /** The highest number known to be durable at the relay. */
  acknowledged: OriginNumber;
  /** Everything up to here is durable on the array. */
  localComplete: OriginNumber;
  /** Every secondary has validated up to here, as the relay last said in this life. */
  farValidated: OriginNumber;
  /** Of the two before, what a crash would leave. */
  durableAcknowledged: OriginNumber;
  durableLocalComplete: OriginNumber;
  /** Set for good once the array failed beyond its redundancy. */
  failed: Failure | null;
  nextOrigin(): OriginNumber;
  /** The last number given in this life. */
  issued(): OriginNumber;
  /** The write is to be stored on the array; with a number, the local-complete mark waits for it. */
  queueLocal(write: PendingWrite): void;
  /** A copy has nothing to store, and its number is as complete as those before it. */
  passLocal(copy: PendingWrite): void;
  /** What is to be stored on the array now; each write is handed out once. */
  takeLocal(): readonly PendingWrite[];
  /** Moves `localComplete` over every leading write whose local leg is done. */
  noteLocalComplete(): void;
  /**
   * What has a number and is not on the array yet: the local mark waits for it no more, and stands at `origin`. At once,
   * though the commit that says so is on its way: a lazy mark must not bring an older one back.
   */
  passLocalMark(origin: OriginNumber): void;
  /** As above, for what got its number meanwhile. */
  forgetUnfinished(): void;
  /** Goes on with the first number of the next incarnation, which is durable. */
  beginIncarnation(incarnation: number): void;
}

export interface OriginVolumesOptions {
  readonly volumes: readonly GroupVolume[];
  readonly regionBytes: number;
  readonly marks: Marks;
  /** Those of a volume that are in use already. */
  readonly locksOf?: (volume: VolumeName) => RangeLocks;
}

export function createOriginVolumes(options: OriginVolumesOptions): OriginVolume[] {
  const { volumes, regionBytes, locksOf = () => createRangeLocks() } = options;
  // One pass for all: with hundreds of volumes, each looking through everybody's marks would take seconds.
  const own = new Map(
    volumes.map(({ name }): [string, Map<string, MarkValue>] => [name, new Map<string, MarkValue>()]),
  );
  for (const [key, value] of options.marks) own.get(key.split("/", 2)[1] ?? "")?.set(key, value);
  return volumes.map((volume) =>
    createOriginVolume({ volume, regionBytes, marks: own.get(volume.name) ?? new Map(), locks: locksOf(volume.name) }),
  );
}

interface OriginVolumeOptions {
  readonly volume: GroupVolume;
  readonly regionBytes: number;
  readonly marks: Marks;
  readonly locks: RangeLocks;
}

function createOriginVolume({ volume, regionBytes, marks, locks }: OriginVolumeOptions): OriginVolume {
  let n = 0;
  let queued: PendingWrite[] = [];
  /** With a number, and not yet known to be complete; in the order of their numbers. */
  const unfinished: PendingWrite[] = [];
  const prefix = markNames.intentPrefix(volume.name);
  const recovered = [...marks.keys()]
    .filter((key) => key.startsWith(prefix))
    .map((key) => Number(key.slice(prefix.length)));
  const incarnation = marks.get(markNames.incarnation(volume.name)) ?? 0;
  assert(typeof incarnation === "number", `the incarnation mark of ${volume.name} is damaged`);
  const acknowledged = readOrigin(marks, markNames.acknowledged(volume.name));
  const localComplete = readOrigin(marks, markNames.localComplete(volume.name));

  const self: OriginVolume = {
    name: volume.name,
    sizeBytes: volume.sizeBytes,
    locks,
    intent: createWriteIntent({
      unitBytes: limits.intentUnitBytes,
      unitsMax: limits.intentUnitsMax,
      recovered: recovered.sort((a, b) => a - b),
    }),
    regions: createRegionLog({ volume: volume.name, sizeBytes: volume.sizeBytes, regionBytes, marks }),
    incarnation,
    acknowledged,
    localComplete,
    farValidated: noOrigin,
    durableAcknowledged: acknowledged,
    durableLocalComplete: localComplete,
    failed: null,
    nextOrigin() {
      n += 1;
      return { incarnation: self.incarnation, n };
    },
    issued: () => ({ incarnation: self.incarnation, n }),
    queueLocal(write) {
      queued.push(write);
      if (write.origin !== null) unfinished.push(write);
    },
    passLocal(copy) {
      unfinished.push(copy);
      self.noteLocalComplete();
    },
    takeLocal() {
      const taken = queued;
      queued = [];
      return taken;
    },
    noteLocalComplete() {
      let done = 0;
      for (let write = unfinished[done]; write?.localDone === true; write = unfinished[done]) {
        assert(write.origin !== null);
        self.localComplete = write.origin;
        done += 1;
      }
      unfinished.splice(0, done);
    },
    passLocalMark(origin) {
      unfinished.length = 0;
      self.localComplete = origin;
    },
    forgetUnfinished() {
      unfinished.length = 0;
    },
    beginIncarnation(next) {
      assert(next > self.incarnation, "an incarnation is never used again");
      self.incarnation = next;
      n = 0;
    },
  };
  return self;
}
