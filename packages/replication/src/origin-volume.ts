/**
 * One volume at its primary: its origin numbers, range locks, write intent and local-complete mark (PROTOCOL 1, 2).
 */
import assert from "node:assert/strict";
import type { Failure } from "@waystation/contracts/errors";
import { limits } from "./limits.js";
import { markNames, readOrigin, type Marks } from "./marks.js";
import type { GroupVolume } from "./membership.js";
import { createRangeLocks, type RangeLocks } from "./range-lock.js";
import type { PendingWrite } from "./pending-write.js";
import type { OriginNumber, VolumeName } from "./vocabulary.js";
import { createWriteIntent, type WriteIntent } from "./write-intent.js";

export interface OriginVolume {
  readonly name: VolumeName;
  readonly sizeBytes: number;
  readonly locks: RangeLocks;
  readonly intent: WriteIntent;
  /** Raised durably at each start before anything is sent, so that a number never names two different writes. */
  incarnation: number;
  /** The highest number known to be durable at the relay. */
  acknowledged: OriginNumber;
  /** Everything up to here is durable on the array. */
  localComplete: OriginNumber;
  /** Of the two above, what a crash would leave. */
  durableAcknowledged: OriginNumber;
  durableLocalComplete: OriginNumber;
  /** Set for good once the array failed beyond its redundancy. */
  failed: Failure | null;
  nextOrigin(): OriginNumber;
  /** The last number given in this life. */
  issued(): OriginNumber;
  queueLocal(write: PendingWrite): void;
  /** What is to be stored on the array now; each write is handed out once. */
  takeLocal(): readonly PendingWrite[];
  /** Moves `localComplete` over every leading write whose local leg is done. */
  noteLocalComplete(): void;
}

export function createOriginVolume(volume: GroupVolume, marks: Marks): OriginVolume {
  let n = 0;
  let queued: PendingWrite[] = [];
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
    locks: createRangeLocks(),
    intent: createWriteIntent({
      unitBytes: limits.intentUnitBytes,
      unitsMax: limits.intentUnitsMax,
      recovered: recovered.sort((a, b) => a - b),
    }),
    incarnation,
    acknowledged,
    localComplete,
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
      unfinished.push(write);
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
  };
  return self;
}
