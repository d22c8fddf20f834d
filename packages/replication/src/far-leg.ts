/** What the relay keeps of the leg to one secondary, while it knows it; and how old what waits for it is. */
import { noSequence } from "@waystation/contracts/ids";
import type { LinkId } from "./effects.js";
import { volumesOn, type Membership } from "./membership.js";
import type { CopyOrder } from "./messages.js";
import type { NodeName, Sequence, VolumeName } from "./vocabulary.js";

export interface FarLeg {
  readonly node: NodeName;
  readonly volumes: ReadonlySet<VolumeName>;
  link: LinkId | null;
  welcomed: boolean;
  /** Said where it stands at least once since this start. */
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
  /** Why it can follow no more without a copy run; empty while it can. */
  resyncDue: string;
  /** Its records are not what was stamped (PROTOCOL 8), and in which copy run that was noticed; null while they are. */
  mismatch: { readonly why: string; readonly copyId: string } | null;
  /** What was asked of it, and told to it, on this link. */
  askedPrepare: Sequence;
  askedValidate: Sequence;
  toldGate: Sequence;
  toldState: string;
  /** The copy run as it was told last, by its greeting or since; null while there was none. */
  toldOrder: CopyOrder | null;
  /** Validates that it has not answered; and how many of the next answers are to questions that count no more. */
  validatesOpen: number;
  validatesStale: number;
}

export function newLeg(membership: Membership, node: NodeName): FarLeg {
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
    mismatch: null,
    askedPrepare: noSequence,
    askedValidate: noSequence,
    toldGate: noSequence,
    toldState: "",
    toldOrder: null,
    validatesOpen: 0,
    validatesStale: 0,
  };
}

/** The lowest that any of them has reached. */
export function lowestOf(legs: readonly FarLeg[], stage: (leg: FarLeg) => Sequence): Sequence {
  return legs.reduce((low, leg) => (stage(leg) < low ? stage(leg) : low), Number.MAX_SAFE_INTEGER as Sequence);
}

/** Everything up to the watermark is durable at the other end. */
export function noteReceived(leg: FarLeg, watermark: Sequence): void {
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
}

export function noteValidated(leg: FarLeg, sequence: Sequence): void {
  leg.validatesOpen = Math.max(0, leg.validatesOpen - 1);
  if (leg.validatesStale > 0) leg.validatesStale -= 1;
  else leg.validated = sequence;
}

/**
 * The leg was told of the end of a copy run: what it validated before says nothing of that end, because a takeover could
 * still find a secondary that takes the run for unfinished. It is asked again, and answers with the end durable.
 */
export function forgetValidated(leg: FarLeg, end: Sequence): void {
  leg.validated = Math.min(leg.validated, end - 1) as Sequence;
  // Below every number: a run in a group where nothing was ever stamped ends at 0.
  leg.askedValidate = -1 as Sequence;
  leg.validatesStale = leg.validatesOpen;
}

export interface Ages {
  note(stamped: Sequence, nowMs: number): void;
  forget(applied: Sequence): void;
  ageMs(applied: Sequence, stamped: Sequence, nowMs: number): number;
}

/** When which number was reached, sampled at each tick: enough to say how old the oldest write not yet applied is. */
export function createAges(): Ages {
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
