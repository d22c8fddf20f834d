/**
 * How a primary runs its writes (B9, PROTOCOL 4, 9): `joined`, both legs; `alone`, the array only, because the group is
 * suspended or the relay is gone; `copying`, both legs, and what the far side lacks is being copied.
 *
 *     joined, copying --suspended, or the lease ended--> alone --welcome into a run--> copying --copy-ended--> joined
 *     joined, copying --copy-start of another run--> copying
 *
 * Each arrow is one commit, and the primary acts by it only when it is durable. Crashes:
 * - to alone: before it, the primary recovers by asking the relay, as if nothing had been; no host was told of a write
 *   that the relay lacks. After it, it opens alone, and what it wrote is in the write intent or the region log; its local
 *   mark is past every number given, as it fetches nothing any more.
 * - alone to copying: before it, alone. After it, the old generation of each region log is the run's and holds all that
 *   was logged and all of the write intent; the incarnation is new, and everything before it counts as complete on the
 *   array, so that a recovery fetches nothing of what the relay had before: that is older than what hosts were told.
 * - into a run from joined: before it, the relay repeats `copy-start`. After it, as above, the incarnation going on.
 * - to joined: before it, the relay says `copy-ended` again. After it, the run's regions are gone from the log.
 */
import assert from "node:assert/strict";
import type { CopySource } from "./copy-source.js";
import type { Desk } from "./effects.js";
import { legMark, markNames, originMark, readLeg, type LegState, type Marks } from "./marks.js";
import type { FenceLevel } from "./membership.js";
import type { IngressBody, SuspendedState } from "./messages.js";
import type { OriginVolume } from "./origin-volume.js";
import { pairStates } from "./pair-states.js";
import type { MarkChange } from "./region-log.js";
import { intentRange, type WriteWindow } from "./write-window.js";

/** Why the group is suspended, as the relay durably knows. */
export interface Suspension {
  readonly state: SuspendedState;
  readonly detail: string;
}

/**
 * Whether the relay's word is enough to go on alone. An operator's split, or a full journal after the time that policy
 * holds writes back for, is meant to let hosts go on; after a failure, fence level `data` would rather fail them.
 */
export function mayGoAlone(fence: FenceLevel, state: SuspendedState): boolean {
  return pairStates[state].primaryWrites[fence] === "array-only";
}

export type CopyStart = Extract<IngressBody, { kind: "copy-start" }>;

export interface OriginLegs {
  state(): LegState;
  /** A change is on its way to the disk: what depends on the leg must wait (`afterChange`). */
  isChanging(): boolean;
  afterChange(then: () => void): void;
  goAlone(state: SuspendedState, then: () => void): void;
  /** Out of being alone, into a run; holds writes back meanwhile. */
  rejoin(copyId: string, then: () => void): void;
  /** Adds to a run what it is to copy; begins it first if it is another one than that in hand. `then`: it may be copied. */
  startCopy(start: CopyStart, then: () => void): void;
  endCopy(copyId: string): void;
}

export interface OriginLegsOptions {
  readonly desk: Desk;
  readonly marks: Marks;
  readonly volumes: readonly OriginVolume[];
  readonly window: WriteWindow;
  readonly source: CopySource;
}

export function createOriginLegs({ desk, marks, volumes, window, source }: OriginLegsOptions): OriginLegs {
  let state = readLeg(marks);
  let changing = 0;
  let waiters: (() => void)[] = [];

  const commit = (change: MarkChange, next: LegState, then: () => void): void => {
    change.set(markNames.leg, legMark(next.leg, next.copyId, next.state));
    changing += 1;
    desk.commit({ marks: change }, () => {
      changing -= 1;
      state = next;
      then();
      if (changing > 0) return;
      const waiting = waiters;
      waiters = [];
      for (const waiter of waiting) waiter();
    });
  };

  /** Everything that the far side may lack becomes the run's, as the regions of `start` do; from the first region on. */
  const beginRun = (copyId: string, start: CopyStart | null): MarkChange => {
    const change: MarkChange = new Map([[markNames.copyCursor, source.reset(copyId)]]);
    for (const { regions, intent, farValidated } of volumes) {
      regions.beginRun(change);
      for (const unit of intent.handOver(farValidated)) regions.addToRun(intentRange(unit), change);
    }
    if (start !== null) addRegions(start, change);
    return change;
  };

  const addRegions = ({ full, regions: named }: CopyStart, change: MarkChange): boolean => {
    let added = false;
    for (const { name, sizeBytes, regions } of volumes) {
      if (full.includes(name)) added = regions.addToRun({ offsetBytes: 0, lengthBytes: sizeBytes }, change) || added;
      for (const { volume, runs } of named) {
        if (volume !== name) continue;
        for (const [first, count] of runs) {
          const range = { offsetBytes: first * regions.regionBytes, lengthBytes: count * regions.regionBytes };
          added = regions.addToRun(range, change) || added;
        }
      }
    }
    return added;
  };

  return {
    state: () => state,
    isChanging: () => changing > 0,
    afterChange(then) {
      if (changing > 0) waiters.push(then);
      else then();
    },
    goAlone(why, then) {
      source.stop();
      // One that is alone recovers without the relay: whatever the relay keeps for its recovery may be trimmed. Otherwise
      // a journal could stay full of it for good, and the group suspended because it is full.
      const issued = volumes.map((volume) => ({ volume, origin: volume.issued() }));
      const change: MarkChange = new Map();
      for (const { volume, origin } of issued) {
        change.set(markNames.localComplete(volume.name), originMark(origin));
        volume.passLocalMark(origin);
      }
      commit(change, { leg: "alone", copyId: "", state: why }, () => {
        for (const { volume, origin } of issued) volume.durableLocalComplete = origin;
        window.goAlone();
        then();
      });
    },
    rejoin(copyId, then) {
      assert(state.leg === "alone", "only a primary that is alone rejoins");
      // No write may start as one of the array alone after the log was given to the run: it would be in no run.
      window.hold("leg");
      const change = beginRun(copyId, null);
      const raised = volumes.map((volume) => ({ volume, start: { incarnation: volume.incarnation + 1, n: 0 } }));
      for (const { volume, start } of raised) {
        change.set(markNames.incarnation(volume.name), start.incarnation);
        change.set(markNames.localComplete(volume.name), originMark(start));
        volume.passLocalMark(start);
      }
      commit(change, { leg: "copying", copyId, state: state.state }, () => {
        for (const { volume, start } of raised) {
          volume.beginIncarnation(start.incarnation);
          volume.durableLocalComplete = start;
        }
        window.rejoin();
        then();
        window.release("leg");
      });
    },
    startCopy(start, then) {
      assert(state.leg !== "alone", "a primary that is alone rejoins first");
      const isNew = state.copyId !== start.copyId;
      const next: LegState = { leg: "copying", copyId: start.copyId, state: state.state };
      if (isNew) return commit(beginRun(start.copyId, start), next, then);
      const change: MarkChange = new Map();
      if (!addRegions(start, change)) return then();
      change.set(markNames.copyCursor, source.reset(start.copyId));
      commit(change, next, then);
    },
    endCopy(copyId) {
      if (state.leg !== "copying" || state.copyId !== copyId) return;
      source.stop();
      const change: MarkChange = new Map([[markNames.copyCursor, undefined]]);
      for (const { regions } of volumes) regions.endRun(change);
      commit(change, { leg: "joined", copyId: "", state: state.state }, () => {});
    },
  };
}
