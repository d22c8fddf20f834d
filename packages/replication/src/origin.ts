/**
 * The primary role of a group on one node (PROTOCOL 1, 2): takes host reads and writes, runs their legs, and after a
 * crash brings array and relay together before any host may look. Its phases:
 *
 *     starting -> confirming -> fetching -> reconciling -> open        (any) -> fenced, state-lost
 *
 * confirming: the relay and every secondary that can be reached have the same epoch (2a); fetching: what the relay has
 * above the durable local mark is stored (2b); reconciling: the extents of the write intent are sent as new writes
 * (2c). Opening earlier would show hosts a write that the relay never saw, and lose it again.
 *
 * Beside the phase stands its leg (origin-leg.ts). Alone, it opens as soon as somebody has confirmed its epoch: hosts were
 * told of nothing that only the relay has.
 */
import assert from "node:assert/strict";
import type { ByteRange } from "@waystation/contracts/byte-range";
import type { Failure } from "@waystation/contracts/errors";
import { createCopySource } from "./copy-source.js";
import type { Desk, GroupEvent, HostOrder, LinkId } from "./effects.js";
import { groupSuspended, heldTooLong, notOpen } from "./failures.js";
import { createHostReads } from "./host-reads.js";
import { createLeaseHolder } from "./lease.js";
import { markNames, readLeg, type Marks } from "./marks.js";
import type { Membership } from "./membership.js";
import { volumesOn } from "./membership.js";
import type { IngressBody, VolumeMark } from "./messages.js";
import { createOriginLegs, mayGoAlone, type CopyStart, type Suspension } from "./origin-leg.js";
import { createOriginProgress } from "./origin-progress.js";
import { createOriginRecovery, lostState } from "./origin-recovery.js";
import { createOriginVolumes } from "./origin-volume.js";
import { primaryStages } from "./origin-stages.js";
import type { MarkChange } from "./region-log.js";
import type { PrimaryStages } from "./status.js";
import type { NodeName, VolumeName } from "./vocabulary.js";
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
  /** Every secondary was asked for its epoch and none has a higher one (2a); `heard`: one at least has answered. */
  confirmEpoch(heard: boolean): void;
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
  const { regionBytes } = membership;
  const volumes = createOriginVolumes({ volumes: volumesOn(membership, self, "primary"), regionBytes, marks });
  const byName = new Map(volumes.map((volume) => [volume.name, volume]));
  const window = createWriteWindow({
    desk,
    volumes,
    holdMs: membership.holdMs,
    alone: readLeg(marks).leg === "alone",
    heldTooLong: (volume) => whyHeld(volume),
  });
  const reads = createHostReads(desk, membership.holdMs);
  const lease = createLeaseHolder(desk);
  const progress = createOriginProgress(desk, volumes);
  const source = createCopySource({
    desk,
    volumes,
    marks,
    ask: (question) => send(question),
    submit: (copy, whenDurable) => window.submitCopy(copy, whenDurable),
    isBusy: () => window.isBusy(),
    room: () => window.room(),
    onDone: (copyId) => send({ kind: "copy-done", copyId }),
  });
  const legs = createOriginLegs({ desk, marks, volumes, window, source });
  let phase: OriginPhase = "starting";
  let detail = "raising the incarnation of its volumes";
  let link: LinkId | null = null;
  let welcomed = false;
  let paused = false;
  /** All secondaries were asked, and somebody, they or the relay, follows the same epoch. */
  let epochConfirmed = false;
  let heardSomebody = false;
  /** The relay's durable word that it stamps no more, since the last welcome. */
  let suspension: Suspension | null = null;
  /** Why it is to go on alone, once it has fetched to the end what it began to fetch. */
  let aloneOnceFetched: Suspension | null = null;
  /** The relay's high marks, from the latest welcome. */
  let relayMarks: readonly VolumeMark[] = [];
  /** Came before the volumes were open: what the array holds until then may be older than the stream. */
  let copyStart: CopyStart | null = null;

  const recovery = createOriginRecovery({
    desk,
    marks,
    volumes,
    window,
    send: (body) => send(body),
    say: (what) => (detail = what),
    onFetched() {
      if (aloneOnceFetched !== null) return goAlone(aloneOnceFetched, sendHello);
      phase = "reconciling";
      progress.persist();
      recovery.reconcile();
    },
    onReconciled() {
      if (phase === "reconciling") open();
    },
    onStopped: () => proceed(),
  });

  const send = (body: IngressBody): void => {
    if (link !== null) desk.send(link, body);
  };

  const sendHello = (): void => send(progress.hello(legs.state()));

  /** Once no change of the leg is on its way to the disk, and if the link is still the same. */
  const settled = (from: LinkId, then: () => void): void =>
    legs.afterChange(() => {
      if (link === from && !isClosed()) then();
    });

  const welcome = (from: LinkId, { marks: marksAtRelay, creditBytes, copyId }: Welcome): void => {
    heardSomebody = true;
    const lost = lostState(volumes, marksAtRelay);
    if (lost !== "") return close("state-lost", lost);
    const takenIn = (): void => {
      welcomed = true;
      suspension = null;
      aloneOnceFetched = null;
      relayMarks = marksAtRelay;
      progress.forgetReported();
      window.relayHas(marksAtRelay, creditBytes, true);
      if (phase === "confirming" || phase === "fetching") proceed();
      else detail = "";
    };
    if (legs.state().leg !== "alone") return takenIn();
    if (copyId === "") return dropLink("the relay goes on, and does not know that this primary was alone");
    legs.rejoin(copyId, () => {
      if (link === from && !isClosed()) takenIn();
    });
  };

  /** 2a -> 2b, once both sides have answered; or open, if nothing is to be fetched. */
  const proceed = (): void => {
    if (phase !== "confirming" && phase !== "fetching") return;
    if (legs.state().leg === "alone" && !legs.isChanging()) return openAlone();
    if (phase === "confirming") detail = welcomed ? "asking the secondaries for their epoch" : "waiting for the relay";
    // A relay that is suspended gives what it has as well: nothing is added to it any more.
    if ((!welcomed || !epochConfirmed) && aloneOnceFetched === null) return;
    if (recovery.fetch(aloneOnceFetched === null ? relayMarks : [])) phase = "fetching";
  };

  const openAlone = (): void => {
    recovery.stop();
    // Fetched records on their way to the array would land on what hosts write.
    if (recovery.isStoring()) return;
    if (epochConfirmed && heardSomebody) return open();
    detail = "alone; before it opens, one secondary at least, or the relay, must say that nobody has taken over";
  };

  const open = (): void => {
    phase = "open";
    const { leg, state } = legs.state();
    detail = leg === "alone" ? `${state}: writes go to this array alone` : "";
    for (const { name } of volumes) desk.access(name, "read-write", `primary volume of ${membership.group}`);
    desk.log("info", `${membership.group}: open for hosts`);
    if (copyStart !== null) beginCopy(copyStart);
  };

  const beginCopy = (start: CopyStart): void => {
    copyStart = start;
    if (phase !== "open" || link === null || legs.state().leg === "alone") return;
    const from = link;
    legs.startCopy(start, () => {
      if (link === from && welcomed) source.begin(start.copyId);
    });
  };

  const suspended = (from: LinkId, { state, detail: why }: Suspension): void => {
    heardSomebody = true;
    const wasWelcomed = welcomed;
    stopSending();
    suspension = { state, detail: why };
    detail = `${state}: ${why}`;
    const greet = (): void => {
      if (link === from && wasWelcomed) sendHello();
    };
    if (legs.state().leg !== "alone" && mayGoAlone(membership.fence, state)) {
      if (!recovery.isHalfWay()) return goAlone({ state, detail: why }, greet);
      aloneOnceFetched = { state, detail: why };
      return proceed();
    }
    greet();
    proceed();
  };

  const goAlone = ({ state, detail: why }: Suspension, then: () => void): void => {
    aloneOnceFetched = null;
    desk.log("warn", `${membership.group}: ${state}: going on without the relay: ${why}`);
    legs.goAlone(state, () => {
      if (isClosed()) return;
      then();
      // A recovery from the relay has become void: what it had sent again has ended at the array.
      if (phase === "fetching" || phase === "reconciling") phase = "confirming";
      proceed();
    });
  };

  /** Only where the fence level does without the relay's word, and after the whole lease (PROTOCOL 4). */
  const lookAtLease = (): void => {
    if (membership.fence !== "never" || lease.remainingMs() > 0) return;
    if (phase === "starting" || isClosed() || paused || legs.isChanging() || legs.state().leg === "alone") return;
    if (recovery.isHalfWay()) {
      detail = "half-way between its past and what the relay has: bring the relay back, or take the group over";
      return;
    }
    dropLink("the relay is silent, and its lease has ended");
    goAlone({ state: "PSUE", detail }, () => {});
  };

  const whyHeld = (volume: VolumeName): Failure =>
    suspension !== null && legs.state().leg !== "alone"
      ? groupSuspended(volume, membership, suspension)
      : heldTooLong(volume, membership.holdMs);

  const isClosed = (): boolean => phase === "fenced" || phase === "state-lost";

  const stopSending = (): void => {
    welcomed = false;
    copyStart = null;
    recovery.stop();
    source.stop();
    window.disconnect();
  };

  const dropLink = (reason: string): void => {
    if (link !== null) desk.closeLink(link);
    link = null;
    aloneOnceFetched = null;
    stopSending();
    if (!isClosed()) detail = reason;
  };

  /** Serves nobody any more, for good. */
  const close = (as: "fenced" | "state-lost", reason: string): void => {
    if (phase === "fenced") return;
    phase = as;
    paused = false;
    dropLink(reason);
    detail = reason;
    desk.log("error", `${membership.group}: ${as}: ${reason}`);
    window.abandon((volume) => notOpen(volume, reason));
    reads.abandon((volume) => notOpen(volume, reason));
    for (const { name } of volumes) desk.access(name, "closed", reason);
  };

  const sendBatches = (): void => {
    if (link === null || !welcomed || (phase !== "open" && phase !== "reconciling")) return;
    for (let writes = window.takeBatch(); ; writes = window.takeBatch()) {
      const localComplete = progress.takeUnreported();
      if (writes.length === 0 && localComplete.length === 0) return;
      desk.send(link, { kind: "origin-batch", writes, localComplete });
    }
  };

  const fence = (reason: string): void => close("fenced", reason);

  return {
    start() {
      // What an earlier life was granted may run still: the relay counts on it as much as on a present one.
      if (membership.fence === "never") lease.renew(membership.leaseMs);
      const change: MarkChange = new Map();
      for (const { regions } of volumes) regions.convert(change);
      if (continues) {
        if (change.size > 0) desk.commit({ marks: change });
        return open();
      }
      for (const { name } of volumes) desk.access(name, "closed", "the primary is starting");
      // Dying before this commit, nothing was said under the number; after it, it is used up.
      for (const volume of volumes) change.set(markNames.incarnation(volume.name), ++volume.incarnation);
      desk.commit({ marks: change }, () => {
        if (phase !== "starting") return;
        phase = "confirming";
        sendHello();
        proceed();
      });
    },
    drain() {
      window.drain();
      source.drain();
      sendBatches();
    },
    tick() {
      window.tick();
      reads.tick();
      if (isClosed()) return;
      lookAtLease();
      progress.tick();
      // A relay that waits for room hears what it may trim, although no batch goes to it.
      if (suspension !== null && !legs.isChanging() && progress.isGreetingOld()) sendHello();
      source.tick();
    },
    ingressOpened(opened) {
      if (isClosed() || paused) return desk.closeLink(opened);
      link = opened;
      if (phase !== "starting") settled(opened, sendHello);
    },
    ingressClosed(closed, reason) {
      if (link === closed) dropLink(`no relay: ${reason}`);
    },
    ingress(from, body) {
      if (from !== link) return;
      switch (body.kind) {
        case "relay-welcome":
          return settled(from, () => welcome(from, body));
        case "relay-ack":
          return window.relayHas(body.marks, body.creditBytes, false);
        case "relay-records":
          return phase === "fetching" ? recovery.records(body) : undefined;
        case "suspended":
          return settled(from, () => suspended(from, body));
        case "copy-start":
          return settled(from, () => beginCopy(body));
        case "copy-ended":
          return settled(from, () => legs.endCopy(body.copyId));
        case "far-validated":
          return legs.state().leg === "alone" ? undefined : progress.farValidated(body.marks);
        case "digest-reply":
          return source.digests(body);
        case "refusal":
          if (body.reason === "fenced" || body.reason === "stale-epoch") return fence(`the relay says: ${body.detail}`);
          return dropLink(`the relay refuses (${body.reason}): ${body.detail}`);
        case "origin-hello":
        case "origin-batch":
        case "origin-fetch":
        case "copy-done":
        case "digest-ask":
          return dropLink(`the relay sent ${body.kind}, which only a primary sends`);
      }
    },
    leaseChallenge: (leaseMs) => lease.renew(leaseMs),
    leaseClosed: () => {},
    confirmEpoch(heard) {
      epochConfirmed = true;
      heardSomebody ||= heard;
      proceed();
    },
    fence,
    pause(reason) {
      // One that serves nobody any more lets nobody wait.
      if (isClosed()) return;
      paused = true;
      window.hold("pause");
      dropLink(reason);
    },
    unfinished: () => [...window.takeUnfinished(), ...reads.takeUnanswered()],
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
    phase: () => (phase === "confirming" && recovery.isHalfWay() ? "fetching" : phase),
    detail: () => detail,
    stages: () => primaryStages({ welcomed, paused, suspension, lease, window, legs, volumes, source }),
  };
}

type Welcome = Extract<IngressBody, { kind: "relay-welcome" }>;
