/**
 * The primary role of a group on one node (PROTOCOL 1, 2): takes host reads and writes, runs both legs, and after a
 * crash brings array and relay together before any host may look. Its phases:
 *
 *     starting -> confirming -> fetching -> reconciling -> open        (any) -> fenced, state-lost
 *
 * confirming: the relay and every secondary that can be reached have the same epoch (2a); fetching: what the relay has
 * above the durable local mark is stored (2b); reconciling: the extents of the write intent are sent as new writes
 * (2c). Opening earlier would show hosts a write that the relay never saw, and lose it again.
 */
import assert from "node:assert/strict";
import type { ByteRange } from "@waystation/contracts/byte-range";
import { compareOrigin, noOrigin, noSequence, type Sequence } from "@waystation/contracts/ids";
import { hasPayload } from "@waystation/contracts/journal";
import type { Desk, GroupEvent, HostOrder, LinkId } from "./effects.js";
import { heldTooLong, notOpen } from "./failures.js";
import { createHostReads } from "./host-reads.js";
import { createLeaseHolder } from "./lease.js";
import { limits } from "./limits.js";
import { markNames, originMark, type Marks } from "./marks.js";
import type { Membership } from "./membership.js";
import { volumesOn } from "./membership.js";
import type { IngressBody, VolumeMark } from "./messages.js";
import { createOriginVolume, type OriginVolume } from "./origin-volume.js";
import type { MarkChange } from "./region-log.js";
import type { PrimaryStages } from "./status.js";
import type { MarkValue, NodeName, OriginNumber, VolumeName } from "./vocabulary.js";
import { createWriteWindow } from "./write-window.js";

export type OriginPhase = "starting" | "confirming" | "fetching" | "reconciling" | "open" | "fenced" | "state-lost";

export interface Origin {
  start(): void;
  drain(): void;
  tick(): void;
  ingressOpened(link: LinkId): void;
  ingressClosed(link: LinkId, reason: string): void;
  ingress(link: LinkId, body: IngressBody): void;
  leaseChallenge(leaseMs: number): void;
  leaseClosed(): void;
  /** Every secondary was asked for its epoch and none has a higher one (2a). */
  confirmEpoch(): void;
  /** Another node has taken over, or the relay was fenced: no host may be served any more. */
  fence(reason: string): void;
  /**
   * A change of term was promised: no further write is started, no relay is spoken to, and what a relay still says is not
   * listened to; sessions stay open and reads go on, until the term comes (then `unfinished` is asked, and another
   * machine goes on) or `fence` is called. Writes that wait fail when they have waited for `hold`.
   */
  pause(reason: string): void;
  /**
   * What hosts wait for, in order: orders started, then those that wait for a lock, an intent or admission, and reads
   * that wait for a lock. This machine answers none of them any more. Stores and loads that it had asked for are over.
   */
  unfinished(): HostOrder[];
  /** Fenced, or without the state that it needs: it serves nobody and greets nobody any more. */
  isClosed(): boolean;
  hostWrite(event: Extract<GroupEvent, { kind: "host-write" }>): void;
  hostRead(event: Extract<GroupEvent, { kind: "host-read" }>): void;
  /** Whether the range may be read at once: the volume is open, and no write under way waits or holds it. */
  mayReadNow(volume: VolumeName, range: ByteRange): boolean;
  phase(): OriginPhase;
  detail(): string;
  stages(): PrimaryStages;
}

export interface OriginOptions {
  readonly desk: Desk;
  readonly self: NodeName;
  readonly membership: Membership;
  readonly marks: Marks;
  /**
   * Another machine of this node has served these volumes until now, and the term that begins here is durable, with a
   * raised incarnation of each: open from `start` on, without asking anyone. Marks say `leg` alone then.
   */
  readonly continues: boolean;
}

export function createOrigin({ desk, self, membership, marks, continues }: OriginOptions): Origin {
  const volumes = volumesOn(membership, self, "primary").map((volume) =>
    createOriginVolume({ volume, regionBytes: membership.regionBytes, marks }),
  );
  const byName = new Map(volumes.map((volume) => [volume.name, volume]));
  const window = createWriteWindow({
    desk,
    volumes,
    holdMs: membership.holdMs,
    alone: false,
    heldTooLong: (volume) => heldTooLong(volume, membership.holdMs),
  });
  const reads = createHostReads(desk, membership.holdMs);
  const lease = createLeaseHolder(desk);
  let phase: OriginPhase = "starting";
  let detail = "raising the incarnation of its volumes";
  let link: LinkId | null = null;
  let welcomed = false;
  let paused = false;
  let epochConfirmed = false;
  /** The relay's high marks, from the latest welcome. */
  let relayMarks: readonly VolumeMark[] = [];
  let fetching: { readonly volume: OriginVolume; rest: OriginVolume[] } | null = null;
  let storing = false;
  let unreconciled: { readonly volume: OriginVolume; readonly unit: number }[] = [];
  let resending = 0;
  let nextMarksMs = 0;
  let reportedComplete = new Map<VolumeName, OriginNumber>();

  const sendHello = (): void => {
    if (link === null) return;
    desk.send(link, {
      kind: "origin-hello",
      leg: "joined",
      copyId: "",
      volumes: volumes.map(({ name, incarnation, acknowledged, durableLocalComplete }) => ({
        volume: name,
        incarnation,
        acknowledged,
        localComplete: durableLocalComplete,
      })),
    });
  };

  const welcome = (marksAtRelay: readonly VolumeMark[], creditBytes: number): void => {
    const unknown = marksAtRelay.find(({ volume, origin: known }) => {
      const issued = byName.get(volume)?.issued();
      return issued !== undefined && compareOrigin(known, issued) > 0;
    });
    if (unknown !== undefined) return close("state-lost", stateLost(unknown.volume));
    welcomed = true;
    relayMarks = marksAtRelay;
    reportedComplete = new Map();
    window.relayHas(marksAtRelay, creditBytes, true);
    if (phase === "confirming" || phase === "fetching") proceed();
    else detail = "";
  };

  /**
   * 2a -> 2b, once both sides have answered. A fetch that a lost link broke off starts again, but never while records
   * of the earlier one may still be on their way to the array: older content would land on newer.
   */
  const proceed = (): void => {
    if (phase === "confirming") detail = welcomed ? "asking the secondaries for their epoch" : "waiting for the relay";
    if (!welcomed || !epochConfirmed || (phase !== "confirming" && phase !== "fetching")) return;
    if (storing || fetching !== null) return;
    phase = "fetching";
    const [first, ...rest] = volumes;
    assert(first !== undefined, "a primary without volumes");
    fetchFrom(first, rest, noSequence);
  };

  const fetchFrom = (volume: OriginVolume, rest: OriginVolume[], afterSequence: Sequence): void => {
    if (link === null) return;
    detail = `fetching what the relay has of ${volume.name}`;
    fetching = { volume, rest };
    desk.send(link, { kind: "origin-fetch", volume: volume.name, above: volume.durableLocalComplete, afterSequence });
  };

  const storeFetched = (body: Extract<IngressBody, { kind: "relay-records" }>): void => {
    const asked = fetching;
    if (phase !== "fetching" || asked?.volume.name !== body.volume) return;
    const { volume, rest } = asked;
    const writes = body.records.map(({ kind, offsetBytes, lengthBytes, payload }) => ({
      offsetBytes,
      lengthBytes,
      data: hasPayload(kind) ? payload : null,
    }));
    storing = true;
    desk.store(volume.name, writes, (failure) => {
      storing = false;
      if (failure !== null) {
        detail = `the array of ${volume.name} failed: ${failure.message}`;
        return;
      }
      if (phase !== "fetching") return;
      if (fetching !== asked) return proceed();
      if (body.nextAfter !== noSequence) return fetchFrom(volume, rest, body.nextAfter);
      // The array holds all that the relay has of this volume. It may hold more, where the relay's leg had not come
      // through: the mark stays there. The relay was told of it, and one that goes back is an older copy's to it.
      const fetched = markOf(relayMarks, volume.name);
      if (compareOrigin(fetched, volume.localComplete) > 0) volume.localComplete = fetched;
      const [next, ...others] = rest;
      if (next === undefined) beginReconcile();
      else fetchFrom(next, others, noSequence);
    });
  };

  const beginReconcile = (): void => {
    fetching = null;
    phase = "reconciling";
    detail = "sending the extents of the write intent again";
    persistMarks();
    unreconciled = volumes.flatMap((volume) => volume.intent.units().map((unit) => ({ volume, unit })));
    resendMore();
  };

  /** Keeps a bounded number of extents under way: a full intent of many volumes would not fit in memory. */
  const resendMore = (): void => {
    while (resending < limits.resendInFlightMax) {
      const extent = unreconciled.shift();
      if (extent === undefined) break;
      resending += 1;
      resend(extent.volume, extent.unit);
    }
    if (resending === 0 && phase === "reconciling") open();
  };

  /** 2c: the present content of one intent unit becomes a new write, by the same path as a host's. */
  const resend = (volume: OriginVolume, unit: number): void => {
    const offsetBytes = unit * limits.intentUnitBytes;
    const lengthBytes = Math.min(limits.intentUnitBytes, volume.sizeBytes - offsetBytes);
    desk.load(volume.name, { offsetBytes, lengthBytes }, (payload) => {
      if (!Buffer.isBuffer(payload)) {
        detail = `the array of ${volume.name} failed: ${payload.message}`;
        return;
      }
      const order = { request: null, volume: volume.name, kind: "write", offsetBytes, lengthBytes, payload } as const;
      window.submit(order, (origin) => {
        volume.intent.cover(unit, origin);
        resending -= 1;
        resendMore();
      });
    });
  };

  const open = (): void => {
    phase = "open";
    detail = "";
    for (const { name } of volumes) desk.access(name, "read-write", `primary volume of ${membership.group}`);
    desk.log("info", `${membership.group}: open for hosts`);
  };

  const isClosed = (): boolean => phase === "fenced" || phase === "state-lost";

  const dropLink = (reason: string): void => {
    if (link !== null) desk.closeLink(link);
    link = null;
    welcomed = false;
    fetching = null;
    window.disconnect();
    if (!isClosed()) detail = reason;
  };

  /** Serves nobody any more, for good. */
  const close = (as: "fenced" | "state-lost", reason: string): void => {
    if (phase === "fenced") return;
    phase = as;
    dropLink(reason);
    detail = reason;
    desk.log("error", `${membership.group}: ${as}: ${reason}`);
    window.abandon((volume) => notOpen(volume, reason));
    reads.abandon((volume) => notOpen(volume, reason));
    for (const { name } of volumes) desk.access(name, "closed", reason);
  };

  /** Brings the durable marks up to date that a recovery starts from. Lazily: being behind only costs work. */
  const persistMarks = (): void => {
    const change = new Map<string, MarkValue>();
    const snapshot = volumes.map((volume) => {
      const { localComplete, acknowledged } = volume;
      if (localComplete !== volume.durableLocalComplete)
        change.set(markNames.localComplete(volume.name), originMark(localComplete));
      if (acknowledged !== volume.durableAcknowledged)
        change.set(markNames.acknowledged(volume.name), originMark(acknowledged));
      return { volume, localComplete, acknowledged };
    });
    if (change.size === 0) return;
    desk.commit({ marks: change }, () => {
      for (const { volume, localComplete, acknowledged } of snapshot) {
        volume.durableLocalComplete = localComplete;
        volume.durableAcknowledged = acknowledged;
      }
    });
  };

  /** The local marks that the relay was not told of on this link. */
  const unreportedComplete = (): VolumeMark[] => {
    const news: VolumeMark[] = [];
    for (const { name, durableLocalComplete } of volumes) {
      if (durableLocalComplete === noOrigin || reportedComplete.get(name) === durableLocalComplete) continue;
      reportedComplete.set(name, durableLocalComplete);
      news.push({ volume: name, origin: durableLocalComplete });
    }
    return news;
  };

  const sendBatches = (): void => {
    if (link === null || !welcomed || (phase !== "open" && phase !== "reconciling")) return;
    for (let writes = window.takeBatch(); ; writes = window.takeBatch()) {
      const localComplete = unreportedComplete();
      if (writes.length === 0 && localComplete.length === 0) return;
      desk.send(link, { kind: "origin-batch", writes, localComplete });
    }
  };

  /** Every secondary has validated up to these numbers: what is older need not be logged any more (PROTOCOL 5). */
  const farValidated = (validated: readonly VolumeMark[]): void => {
    const change: MarkChange = new Map();
    for (const { volume: name, origin } of validated) {
      const volume = byName.get(name);
      if (volume === undefined || compareOrigin(origin, volume.farValidated) <= 0) continue;
      volume.farValidated = origin;
      volume.regions.validated(origin, change);
    }
    // Dying before it is durable, more is copied some day than need be.
    if (change.size > 0) desk.commit({ marks: change });
  };

  const fence = (reason: string): void => close("fenced", reason);

  return {
    start() {
      if (continues) return open();
      for (const { name } of volumes) desk.access(name, "closed", "the primary is starting");
      const change = new Map<string, MarkValue>();
      for (const volume of volumes) {
        volume.incarnation += 1;
        change.set(markNames.incarnation(volume.name), volume.incarnation);
      }
      desk.commit({ marks: change }, () => {
        if (phase !== "starting") return;
        phase = "confirming";
        sendHello();
        proceed();
      });
    },
    drain() {
      window.drain();
      sendBatches();
    },
    tick() {
      window.tick();
      reads.tick();
      if (isClosed() || desk.nowMs() < nextMarksMs) return;
      nextMarksMs = desk.nowMs() + limits.markIntervalMs;
      persistMarks();
    },
    ingressOpened(opened) {
      if (isClosed() || paused) return desk.closeLink(opened);
      link = opened;
      if (phase !== "starting") sendHello();
    },
    ingressClosed(closed, reason) {
      if (link === closed) dropLink(`no relay: ${reason}`);
    },
    ingress(from, body) {
      if (from !== link) return;
      switch (body.kind) {
        case "relay-welcome":
          return welcome(body.marks, body.creditBytes);
        case "relay-ack":
          return window.relayHas(body.marks, body.creditBytes, false);
        case "relay-records":
          return storeFetched(body);
        case "far-validated":
          return farValidated(body.marks);
        case "refusal":
          if (body.reason === "fenced" || body.reason === "stale-epoch") return fence(`the relay says: ${body.detail}`);
          return dropLink(`the relay refuses (${body.reason}): ${body.detail}`);
        case "origin-hello":
        case "origin-batch":
        case "origin-fetch":
        case "suspended":
        case "copy-start":
        case "copy-done":
        case "copy-ended":
        case "digest-ask":
        case "digest-reply":
          return dropLink(`the relay sent ${body.kind}, which only a primary sends`);
      }
    },
    leaseChallenge: (leaseMs) => lease.renew(leaseMs),
    leaseClosed: () => {},
    confirmEpoch() {
      epochConfirmed = true;
      proceed();
    },
    fence,
    pause(reason) {
      paused = true;
      window.hold("pause");
      dropLink(reason);
    },
    unfinished: () => [...window.takeUnfinished(), ...reads.takeWaiting()],
    isClosed,
    hostWrite(event) {
      const { request, volume, write, offsetBytes, lengthBytes, payload } = event;
      if (phase !== "open") return desk.reply(request, notOpen(volume, detail));
      window.submit({ request, volume, kind: write, offsetBytes, lengthBytes, payload });
    },
    hostRead(event) {
      const volume = byName.get(event.volume);
      assert(volume !== undefined, `a read of ${event.volume}, which is not a volume of this primary`);
      if (phase !== "open") return desk.reply(event.request, notOpen(event.volume, detail));
      reads.read(event, volume.locks);
    },
    mayReadNow: (volume, range) => phase === "open" && byName.get(volume)?.locks.mayRead(range) === true,
    phase: () => phase,
    detail: () => detail,
    stages: () => ({
      relayConnected: welcomed,
      leaseRemainingMs: lease.remainingMs(),
      writesInFlight: window.inFlight(),
      writesHeld: window.held(),
    }),
  };
}

function markOf(marks: readonly VolumeMark[], volume: VolumeName): OriginNumber {
  return marks.find((mark) => mark.volume === volume)?.origin ?? noOrigin;
}

/** Its numbers would name other data than those the relay knows: the relay would take new writes for repeats of old ones. */
function stateLost(volume: VolumeName): string {
  return `the relay knows writes of ${volume} that this node has no memory of: its data directory was lost or replaced by an older one. Restore it, or take the group over at the far side`;
}
