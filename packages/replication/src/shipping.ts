/**
 * The far legs of a group, at its relay (PROTOCOL 3, 9; B4): ships each secondary its own volumes' records in sequence
 * order, durable ones only, from where its welcome says it stands; the points are settled by far-points.ts. A secondary
 * that lacks records or data is reported to the course of the group, which begins a copy run: then every link is
 * opened anew, and greeted with the order. A fenced relay goes on shipping, but settles points only while every
 * secondary takes part in the takeover.
 */
import { noSequence } from "@waystation/contracts/ids";
import { recordBytes } from "@waystation/contracts/journal";
import type { Desk, LinkId } from "./effects.js";
import { createAges, forgetValidated, lowestOf, newLeg, noteReceived, noteValidated, type FarLeg } from "./far-leg.js";
import { createFarPoints } from "./far-points.js";
import { limits } from "./limits.js";
import type { Marks } from "./marks.js";
import type { RelayChain } from "./relay-chain.js";
import { secondariesOf, type Membership } from "./membership.js";
import type { CopyOrder, DigestAsk, PairState, ShipBody } from "./messages.js";
import type { FarStages } from "./status.js";
import type { JournalRecord, NodeName, Sequence } from "./vocabulary.js";

export type ShipWelcome = Extract<ShipBody, { kind: "ship-welcome" }>;

/** What the far legs ask and tell the course of their group. */
export interface FarCourse {
  /** The copy run that the legs are in, as they are to be told of it; null while there is none. */
  order(): CopyOrder | null;
  /** False while a change is on its way to the disk. */
  isDurable(): boolean;
  /** A secondary says where it stands. Why it lacks records or data, or "" when it may follow from there. */
  greeted(node: NodeName, welcome: ShipWelcome): string;
  /** It can follow no more without a copy run. */
  lacks(node: NodeName, why: string): void;
  regions(node: NodeName, body: Extract<ShipBody, { kind: "ship-regions" }>): void;
  digests(node: NodeName, body: Extract<ShipBody, { kind: "digest-reply" }>): void;
  parted(node: NodeName): void;
  state(): { readonly state: PairState; readonly detail: string };
}

export interface Shipping {
  drain(): void;
  tick(): void;
  opened(link: LinkId, peer: NodeName): void;
  closed(link: LinkId): void;
  message(link: LinkId, body: ShipBody): void;
  /** True when every secondary was seen, and none held a record: a new journal may begin. */
  allSeenEmpty(): boolean;
  /** The secondaries that were not heard since this start. */
  unheard(): readonly NodeName[];
  /** Tells every leg of the epoch that this node follows now: an idle link would not, and its end would go on waiting. */
  announceEpoch(): void;
  /** Every secondary is here: it follows, or says that it lacks something. */
  everyoneHere(): boolean;
  /** Lets every link go: they are opened again, and greeted with the order in hand. */
  greetAnew(): void;
  /** The end of the run in hand is durable here: every secondary is told, and validates it after that. */
  tellEnd(order: CopyOrder): void;
  /** True once every secondary has validated this number, knowing of the order in hand. */
  validatedEverywhere(sequence: Sequence): boolean;
  /** False when the secondary is not here. */
  askDigests(node: NodeName, ask: DigestAsk): boolean;
  /** The first leg that can follow no more without a copy run, and why; empty when there is none. */
  resyncDue(): string;
  gate(): Sequence;
  /** The highest point that every secondary has validated; its mark may be on its way to the disk. */
  settled(): Sequence;
  appliedEverywhere(): Sequence;
  trimmed(): Sequence;
  trimThrough(sequence: Sequence): void;
  stages(): FarStages;
}

export interface ShippingOptions {
  readonly desk: Desk;
  readonly membership: Membership;
  readonly marks: Marks;
  /** The last number stamped and durable. */
  readonly durable: () => Sequence;
  /** Everything up to here was trimmed before this start. */
  readonly trimmed: Sequence;
  readonly declareLost: (what: string) => void;
  /** True once the group is fenced: ship, but settle no further point. */
  readonly quiet: () => boolean;
  /** True while somebody waits for the far legs: nothing is held back to gather more. */
  readonly urgent: () => boolean;
  readonly course: FarCourse;
  readonly chain: RelayChain;
}

export function createShipping(options: ShippingOptions): Shipping {
  const { desk, membership, durable, quiet, urgent, course } = options;
  const legs = secondariesOf(membership).map((node): FarLeg => newLeg(membership, node));
  let trimmed = options.trimmed;
  const ages = createAges();
  const lowest = (stage: (leg: FarLeg) => Sequence): Sequence => lowestOf(legs, stage);

  /** Batches pay off, and nobody waits for them, but for a takeover that drains this relay. */
  const shouldGather = (leg: FarLeg): boolean => {
    if (urgent() || leg.cutShort || durable() - leg.scanned >= limits.shipNumbersMax) return false;
    if (leg.inFlight.length > 0) return true;
    const leftMs = leg.nextShipMs - desk.nowMs();
    if (leftMs > 0) desk.wake(leftMs);
    return leftMs > 0;
  };

  /** Reads the leg's next records and sends them; one read at a time, within the window of what is not durable. */
  const pump = (leg: FarLeg): void => {
    if (!leg.welcomed || leg.reading || leg.scanned >= durable() || leg.inFlightBytes >= limits.shipWindowBytes) return;
    if (shouldGather(leg)) return;
    const { link } = leg;
    leg.reading = true;
    leg.nextShipMs = desk.nowMs() + limits.shipIntervalMs;
    const range = { from: (leg.scanned + 1) as Sequence, through: durable() };
    desk.readJournal({ ...range, volumes: leg.volumes, maxBytes: limits.shipBatchBytes }, (result) => {
      leg.reading = false;
      if (leg.link !== link || !leg.welcomed) return;
      leg.scanned = result.completeThrough;
      leg.cutShort = result.completeThrough < range.through;
      if (result.records.length > 0) ship(leg, result.records);
    });
  };

  const ship = (leg: FarLeg, records: readonly JournalRecord[]): void => {
    if (leg.link === null) return;
    const bytes = records.reduce((sum, record) => sum + recordBytes(record), 0);
    desk.send(leg.link, { kind: "ship-batch", after: leg.shipped, watermark: leg.scanned, records });
    leg.shipped = leg.scanned;
    leg.inFlight.push({ watermark: leg.shipped, bytes });
    leg.inFlightBytes += bytes;
  };

  /**
   * A leg without records of its own up to what was read is told by a batch of none that it is complete. Fenced, there
   * is no next point that would ask for it, and a drain waits for every leg to be complete.
   */
  const tellComplete = (leg: FarLeg): void => {
    if (leg.welcomed && leg.shipped < leg.scanned) ship(leg, []);
  };

  const points = createFarPoints({
    desk,
    marks: options.marks,
    legs,
    durable,
    order: () => course.order(),
    chain: options.chain,
    urgent,
    tellComplete,
  });

  const tellStates = (): void => {
    const { state, detail } = course.state();
    for (const leg of legs) {
      if (!leg.welcomed || leg.link === null || leg.toldState === `${state} ${detail}`) continue;
      leg.toldState = `${state} ${detail}`;
      desk.send(leg.link, { kind: "ship-state", state, detail });
    }
  };

  /** Why a secondary that says this of itself cannot be sent what comes next; empty when it can. */
  const lackOf = (leg: FarLeg, body: ShipWelcome): string => {
    if (body.received < trimmed)
      return `it holds records up to ${body.received} and the relay from ${trimmed + 1}: its data was lost or replaced by older`;
    if (body.validated < points.gate())
      return `it had validated ${points.gate()}, and knows of ${body.validated} only: its data was lost or replaced by older`;
    if (body.applied < leg.applied)
      return `it had applied ${leg.applied}, and knows of ${body.applied} only: its data was lost or replaced by older`;
    // Only what is copied to it from here on makes what it holds the same again.
    if (leg.mismatch !== null && leg.mismatch.copyId === (course.order()?.copyId ?? "")) return leg.mismatch.why;
    return course.greeted(leg.node, body);
  };

  const welcome = (leg: FarLeg, body: ShipWelcome): void => {
    if (body.received > durable()) {
      // Only durable records were ever shipped: the journal's end was lost (PROTOCOL 7).
      options.declareLost(`${leg.node} holds records up to ${body.received}, the journal ends at ${durable()}`);
      if (leg.link !== null) desk.closeLink(leg.link);
      return;
    }
    leg.heard = true;
    const why = lackOf(leg, body);
    if (why !== "") return refuseLacking(leg, why);
    leg.resyncDue = "";
    leg.mismatch = null;
    const order = course.order();
    if (order !== null && body.copyId !== order.copyId) return part(leg, `is not in the copy run ${order.copyId}`);
    Object.assign(leg, { welcomed: true, scanned: body.received, shipped: body.received, toldState: "" });
    Object.assign(leg, { inFlight: [], inFlightBytes: 0, cutShort: false });
    Object.assign(leg, { askedPrepare: noSequence, askedValidate: noSequence, toldGate: noSequence });
    Object.assign(leg, { validatesOpen: 0, validatesStale: 0 });
    Object.assign(leg, { received: body.received, validated: body.validated, applied: body.applied });
    // It prepares again what it is asked; a run may have cut what it had prepared.
    leg.prepared = noSequence;
    // The end may have become known since it was greeted.
    if (order !== null && leg.toldOrder?.end !== order.end) tellEndTo(leg, order);
  };

  /**
   * It is told, so that nobody takes what it holds for an image meanwhile. Its link stays at this end, and says that it is
   * here: once the run is ordered, it is greeted on a new one.
   */
  const refuseLacking = (leg: FarLeg, why: string): void => {
    const due = `${leg.node} needs a copy run: ${why}`;
    if (leg.resyncDue !== due) desk.log("error", `${membership.group}: ${due}`);
    leg.resyncDue = due;
    if (leg.link !== null) desk.send(leg.link, { kind: "refusal", reason: "gap", detail: `a copy run is due: ${why}` });
    course.lacks(leg.node, due);
  };

  const tellEndTo = (leg: FarLeg, order: CopyOrder): void => {
    leg.toldOrder = order;
    if (order.end !== null) forgetValidated(leg, order.end);
    if (leg.link !== null) desk.send(leg.link, { kind: "ship-copy", copy: order });
  };

  /** Lets a link go that is of no use; it is dialled again. */
  const part = (leg: FarLeg, why: string): void => {
    // Said once, not at every try.
    if (leg.lastRefusal !== why) desk.log("warn", `${leg.node} ${why}`);
    leg.lastRefusal = why;
    if (leg.link !== null) desk.closeLink(leg.link);
    drop(leg);
  };

  const drop = (leg: FarLeg): void => {
    leg.link = null;
    leg.welcomed = false;
    course.parted(leg.node);
  };

  /** What only a secondary that was welcomed may say. */
  const report = (leg: FarLeg, body: Exclude<ShipBody, { kind: "ship-welcome" | "refusal" }>): void => {
    switch (body.kind) {
      case "ship-received":
        return noteReceived(leg, body.watermark);
      case "prepared":
        leg.prepared = body.sequence;
        return;
      case "validated":
        return noteValidated(leg, body.sequence);
      case "applied":
        leg.applied = body.sequence;
        return;
      case "ship-regions":
        return course.regions(leg.node, body);
      case "digest-reply":
        return course.digests(leg.node, body);
      case "ship-hello":
      case "ship-copy":
      case "ship-state":
      case "digest-ask":
      case "ship-batch":
      case "prepare":
      case "validate":
      case "gate":
        return part(leg, `sent ${body.kind}, which only a relay sends`);
    }
  };

  return {
    drain() {
      options.chain.catchUp(durable());
      for (const leg of legs) pump(leg);
      if (quiet()) for (const leg of legs) tellComplete(leg);
      // While a change of course is on its way to the disk, what it is based on must stand still.
      else if (course.isDurable()) points.settle();
    },
    tick() {
      ages.note(durable(), desk.nowMs());
      ages.forget(lowest((leg) => leg.applied));
      tellStates();
    },
    opened(link, node) {
      const leg = legs.find((other) => other.node === node);
      if (leg === undefined) return desk.closeLink(link);
      if (leg.link !== null) desk.closeLink(leg.link);
      drop(leg);
      leg.link = link;
      leg.toldOrder = course.order();
      desk.send(link, { kind: "ship-hello", copy: leg.toldOrder });
    },
    closed(link) {
      for (const leg of legs) if (leg.link === link) drop(leg);
    },
    message(link, body) {
      const leg = legs.find((other) => other.link === link);
      if (leg === undefined) return;
      if (body.kind === "ship-welcome") return welcome(leg, body);
      if (body.kind === "refusal" && body.reason === "order-mismatch")
        leg.mismatch = { why: body.detail, copyId: course.order()?.copyId ?? "" };
      if (body.kind === "refusal") return part(leg, `refuses the far leg (${body.reason}): ${body.detail}`);
      if (leg.welcomed) report(leg, body);
    },
    unheard: () => legs.filter((leg) => !leg.heard).map((leg) => leg.node),
    allSeenEmpty: () => legs.every((leg) => leg.welcomed && leg.received === noSequence),
    everyoneHere: () => legs.every((leg) => leg.link !== null && (leg.welcomed || leg.resyncDue !== "")),
    announceEpoch() {
      for (const leg of legs) {
        if (leg.link !== null && leg.welcomed) desk.send(leg.link, { kind: "gate", sequence: points.gate() });
      }
    },
    greetAnew() {
      for (const leg of legs) {
        if (leg.link !== null) desk.closeLink(leg.link);
        drop(leg);
      }
    },
    tellEnd(order) {
      for (const leg of legs) if (leg.welcomed) tellEndTo(leg, order);
    },
    validatedEverywhere: (sequence) => lowest((leg) => leg.validated) >= sequence,
    askDigests(node, ask) {
      const leg = legs.find((other) => other.node === node);
      if (leg?.welcomed !== true || leg.link === null) return false;
      desk.send(leg.link, ask);
      return true;
    },
    resyncDue: () => legs.map((leg) => leg.resyncDue).find((why) => why !== "") ?? "",
    gate: () => points.gate(),
    settled: () => points.settled(),
    appliedEverywhere: () => lowest((leg) => leg.applied),
    trimmed: () => trimmed,
    trimThrough(sequence) {
      trimmed = sequence;
      desk.trim(sequence);
    },
    stages: () => ({
      prepared: lowest((leg) => leg.prepared),
      valid: points.valid(),
      gate: points.gate(),
      trimmed,
      secondaries: legs.map((leg) => ({
        node: leg.node,
        connected: leg.welcomed,
        shipped: leg.shipped,
        received: leg.received,
        prepared: leg.prepared,
        validated: leg.validated,
        applied: leg.applied,
        lagWrites: durable() - leg.applied,
        lagSeconds: ages.ageMs(leg.applied, durable(), desk.nowMs()) / 1000,
      })),
    }),
  };
}
