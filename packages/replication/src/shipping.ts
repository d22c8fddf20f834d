/**
 * The far legs of a group, at its relay (PROTOCOL 3; B4, B5): ships each secondary its own volumes' records in sequence
 * order, and takes all secondaries together from point to point:
 *
 *     Prepare(R) -> all prepared -> valid counter = R, durable -> Validate(R) -> all validated -> gate A = R, durable
 *
 * Only durable records are shipped. A secondary stores in its volumes only what lies below the gate that every
 * secondary has validated: so whichever of them survive, the highest Validate among the survivors is a point that the
 * missing ones have prepared and none has passed. A fenced relay goes on shipping, but settles points only while every
 * secondary takes part in the takeover.
 */
import { noSequence, type Sequence } from "@waystation/contracts/ids";
import { recordBytes } from "@waystation/contracts/journal";
import type { Desk, LinkId } from "./effects.js";
import { limits } from "./limits.js";
import { markNames, readSequence, type Marks } from "./marks.js";
import { secondariesOf, volumesOn, type Membership } from "./membership.js";
import type { ShipBody } from "./messages.js";
import type { RelayStages, ShippingStages } from "./status.js";
import type { JournalRecord, NodeName, VolumeName } from "./vocabulary.js";

interface FarLeg {
  readonly node: NodeName;
  readonly volumes: ReadonlySet<VolumeName>;
  link: LinkId | null;
  welcomed: boolean;
  /** Welcomed at least once since this start. */
  heard: boolean;
  reading: boolean;
  /** The last batch was full: more waits, and waits for no company. */
  cutShort: boolean;
  /** Up to here the journal was read for this leg; and up to here the leg was told. */
  scanned: Sequence;
  shipped: Sequence;
  /** Batches sent and not durable at the other end. */
  inFlight: { readonly watermark: Sequence; readonly bytes: number }[];
  inFlightBytes: number;
  nextShipMs: number;
  /** As the secondary last said; all of them durable there, so they never go back. */
  received: Sequence;
  prepared: Sequence;
  validated: Sequence;
  applied: Sequence;
  lastRefusal: string;
  /** Why it can follow no more without a full copy; empty while it can. */
  resyncDue: string;
  /** What was asked of it on this link. */
  askedPrepare: Sequence;
  askedValidate: Sequence;
  toldGate: Sequence;
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
  /** The first leg that can follow no more without a full copy, and why; empty when there is none. */
  resyncDue(): string;
  appliedEverywhere(): Sequence;
  trimmed(): Sequence;
  trimThrough(sequence: Sequence): void;
  stages(): Pick<RelayStages, "prepared" | "valid" | "gate" | "trimmed" | "secondaries">;
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
}

export function createShipping(options: ShippingOptions): Shipping {
  const { desk, membership, durable, quiet, urgent } = options;
  const legs = secondariesOf(membership).map((node): FarLeg => newLeg(membership, node));
  let trimmed = options.trimmed;
  /** The valid counter and the gate; the first of each pair may be on its way to the disk. */
  let validWanted = readSequence(options.marks, markNames.valid);
  let valid = validWanted;
  let gateWanted = readSequence(options.marks, markNames.gate);
  let gate = gateWanted;
  /** The point being prepared. */
  let preparing = noSequence;
  let nextPointMs = 0;
  const ages = createAges();

  const lowest = (stage: (leg: FarLeg) => Sequence): Sequence =>
    legs.reduce((low, leg) => (stage(leg) < low ? stage(leg) : low), Number.MAX_SAFE_INTEGER as Sequence);
  const allWelcomed = (): boolean => legs.every((leg) => leg.welcomed);

  /**
   * Up to here the leg holds all its records durably. The next point is never beyond it: a secondary whose journal is
   * full of records above the gate could take no more, and a point beyond them would never be prepared.
   */
  const reach = (leg: FarLeg): Sequence => (leg.inFlight.length === 0 ? leg.scanned : leg.received);

  /** True once it is time; asks for a drain then, if it is not. */
  const isDue = (atMs: number): boolean => {
    const leftMs = atMs - desk.nowMs();
    if (leftMs > 0) desk.wake(leftMs);
    return leftMs <= 0;
  };

  /** Batches pay off, and nobody waits for them, but for a takeover that drains this relay. */
  const shouldGather = (leg: FarLeg): boolean => {
    if (urgent() || leg.cutShort || durable() - leg.scanned >= limits.shipNumbersMax) return false;
    return leg.inFlight.length > 0 || !isDue(leg.nextShipMs);
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

  /** Takes the next step towards the point in hand, or begins the next point once the last one is settled. */
  const settle = (): void => {
    if (!allWelcomed()) return;
    for (const leg of legs) {
      if (leg.link === null || leg.toldGate >= gate) continue;
      leg.toldGate = gate;
      desk.send(leg.link, { kind: "gate", sequence: gate });
    }
    if (valid === gate && preparing <= gate) beginPoint();
    if (preparing > valid) prepare();
    else if (valid > gate) validate();
  };

  const beginPoint = (): void => {
    const next = lowest(reach);
    if (next <= gate || (!urgent() && !isDue(nextPointMs))) return;
    nextPointMs = desk.nowMs() + limits.pointIntervalMs;
    preparing = next;
  };

  const prepare = (): void => {
    for (const leg of legs) {
      if (leg.link === null) continue;
      if (leg.shipped < preparing && leg.scanned >= preparing) tellComplete(leg);
      if (leg.askedPrepare >= preparing) continue;
      leg.askedPrepare = preparing;
      desk.send(leg.link, { kind: "prepare", sequence: preparing });
    }
    if (lowest((leg) => leg.prepared) < preparing || validWanted >= preparing) return;
    validWanted = preparing;
    desk.commit({ marks: new Map([[markNames.valid, validWanted]]) }, () => {
      valid = validWanted;
    });
  };

  const validate = (): void => {
    for (const leg of legs) {
      if (leg.link === null || leg.askedValidate >= valid) continue;
      leg.askedValidate = valid;
      desk.send(leg.link, { kind: "validate", sequence: valid });
    }
    if (lowest((leg) => leg.validated) < valid || gateWanted >= valid) return;
    gateWanted = valid;
    desk.commit({ marks: new Map([[markNames.gate, gateWanted]]) }, () => {
      gate = gateWanted;
    });
  };

  const welcome = (leg: FarLeg, body: Extract<ShipBody, { kind: "ship-welcome" }>): void => {
    if (body.received > durable()) {
      // Only durable records were ever shipped: the journal's end was lost (PROTOCOL 7).
      options.declareLost(`${leg.node} holds records up to ${body.received}, the journal ends at ${durable()}`);
      if (leg.link !== null) desk.closeLink(leg.link);
      return;
    }
    if (body.received < trimmed || body.applied < leg.applied) {
      const why = `it holds records up to ${body.received} and the relay from ${trimmed + 1}: its data was lost or replaced by older`;
      leg.resyncDue = `${leg.node} needs a full copy: ${why}`;
      desk.log("error", leg.resyncDue);
      if (leg.link !== null) {
        desk.send(leg.link, { kind: "refusal", reason: "gap", detail: `this node needs a full copy: ${why}` });
        desk.closeLink(leg.link);
      }
      return;
    }
    Object.assign(leg, { welcomed: true, heard: true, scanned: body.received, shipped: body.received });
    Object.assign(leg, { inFlight: [], inFlightBytes: 0, cutShort: false });
    Object.assign(leg, { askedPrepare: noSequence, askedValidate: noSequence, toldGate: noSequence });
    Object.assign(leg, { received: body.received, validated: body.validated, applied: body.applied });
  };

  const noteReceived = (leg: FarLeg, watermark: Sequence): void => {
    leg.received = watermark;
    let done = 0;
    for (
      let batch = leg.inFlight[done];
      batch !== undefined && batch.watermark <= watermark;
      batch = leg.inFlight[done]
    ) {
      leg.inFlightBytes -= batch.bytes;
      done += 1;
    }
    leg.inFlight.splice(0, done);
  };

  const drop = (leg: FarLeg): void => {
    leg.link = null;
    leg.welcomed = false;
  };

  return {
    drain() {
      for (const leg of legs) pump(leg);
      if (quiet()) for (const leg of legs) tellComplete(leg);
      else settle();
    },
    tick() {
      ages.note(durable(), desk.nowMs());
      ages.forget(lowest((leg) => leg.applied));
    },
    opened(link, node) {
      const leg = legs.find((other) => other.node === node);
      if (leg === undefined) return desk.closeLink(link);
      if (leg.link !== null) desk.closeLink(leg.link);
      drop(leg);
      leg.link = link;
      desk.send(link, { kind: "ship-hello", copy: null });
    },
    closed(link) {
      for (const leg of legs) if (leg.link === link) drop(leg);
    },
    message(link, body) {
      const leg = legs.find((other) => other.link === link);
      if (leg === undefined) return;
      switch (body.kind) {
        case "ship-welcome":
          return welcome(leg, body);
        case "ship-received":
          return noteReceived(leg, body.watermark);
        case "prepared":
          leg.prepared = body.sequence;
          return;
        case "validated":
          leg.validated = body.sequence;
          return;
        case "applied":
          leg.applied = body.sequence;
          return;
        case "refusal":
          // It is dialled again and again: said once, not at every try.
          if (leg.lastRefusal !== body.detail)
            desk.log("warn", `${leg.node} refuses the far leg (${body.reason}): ${body.detail}`);
          leg.lastRefusal = body.detail;
          desk.closeLink(link);
          return drop(leg);
        case "ship-copy":
        case "ship-regions":
        case "ship-state":
        case "digest-ask":
        case "digest-reply":
        case "ship-hello":
        case "ship-batch":
        case "prepare":
        case "validate":
        case "gate":
          desk.log("warn", `${leg.node} sent ${body.kind}, which only a relay sends`);
          desk.closeLink(link);
          return drop(leg);
      }
    },
    unheard: () => legs.filter((leg) => !leg.heard).map((leg) => leg.node),
    allSeenEmpty: () => allWelcomed() && legs.every((leg) => leg.received === noSequence),
    announceEpoch() {
      for (const leg of legs) {
        if (leg.link !== null && leg.welcomed) desk.send(leg.link, { kind: "gate", sequence: gate });
      }
    },
    resyncDue: () => legs.map((leg) => leg.resyncDue).find((why) => why !== "") ?? "",
    appliedEverywhere: () => lowest((leg) => leg.applied),
    trimmed: () => trimmed,
    trimThrough(sequence) {
      trimmed = sequence;
      desk.trim(sequence);
    },
    stages: () => ({
      prepared: lowest((leg) => leg.prepared),
      valid,
      gate,
      trimmed,
      secondaries: legs.map((leg): ShippingStages => ({
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

function newLeg(membership: Membership, node: NodeName): FarLeg {
  return {
    node,
    volumes: new Set(volumesOn(membership, node, "secondary").map((volume) => volume.name)),
    link: null,
    welcomed: false,
    heard: false,
    reading: false,
    cutShort: false,
    scanned: noSequence,
    shipped: noSequence,
    inFlight: [],
    inFlightBytes: 0,
    nextShipMs: 0,
    received: noSequence,
    prepared: noSequence,
    validated: noSequence,
    applied: noSequence,
    lastRefusal: "",
    resyncDue: "",
    askedPrepare: noSequence,
    askedValidate: noSequence,
    toldGate: noSequence,
  };
}

/** When which number was reached, sampled at each tick: enough to say how old the oldest write not yet applied is. */
function createAges(): {
  note(stamped: Sequence, nowMs: number): void;
  forget(applied: Sequence): void;
  ageMs(applied: Sequence, stamped: Sequence, nowMs: number): number;
} {
  const samplesMax = 4096;
  let samples: { readonly stamped: Sequence; readonly atMs: number }[] = [];
  return {
    note(stamped, atMs) {
      if (samples.at(-1)?.stamped !== stamped) samples.push({ stamped, atMs });
      // Thinning the middle keeps the ends: a lag of hours is told to within a share of itself.
      if (samples.length > samplesMax) samples = samples.filter((_, index) => index % 2 === 0);
    },
    forget(applied) {
      const first = samples.findIndex((sample) => sample.stamped > applied);
      samples = first < 0 ? samples.slice(-1) : samples.slice(Math.max(0, first - 1));
    },
    ageMs(applied, stamped, nowMs) {
      if (applied >= stamped) return 0;
      const oldest = samples.find((sample) => sample.stamped > applied);
      return oldest === undefined ? 0 : nowMs - oldest.atMs;
    },
  };
}
