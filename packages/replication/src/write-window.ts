/**
 * The host writes of one group on their way, at a primary (PROTOCOL 1): admission, range lock, intent, both legs; the
 * stages are named in pending-write.ts. Started writes stand in one stream to the relay (relay-stream.ts). A host's
 * failure (`HELD_TOO_LONG`) does not end a started write: it keeps its lock and its number until the relay has it,
 * because the array may hold it already and the stream must not have a gap.
 *
 * Alone (B9), a write has its local leg only, and no number. What was under way when the primary went alone ends so too;
 * the write intent and the region log know its range (region-log.ts).
 */
import assert from "node:assert/strict";
import type { ByteRange } from "@waystation/contracts/byte-range";
import { noOrigin } from "@waystation/contracts/ids";
import type { Failure } from "@waystation/contracts/errors";
import type { Desk, HostOrder } from "./effects.js";
import { arrayFailed, waitingTooMany } from "./failures.js";
import { createGathering } from "./gathering.js";
import { limits } from "./limits.js";
import { markNames } from "./marks.js";
import type { OriginWrite, VolumeMark } from "./messages.js";
import type { OriginVolume } from "./origin-volume.js";
import { toBlockWrite, toHostOrder, type CopyOrder, type PendingWrite, type WriteOrder } from "./pending-write.js";
import type { MarkChange } from "./region-log.js";
import { createRelayStream, type RelayStream } from "./relay-stream.js";
import type { OriginNumber, VolumeName } from "./vocabulary.js";
import type { IntentChange } from "./write-intent.js";

export interface WriteWindow {
  /** `whenDone` is called once all legs are durable, with the number of the write. */
  submit(order: WriteOrder, whenDone?: (origin: OriginNumber) => void): void;
  /**
   * Puts what the array holds of a range into the stream, now, under the next number; whoever calls holds the range, so
   * that the copy comes after every write that it shows and before every other. `whenDone`: durable at the relay.
   */
  submitCopy(copy: CopyOrder, whenDone: (origin: OriginNumber) => void): void;
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
  /** No write starts until `release`. What waits fails after the hold time, as ever. */
  hold(why: HoldReason): void;
  release(why: HoldReason): void;
  /** From now on the local leg is enough, for what is under way as well. Durably decided already. */
  goAlone(): void;
  /** From now on writes that start have both legs again, in an incarnation that was begun. */
  rejoin(): void;
  /** Fails what was held too long. */
  tick(): void;
  /** Fails everything that a host waits for: the node is fenced. */
  abandon(failureFor: (volume: VolumeName) => Failure): void;
  /** What hosts wait for, in an order in which it may be submitted again; it is not answered from here any more. */
  takeUnfinished(): HostOrder[];
  inFlight(): number;
  /** Of those, and of those that wait to be admitted, the ones not yet on their way to a relay. */
  held(): number;
  /** Hosts wait for something here: whoever works in the background should do less. */
  isBusy(): boolean;
  /** How much the relay has room for, of what it had at most (relay-stream.ts). */
  room: RelayStream["room"];
}

/** `leg`: the way that writes go is being changed, durably; `pause`: so are the roles of the group. */
export type HoldReason = "leg" | "pause";

export interface WriteWindowOptions {
  readonly desk: Desk;
  readonly volumes: readonly OriginVolume[];
  readonly holdMs: number;
  /** Whether writes go to the array only. */
  readonly alone: boolean;
  /** What a host is told whose write was held too long. */
  readonly heldTooLong: (volume: VolumeName) => Failure;
}

export function createWriteWindow(options: WriteWindowOptions): WriteWindow {
  const { desk, volumes, holdMs } = options;
  const byName = new Map(volumes.map((volume) => [volume.name, volume]));
  const volumeOf = (write: WriteOrder): OriginVolume => {
    const volume = byName.get(write.volume);
    assert(volume !== undefined, `a write to ${write.volume}, which is not a volume of this primary`);
    return volume;
  };
  let waiting: PendingWrite[] = [];
  /** Admitted and not started. */
  const preparing = new Set<PendingWrite>();
  /** Started, with a number, and not yet durable at the relay. */
  const stream = createRelayStream();
  /** Started, without one. */
  const localOnly = new Set<PendingWrite>();
  const holds = new Set<HoldReason>();
  let { alone } = options;
  const gathering = createGathering(desk);
  let departing = false;
  let admittedCount = 0;
  let admittedBytes = 0;
  let abandoned = false;
  let expired = 0;
  let nextSayMs = 0;

  const admit = (): void => {
    while (waiting.length > 0 && admittedCount < limits.writesInFlightMax && admittedBytes < limits.bytesInFlightMax) {
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
          if (volumeOf(write).intent.enter(write) && holds.size === 0) start(write);
        },
      );
    }
  };

  /** Starts what only waited for its intent, or for a hold to end. */
  const startReady = (): void => {
    if (holds.size > 0) return;
    for (const write of [...preparing])
      if (write.stage === "intent" && volumeOf(write).intent.isDurable(write)) start(write);
  };

  const start = (write: PendingWrite): void => {
    preparing.delete(write);
    write.stage = "started";
    if (alone) {
      write.relayDone = true;
      localOnly.add(write);
    } else {
      write.origin = volumeOf(write).nextOrigin();
      stream.push(write);
    }
    gathering.add();
    volumeOf(write).queueLocal(write);
  };

  const endLocal = (write: PendingWrite, failure: Failure | null): void => {
    if (failure !== null) {
      // The array is gone beyond its redundancy. The write stays open for ever: its extent is dirty, and the local
      // mark must not pass it.
      volumeOf(write).failed = failure;
      gathering.finish();
      answer(write, arrayFailed(write.volume, failure));
      return;
    }
    write.localDone = true;
    volumeOf(write).noteLocalComplete();
    finishIfDone(write);
  };

  const finishIfDone = (write: PendingWrite): void => {
    if (!write.localDone || !write.relayDone || write.stage === "done") return;
    if (write.isCopy) {
      write.stage = "done";
      write.whenDone(write.origin ?? noOrigin);
      return;
    }
    // One that went to the array alone, before the primary joined a copy run, was taken over by the run.
    volumeOf(write).intent.exit(write, write.origin ?? (alone ? null : noOrigin));
    gathering.finish();
    answer(write, null);
    retire(write);
    write.whenDone(write.origin ?? noOrigin);
  };

  /** Gives back what an admitted write held. */
  const retire = (write: PendingWrite): void => {
    write.stage = "done";
    admittedCount -= 1;
    admittedBytes -= write.lengthBytes;
    preparing.delete(write);
    if (write.origin === null) localOnly.delete(write);
    if (write.lock !== null) volumeOf(write).locks.release(write.lock);
  };

  const answer = (write: PendingWrite, result: Failure | null): void => {
    if (write.replied || write.request === null) return;
    write.replied = true;
    desk.reply(write.request, result);
  };

  const expire = (write: PendingWrite): void => {
    if (!write.replied && write.request !== null) expired += 1;
    answer(write, options.heldTooLong(write.volume));
  };

  /** One line for all that failed since the last one, at most one a second. */
  const sayFailed = (): void => {
    if (expired === 0 || desk.nowMs() < nextSayMs) return;
    desk.log("warn", `${expired} host writes failed after being held for ${holdMs} ms`);
    expired = 0;
    nextSayMs = desk.nowMs() + limits.logIntervalMs;
  };

  const commitIntents = (): void => {
    const marks: MarkChange = new Map();
    const changes: { readonly volume: OriginVolume; readonly change: IntentChange }[] = [];
    for (const volume of volumes) {
      const change = volume.intent.takeChange(volume.farValidated);
      if (change === null) continue;
      changes.push({ volume, change });
      const prefix = markNames.intentPrefix(volume.name);
      for (const unit of change.added) marks.set(prefix + String(unit), true);
      for (const unit of change.removed) marks.set(prefix + String(unit), undefined);
      // Dying before this commit, the units are in the intent; after it, in the region log: never in neither (B8).
      for (const { unit, last } of change.folded) volume.regions.note(intentRange(unit), last, marks);
    }
    if (changes.length === 0) return;
    desk.commit({ marks }, () => {
      for (const { volume, change } of changes) volume.intent.confirm(change);
      startReady();
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

  const isLate = (write: PendingWrite): boolean => write.deadlineMs <= desk.nowMs() && write.request !== null;

  /** Field by field: spreading the order made each write an object of a shape of its own, slow ever after. */
  const toPending = (order: WriteOrder, isCopy: boolean, whenDone: PendingWrite["whenDone"]): PendingWrite => ({
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
    isCopy,
    whenDone,
  });

  return {
    submit(order, whenDone = () => {}) {
      const write = toPending(order, false, whenDone);
      const { failed } = volumeOf(order);
      if (failed !== null) return answer(write, arrayFailed(order.volume, failed));
      if (order.request !== null && waiting.length >= limits.writesWaitingMax)
        return answer(write, waitingTooMany(order.volume, limits.writesWaitingMax));
      waiting.push(write);
      admit();
    },
    submitCopy(copy, whenDone) {
      const write = toPending({ ...copy, request: null }, true, whenDone);
      write.stage = "started";
      write.localDone = true;
      write.origin = volumeOf(write).nextOrigin();
      stream.push(write);
      volumeOf(write).passLocal(write);
    },
    drain() {
      // What was gathered before the fence stays undone: a fenced primary changes nothing any more (B14).
      if (abandoned) return;
      commitIntents();
      // Both legs of a write leave together. Without a relay nothing waits.
      departing = !stream.isConnected() || gathering.isReady(stream.unsentBytes());
      if (!departing) return;
      gathering.depart();
      storeLocally();
    },
    takeBatch: () => (departing ? stream.takeBatch() : []),
    relayHas(marks, credit, fresh) {
      for (const write of stream.relayHas(marks, credit, fresh)) {
        assert(write.origin !== null);
        write.relayDone = true;
        volumeOf(write).acknowledged = write.origin;
        finishIfDone(write);
      }
      admit();
    },
    disconnect: () => stream.disconnect(),
    hold: (why) => void holds.add(why),
    release(why) {
      holds.delete(why);
      startReady();
    },
    goAlone() {
      alone = true;
      stream.disconnect();
      for (const volume of volumes) volume.forgetUnfinished();
      for (const write of stream.takeAll()) {
        // A copy is of no use without the run that it belongs to.
        if (write.isCopy) continue;
        write.origin = null;
        write.relayDone = true;
        localOnly.add(write);
        finishIfDone(write);
      }
      admit();
    },
    rejoin() {
      alone = false;
    },
    tick() {
      for (const write of stream.entries()) if (isLate(write)) expire(write);
      for (const write of localOnly) if (isLate(write)) expire(write);
      for (const write of [...preparing]) {
        // One that gave up just now may have let this one start: then it keeps its lock like any other.
        if (!preparing.has(write) || !isLate(write)) continue;
        if (write.stage === "intent") volumeOf(write).intent.withdraw(write);
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
      for (const write of [...stream.entries(), ...localOnly, ...preparing, ...waiting])
        answer(write, failureFor(write.volume));
      waiting = [];
    },
    takeUnfinished() {
      abandoned = true;
      // What started holds its range against the rest, and overlaps nothing else that started: any order among those.
      const open = [...stream.entries(), ...localOnly, ...preparing, ...waiting];
      const awaited = open.filter(({ replied, request }) => !replied && request !== null);
      for (const write of awaited) write.replied = true;
      return awaited.map(toHostOrder);
    },
    inFlight: () => admittedCount,
    held: () => waiting.length + preparing.size + stream.unsentCount(),
    isBusy: () => admittedCount > 0,
    room: () => stream.room(),
  };
}

export function intentRange(unit: number): ByteRange {
  return { offsetBytes: unit * limits.intentUnitBytes, lengthBytes: limits.intentUnitBytes };
}
