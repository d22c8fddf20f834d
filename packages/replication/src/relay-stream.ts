/**
 * The one ordered stream of a primary to its relay (PROTOCOL 1.3): started writes and copies in the order of their numbers,
 * from the oldest that the relay does not have. The relay's marks take them from the front; a new link sends what is
 * left again. Credit counts the bytes sent since the last welcome.
 */
import assert from "node:assert/strict";
import { compareOrigin } from "@waystation/contracts/ids";
import { recordOverheadBytes } from "@waystation/contracts/journal";
import { limits } from "./limits.js";
import type { OriginWrite, VolumeMark } from "./messages.js";
import { toOriginWrite, type PendingWrite } from "./pending-write.js";

export interface RelayStream {
  push(write: PendingWrite): void;
  /** The next writes that were not sent, as many as may go in one batch; empty when none may. */
  takeBatch(): readonly OriginWrite[];
  /**
   * Everything up to the marks is durable at the relay: takes it off, and returns it. `fresh`: what is left is to be sent
   * again, and credit counts from here.
   */
  relayHas(marks: readonly VolumeMark[], creditBytes: number, fresh: boolean): readonly PendingWrite[];
  /** Nothing may be sent until the next welcome. */
  disconnect(): void;
  /** Takes everything off: nobody waits for the relay any more. */
  takeAll(): readonly PendingWrite[];
  entries(): readonly PendingWrite[];
  /** Credit that is left, and the most that was left since the welcome: how empty the relay's journal is, as seen from here. */
  room(): { readonly leftBytes: number; readonly mostBytes: number };
  isConnected(): boolean;
  unsentBytes(): number;
  /** Host writes among those that were not sent. */
  unsentCount(): number;
}

export function createRelayStream(): RelayStream {
  /** Not yet durable at the relay; the first `sentCount` were sent on this link. */
  let stream: PendingWrite[] = [];
  let sentCount = 0;
  let unsentBytes = 0;
  let unacknowledgedBatches: number[] = [];
  let connected = false;
  let sentBytes = 0;
  let creditBytes = 0;
  let mostBytes = 0;

  return {
    push(write) {
      stream.push(write);
      unsentBytes += costOf(write);
    },
    takeBatch() {
      if (!connected || unacknowledgedBatches.length >= limits.batchesInFlightMax) return [];
      const batch: OriginWrite[] = [];
      let bytes = 0;
      for (let write = stream[sentCount]; write !== undefined; write = stream[sentCount]) {
        const cost = costOf(write);
        if (sentBytes + cost > creditBytes || (batch.length > 0 && bytes + cost > limits.batchBytesMax)) break;
        batch.push(toOriginWrite(write));
        bytes += cost;
        sentBytes += cost;
        unsentBytes -= cost;
        sentCount += 1;
      }
      if (batch.length > 0) unacknowledgedBatches.push(sentCount);
      return batch;
    },
    relayHas(marks, credit, fresh) {
      const reached = new Map(marks.map((mark) => [mark.volume, mark.origin]));
      let durable = 0;
      for (let write = stream[durable]; write !== undefined; write = stream[durable]) {
        const mark = reached.get(write.volume);
        if (mark === undefined || write.origin === null || compareOrigin(write.origin, mark) > 0) break;
        durable += 1;
      }
      const taken = stream.splice(0, durable);
      sentCount = fresh ? 0 : sentCount - durable;
      assert(sentCount >= 0, "the relay acknowledged what was never sent to it");
      unacknowledgedBatches = fresh ? [] : unacknowledgedBatches.map((end) => end - durable).filter((end) => end > 0);
      creditBytes = fresh ? credit : Math.max(creditBytes, credit);
      if (fresh) {
        connected = true;
        sentBytes = 0;
        unsentBytes = stream.reduce((sum, write) => sum + costOf(write), 0);
      }
      mostBytes = Math.max(fresh ? 0 : mostBytes, creditBytes - sentBytes);
      return taken;
    },
    disconnect() {
      connected = false;
    },
    takeAll() {
      const taken = stream;
      stream = [];
      sentCount = 0;
      unsentBytes = 0;
      unacknowledgedBatches = [];
      return taken;
    },
    entries: () => stream,
    room: () => ({ leftBytes: creditBytes - sentBytes - unsentBytes, mostBytes }),
    isConnected: () => connected,
    unsentBytes: () => unsentBytes,
    unsentCount() {
      let count = 0;
      for (let index = sentCount; index < stream.length; index++) if (stream[index]?.isCopy === false) count += 1;
      return count;
    },
  };
}

/** What a write takes of a batch, and of the relay's credit. */
function costOf({ payload }: PendingWrite): number {
  return recordOverheadBytes + payload.length;
}
