/**
 * The host writes of one group on their way, at a primary (PROTOCOL 1): admission, range lock, intent, both legs; the
 * stages are named in pending-write.ts. Started writes stand in one queue in stream order; the relay's marks pop it
 * from the front, a new link re-sends what is left of it. A host's failure (`HELD_TOO_LONG`) does not end a started
 * write: it keeps its lock and its number until the relay has it, because the array may hold it already and the
 * stream must not have a gap.
 */
import assert from "node:assert/strict";
import { compareOrigin } from "@waystation/contracts/ids";
import type { Failure } from "@waystation/contracts/errors";
import { recordOverheadBytes } from "@waystation/contracts/journal";
import type { Desk, HostOrder } from "./effects.js";
import { arrayFailed, heldTooLong, waitingTooMany } from "./failures.js";
import { limits } from "./limits.js";
import { markNames } from "./marks.js";
import type { OriginWrite, VolumeMark } from "./messages.js";
import type { OriginVolume } from "./origin-volume.js";
import { toBlockWrite, toHostOrder, toOriginWrite, type PendingWrite, type WriteOrder } from "./pending-write.js";
import type { MarkValue, VolumeName } from "./vocabulary.js";
import type { IntentChange } from "./write-intent.js";

export interface WriteWindow {
  /** `whenDone` is called once both legs are durable. */
  submit(order: WriteOrder, whenDone?: () => void): void;
  /** Sends the gathered intents on their way, and the gathered writes to the array unless they should wait for more. */
  drain(): void;
  /**
   * The next started writes that were not sent on the present link, within the limits; empty when none may go. To be
   * asked after each drain, until it is empty.
   */
  takeBatch(): readonly OriginWrite[];
  /** A link was welcomed (`fresh`), or acknowledged: everything up to the marks is durable at the relay. */
  relayHas(marks: readonly VolumeMark[], creditBytes: number, fresh: boolean): void;
  /** The link is gone: nothing may be sent until the next welcome. */
  disconnect(): void;
  /** Fails what was held too long. */
  tick(): void;
  /** Fails everything that a host waits for: the node is fenced. */
  abandon(failureFor: (volume: VolumeName) => Failure): void;
  /** Admits nothing any more: what comes waits. */
  pause(): void;
  /** What hosts wait for, in order; it is not answered from here any more. */
  takeUnfinished(): HostOrder[];
  inFlight(): number;
  /** Of those, and of those that wait to be admitted, the ones not yet on their way to a relay. */
  held(): number;
}

export function createWriteWindow(desk: Desk, volumes: readonly OriginVolume[], holdMs: number): WriteWindow {
  const byName = new Map(volumes.map((volume) => [volume.name, volume]));
  const volumeOf = (write: WriteOrder): OriginVolume => {
    const volume = byName.get(write.volume);
    assert(volume !== undefined, `a write to ${write.volume}, which is not a volume of this primary`);
    return volume;
  };
  let waiting: PendingWrite[] = [];
  /** Admitted and not started. */
  const preparing = new Set<PendingWrite>();
  /** Started and not yet durable at the relay, in stream order; the first `sentCount` were sent on this link. */
  const stream: PendingWrite[] = [];
  let sentCount = 0;
  let unsentBytes = 0;
  /** Since when writes have been gathering for the next batch; null when none has. */
  let gatheringSinceMs: number | null = null;
  let departing = false;
  let unacknowledgedBatches: number[] = [];
  let admittedCount = 0;
  let admittedBytes = 0;
  let connected = false;
  let abandoned = false;
  let paused = false;
  let sentBytes = 0;
  let creditBytes = 0;
  let expired = 0;
  let nextSayMs = 0;

  const admit = (): void => {
    while (
      !paused &&
      waiting.length > 0 &&
      admittedCount < limits.writesInFlightMax &&
      admittedBytes < limits.bytesInFlightMax
    ) {
      const write = waiting.shift();
      assert(write !== undefined);
      admittedCount += 1;
      admittedBytes += write.lengthBytes;
      write.stage = "locking";
      preparing.add(write);
      write.lock = volumeOf(write).locks.acquire(
        { offsetBytes: write.offsetBytes, lengthBytes: write.lengthBytes, exclusive: true },
        () => {
          write.stage = "intent";
          if (volumeOf(write).intent.enter(write)) start(write);
        },
      );
    }
  };

  const start = (write: PendingWrite): void => {
    preparing.delete(write);
    write.stage = "started";
    write.origin = volumeOf(write).nextOrigin();
    stream.push(write);
    unsentBytes += costOf(write);
    gatheringSinceMs ??= desk.nowMs();
    volumeOf(write).queueLocal(write);
  };

  /**
   * Both legs of a write leave together. While a batch is under way, further writes gather: the next batch leaves when
   * that one is acknowledged, or has enough, or has waited for long enough. Without a relay nothing waits.
   */
  const mayDepart = (): boolean => {
    if (!connected || unacknowledgedBatches.length === 0 || unsentBytes >= limits.gatherBytes) return true;
    // What is left over from an earlier departure waits for credit only.
    if (gatheringSinceMs === null) return true;
    const leftMs = gatheringSinceMs + limits.gatherMs - desk.nowMs();
    if (leftMs > 0) desk.wake(leftMs);
    return leftMs <= 0;
  };

  const endLocal = (write: PendingWrite, failure: Failure | null): void => {
    if (failure !== null) {
      // The array is gone beyond its redundancy. The write stays open for ever: its extent is dirty, and the local
      // mark must not pass it.
      volumeOf(write).failed = failure;
      answer(write, arrayFailed(write.volume, failure));
      return;
    }
    write.localDone = true;
    volumeOf(write).noteLocalComplete();
    finishIfDone(write);
  };

  const finishIfDone = (write: PendingWrite): void => {
    if (!write.localDone || !write.relayDone || write.stage === "done") return;
    volumeOf(write).intent.exit(write);
    answer(write, null);
    retire(write);
    write.whenDone();
  };

  /** Gives back what an admitted write held. */
  const retire = (write: PendingWrite): void => {
    write.stage = "done";
    admittedCount -= 1;
    admittedBytes -= write.lengthBytes;
    preparing.delete(write);
    if (write.lock !== null) volumeOf(write).locks.release(write.lock);
  };

  const answer = (write: PendingWrite, result: Failure | null): void => {
    if (write.replied || write.request === null) return;
    write.replied = true;
    desk.reply(write.request, result);
  };

  const expire = (write: PendingWrite): void => {
    if (!write.replied && write.request !== null) expired += 1;
    answer(write, heldTooLong(write.volume, holdMs));
  };

  /** One line for all that failed since the last one, at most one a second. */
  const sayFailed = (): void => {
    if (expired === 0 || desk.nowMs() < nextSayMs) return;
    desk.log("warn", `${expired} host writes failed with HELD_TOO_LONG: no relay stored them within ${holdMs} ms`);
    expired = 0;
    nextSayMs = desk.nowMs() + limits.logIntervalMs;
  };

  const commitIntents = (): void => {
    const marks = new Map<string, MarkValue | undefined>();
    const changes: { readonly volume: OriginVolume; readonly change: IntentChange }[] = [];
    for (const volume of volumes) {
      const change = volume.intent.takeChange();
      if (change === null) continue;
      changes.push({ volume, change });
      const prefix = markNames.intentPrefix(volume.name);
      for (const unit of change.added) marks.set(prefix + String(unit), true);
      for (const unit of change.removed) marks.set(prefix + String(unit), undefined);
    }
    if (changes.length === 0) return;
    desk.commit({ marks }, () => {
      for (const { volume, change } of changes) volume.intent.confirm(change);
      for (const write of [...preparing])
        if (write.stage === "intent" && volumeOf(write).intent.isDurable(write)) start(write);
    });
  };

  const storeLocally = (): void => {
    for (const volume of volumes) {
      const batch = volume.takeLocal();
      if (batch.length === 0) continue;
      desk.store(volume.name, batch.map(toBlockWrite), (failure) => {
        for (const write of batch) endLocal(write, failure);
        admit();
      });
    }
  };

  return {
    submit(order, whenDone = () => {}) {
      // Field by field: spreading the order made each write an object of a shape of its own, slow ever after.
      const write: PendingWrite = {
        request: order.request,
        volume: order.volume,
        kind: order.kind,
        offsetBytes: order.offsetBytes,
        lengthBytes: order.lengthBytes,
        payload: order.payload,
        deadlineMs: desk.nowMs() + holdMs,
        hostTimeMs: desk.wallMs(),
        stage: "waiting",
        lock: null,
        origin: null,
        localDone: false,
        relayDone: false,
        replied: false,
        whenDone,
      };
      const { failed } = volumeOf(order);
      if (failed !== null) return answer(write, arrayFailed(order.volume, failed));
      if (order.request !== null && waiting.length >= limits.writesWaitingMax)
        return answer(write, waitingTooMany(order.volume, limits.writesWaitingMax));
      waiting.push(write);
      admit();
    },
    drain() {
      // What was gathered before the fence stays undone: a fenced primary changes nothing any more (B14).
      if (abandoned) return;
      commitIntents();
      departing = mayDepart();
      if (!departing) return;
      gatheringSinceMs = null;
      storeLocally();
    },
    takeBatch() {
      if (!departing || !connected || unacknowledgedBatches.length >= limits.batchesInFlightMax) return [];
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
      let popped = 0;
      for (let write = stream[popped]; write !== undefined; write = stream[popped]) {
        const mark = reached.get(write.volume);
        if (mark === undefined || write.origin === null || compareOrigin(write.origin, mark) > 0) break;
        write.relayDone = true;
        volumeOf(write).acknowledged = write.origin;
        popped += 1;
        finishIfDone(write);
      }
      stream.splice(0, popped);
      sentCount = fresh ? 0 : sentCount - popped;
      assert(sentCount >= 0, "the relay acknowledged what was never sent to it");
      unacknowledgedBatches = fresh ? [] : unacknowledgedBatches.map((end) => end - popped).filter((end) => end > 0);
      creditBytes = fresh ? credit : Math.max(creditBytes, credit);
      if (fresh) {
        sentBytes = 0;
        unsentBytes = stream.reduce((sum, write) => sum + costOf(write), 0);
      }
      connected = true;
      admit();
    },
    disconnect() {
      connected = false;
    },
    tick() {
      const now = desk.nowMs();
      const isLate = (write: PendingWrite): boolean => write.deadlineMs <= now && write.request !== null;
      for (const write of stream) if (write.deadlineMs <= now) expire(write);
      for (const write of [...preparing]) {
        // One that gave up just now may have let this one start: then it keeps its lock like any other.
        if (!preparing.has(write) || !isLate(write)) continue;
        if (write.stage === "intent") volumeOf(write).intent.exit(write);
        expire(write);
        retire(write);
      }
      const late = waiting.filter(isLate);
      if (late.length > 0) waiting = waiting.filter((write) => !isLate(write));
      for (const write of late) expire(write);
      sayFailed();
      admit();
    },
    abandon(failureFor) {
      abandoned = true;
      for (const write of [...stream, ...preparing, ...waiting]) answer(write, failureFor(write.volume));
      waiting = [];
    },
    pause() {
      paused = true;
    },
    takeUnfinished() {
      const open = [...stream, ...preparing, ...waiting].filter((write) => !write.replied && write.request !== null);
      for (const write of open) write.replied = true;
      return open.map(toHostOrder);
    },
    inFlight: () => admittedCount,
    held: () => waiting.length + preparing.size + stream.length - sentCount,
  };
}

/** What a write takes of a batch, and of the relay's credit. */
function costOf({ payload }: PendingWrite): number {
  return recordOverheadBytes + payload.length;
}
