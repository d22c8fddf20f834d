/**
 * What the far side shows after a takeover is exactly one prefix of the relay's order, across all volumes (B5, B6). As
 * each volume is opened for writing at its secondary, its whole content is compared with what the order would have left
 * at every number; what remains possible is intersected over all volumes, and the number that a takeover names must be
 * among it.
 */
import type { NodeName, VolumeName } from "@waystation/contracts/ids";
import { showTag, zeroTag, type Tag } from "../cell.js";
import type { Checker, Observation, Violate } from "../observation.js";
import type { StampedOrder } from "./stamped-order.js";

/** Numbers from `low` to `high`, both inclusive. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface FarPrefixOptions {
  readonly order: StampedOrder;
  readonly secondaryOf: ReadonlyMap<VolumeName, NodeName>;
  /** The cells of a volume that are not zeros, as a reader would see them now. */
  readonly contentOf: (node: NodeName, volume: VolumeName) => ReadonlyMap<number, Tag>;
  readonly violate: Violate;
}

export interface FarPrefixChecker extends Checker {
  /** The volumes that were opened for writing at their secondaries. */
  opened(): ReadonlySet<VolumeName>;
}

const name = "far-prefix";

export function createFarPrefixChecker(options: FarPrefixOptions): FarPrefixChecker {
  const { order } = options;
  const opened = new Set<VolumeName>();
  let possible: readonly Interval[] = [{ low: 0, high: Infinity }];
  const fail = (message: string): void => {
    options.violate(name, message);
  };

  const narrow = (intervals: readonly Interval[], why: string): void => {
    const narrowed = intersect(possible, intervals);
    if (narrowed.length === 0) fail(`${why}: ${show(intervals)} does not meet ${show(possible)}, which held so far`);
    possible = narrowed;
  };

  return {
    name,
    opened: () => opened,
    observe(observation: Observation) {
      if (observation.kind === "takeover-ended" && observation.result.outcome === "taken-over") {
        const { sequence } = observation.result;
        narrow([{ low: sequence, high: sequence }], `the takeover names ${sequence}`);
      }
      if (observation.kind !== "opened-for-writing") return;
      const { node, volume } = observation;
      if (options.secondaryOf.get(volume) !== node || opened.has(volume)) return;
      opened.add(volume);
      const content = options.contentOf(node, volume);
      const matches = prefixesOf(order, volume, content);
      if (matches.length === 0)
        return fail(`${volume} on ${node} is no prefix: ${explain(order, volume, content, possible)}`);
      narrow(matches, `${volume} on ${node} opened`);
    },
  };
}

/** The numbers up to which the order would leave exactly this content. */
export function prefixesOf(
  order: Pick<StampedOrder, "of">,
  volume: VolumeName,
  content: ReadonlyMap<number, Tag>,
): Interval[] {
  // How many cells differ between the content and the model, kept up to date record by record.
  const model = new Map<number, Tag>();
  let different = content.size;
  const intervals: Interval[] = [];
  let low = 0;
  for (const record of order.of(volume)) {
    if (different === 0) intervals.push({ low, high: record.sequence - 1 });
    record.tags.forEach((tag, index) => {
      const cell = record.firstCell + index;
      const wanted = content.get(cell) ?? zeroTag;
      const wasSame = (model.get(cell) ?? zeroTag) === wanted;
      const isSame = tag === wanted;
      if (wasSame && !isSame) different += 1;
      if (!wasSame && isSame) different -= 1;
      model.set(cell, tag);
    });
    low = record.sequence;
  }
  if (different === 0) intervals.push({ low, high: Infinity });
  return intervals;
}

function intersect(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  return a.flatMap((one) =>
    b
      .map((other) => ({ low: Math.max(one.low, other.low), high: Math.min(one.high, other.high) }))
      .filter((both) => both.low <= both.high),
  );
}

function show(intervals: readonly Interval[]): string {
  return intervals.map(({ low, high }) => (low === high ? String(low) : `${low}..${high}`)).join(", ") || "nothing";
}

/** Where the content departs from the order at the number that comes nearest. */
function explain(
  order: StampedOrder,
  volume: VolumeName,
  content: ReadonlyMap<number, Tag>,
  possible: readonly Interval[],
): string {
  const until = Math.min(order.last(), possible.at(-1)?.high ?? order.last());
  const model = new Map<number, Tag>();
  for (const record of order.of(volume)) {
    if (record.sequence > until) break;
    record.tags.forEach((tag, index) => model.set(record.firstCell + index, tag));
  }
  const differing = [...new Set([...content.keys(), ...model.keys()])]
    .filter((cell) => (content.get(cell) ?? zeroTag) !== (model.get(cell) ?? zeroTag))
    .slice(0, 3)
    .map((cell) => {
      const versions = order.versions(volume, cell).map((version) => `${version.sequence}: ${showTag(version.tag)}`);
      return `cell ${cell} holds ${showTag(content.get(cell) ?? zeroTag)}, the order gave it ${versions.join(", ")}`;
    });
  return `at ${until}, ${differing.join("; ")}`;
}
