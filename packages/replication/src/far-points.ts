/**
 * How the relay takes all secondaries together from point to point (PROTOCOL 3.2, 3.3; B5):
 *
 *     Prepare(R) -> all prepared -> valid counter = R, durable -> Validate(R) -> all validated -> gate A = R, durable
 *
 * A secondary stores in its volumes only what lies below the gate that every secondary has validated: so whichever of them
 * survive, the highest Validate among the survivors is a point that the missing ones have prepared and none has passed.
 *
 * In a copy run whose end is not known the gate stays below the last number stamped. So when the end is that number, no
 * secondary has passed it before all have the order that names it, and each validates at or beyond it only after the
 * order is durable there. Otherwise one could drop the pre-images of a run that another still takes for unfinished, and a
 * takeover in between would find no image that both can go to.
 */
import { noSequence } from "@waystation/contracts/ids";
import type { Desk } from "./effects.js";
import { lowestOf, type FarLeg } from "./far-leg.js";
import { limits } from "./limits.js";
import type { RelayChain } from "./relay-chain.js";
import { markNames, readSequence, type Marks } from "./marks.js";
import type { CopyOrder } from "./messages.js";
import type { Sequence } from "./vocabulary.js";

export interface FarPoints {
  /** Takes the next step towards the point in hand, or begins the next point once the last one is settled. */
  settle(): void;
  valid(): Sequence;
  /** The highest point that every secondary has validated; its mark may be on its way to the disk. */
  settled(): Sequence;
  gate(): Sequence;
}

export interface FarPointsOptions {
  readonly desk: Desk;
  readonly marks: Marks;
  readonly legs: readonly FarLeg[];
  readonly durable: () => Sequence;
  readonly order: () => CopyOrder | null;
  readonly chain: RelayChain;
  /** True while somebody waits for the far legs: nothing is held back to gather more. */
  readonly urgent: () => boolean;
  /** Tells a leg that it is complete up to where the journal was read for it. */
  readonly tellComplete: (leg: FarLeg) => void;
}

export function createFarPoints(options: FarPointsOptions): FarPoints {
  const { desk, legs, durable, chain, urgent } = options;
  /** The valid counter and the gate; the first of each pair may be on its way to the disk. */
  let validWanted = readSequence(options.marks, markNames.valid);
  let valid = validWanted;
  let gateWanted = readSequence(options.marks, markNames.gate);
  let gate = gateWanted;
  /** The point being prepared. */
  let preparing = noSequence;
  let nextPointMs = 0;

  const lowest = (stage: (leg: FarLeg) => Sequence): Sequence => lowestOf(legs, stage);

  /**
   * Up to here the leg holds all its records durably. The next point is never beyond it: a secondary whose journal is
   * full of records above the gate could take no more, and a point beyond them would never be prepared.
   */
  const reach = (leg: FarLeg): Sequence => (leg.inFlight.length === 0 ? leg.scanned : leg.received);

  /** No point is settled beyond this. */
  const ceiling = (): Sequence => {
    const order = options.order();
    if (order === null || order.end !== null) return Number.MAX_SAFE_INTEGER as Sequence;
    return Math.max(order.base, durable() - 1) as Sequence;
  };

  const tellGate = (): void => {
    for (const leg of legs) {
      if (leg.link === null || leg.toldGate >= gate) continue;
      leg.toldGate = gate;
      desk.send(leg.link, { kind: "gate", sequence: gate });
    }
  };

  const beginPoint = (): void => {
    const next = Math.min(lowest(reach), ceiling(), chain.through()) as Sequence;
    if (next <= gate) return;
    const leftMs = nextPointMs - desk.nowMs();
    if (!urgent() && leftMs > 0) return desk.wake(leftMs);
    nextPointMs = desk.nowMs() + limits.pointIntervalMs;
    preparing = next;
  };

  /** With what the leg's own records up to there must make (PROTOCOL 8). */
  const askPrepare = (leg: FarLeg, sequence: Sequence): void => {
    if (leg.link === null || leg.askedPrepare >= sequence) return;
    leg.askedPrepare = sequence;
    const commitment = chain.commitmentAt(sequence, leg.volumes);
    desk.send(leg.link, { kind: "prepare", sequence, commitment });
  };

  const prepare = (): void => {
    for (const leg of legs) {
      if (leg.link === null) continue;
      if (leg.shipped < preparing && leg.scanned >= preparing) options.tellComplete(leg);
      askPrepare(leg, preparing);
    }
    if (lowest((leg) => leg.prepared) < preparing || validWanted >= preparing) return;
    validWanted = preparing;
    // The root with the counter: whoever asks later what was validated finds both, or neither.
    const settled = chain.settle(validWanted, gate);
    desk.commit({ marks: new Map([...settled, [markNames.valid, validWanted]]) }, () => {
      valid = validWanted;
    });
  };

  const validate = (): void => {
    for (const leg of legs) {
      if (leg.link === null || leg.askedValidate >= valid) continue;
      leg.askedValidate = valid;
      // It may have been started again since it prepared this point, and validates only what it has verified.
      askPrepare(leg, valid);
      leg.validatesOpen += 1;
      desk.send(leg.link, { kind: "validate", sequence: valid });
    }
    if (lowest((leg) => leg.validated) < valid || gateWanted >= valid) return;
    gateWanted = valid;
    desk.commit({ marks: new Map([[markNames.gate, gateWanted]]) }, () => {
      gate = gateWanted;
    });
  };

  return {
    settle() {
      if (!legs.every((leg) => leg.welcomed)) return;
      tellGate();
      if (valid === gate && preparing <= gate) beginPoint();
      if (preparing > valid) prepare();
      // Validated again although it is the gate already: all that is missing for the end of a run may be that each says so.
      else if (valid <= ceiling() && lowest((leg) => leg.validated) < valid) validate();
      else if (valid > gate && valid <= ceiling()) validate();
    },
    valid: () => valid,
    settled: () => gateWanted,
    gate: () => gate,
  };
}
