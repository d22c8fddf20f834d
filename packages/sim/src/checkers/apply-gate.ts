/**
 * The apply gate (PROTOCOL 3.3): what a secondary stores in a volume was validated by every secondary of the group, or
 * lies within a takeover's decision that all its participants durably hold. Otherwise an absent secondary could come back with too little, and no
 * common prefix would exist.
 */
import type { NodeName, VolumeName } from "@waystation/contracts/ids";
import { cellBytes, readTag, showTag, zeroTag } from "../cell.js";
import type { Checker, Observation, Violate } from "../observation.js";
import { sequenceOf, type StampedOrder } from "./stamped-order.js";

export interface ApplyGateOptions {
  readonly order: StampedOrder;
  readonly secondaries: readonly NodeName[];
  /** C of the settled decision that the node holds, or 0. */
  readonly decided: (node: NodeName) => number;
  readonly violate: Violate;
}

const name = "apply-gate";

export function createApplyGateChecker(options: ApplyGateOptions): Checker {
  const validated = new Map<NodeName, number>(options.secondaries.map((node) => [node, 0]));
  const promoted = new Set<VolumeName>();

  const stores = (observation: Extract<Observation, { kind: "store-write" }>): void => {
    const { node, volume, write } = observation;
    if (!validated.has(node) || promoted.has(volume) || write.data === null) return;
    const limit = Math.max(Math.min(...validated.values()), options.decided(node));
    const first = write.offsetBytes / cellBytes;
    for (let index = 0; index < write.lengthBytes / cellBytes; index++) {
      const cell = first + index;
      const tag = readTag(write.data, index * cellBytes, { volume, cell });
      if (tag === zeroTag) continue;
      const sequence = sequenceOf(options.order.versions(volume, cell), tag);
      if (sequence !== null && sequence <= limit) continue;
      const what = `${node} stores ${showTag(tag)} in ${volume} cell ${cell}`;
      options.violate(
        name,
        sequence === null ? `${what}, which was never stamped` : `${what}: number ${sequence}, the gate is ${limit}`,
      );
    }
  };

  return {
    name,
    observe(observation: Observation) {
      if (observation.kind === "store-write") return stores(observation);
      if (observation.kind === "opened-for-writing") {
        // From here on the hosts of the new primary write there. (A primary's own opening changes nothing: it is asked
        // of the secondary's node only.)
        if (validated.has(observation.node)) promoted.add(observation.volume);
      }
      if (observation.kind !== "sent") return;
      const { body } = observation.message;
      const sequence = body.kind === "validated" ? body.sequence : body.kind === "ship-welcome" ? body.validated : 0;
      const before = validated.get(observation.from);
      if (before !== undefined && sequence > before) validated.set(observation.from, sequence);
    },
  };
}
