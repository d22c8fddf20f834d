/**
 * Copies one range of a pair from one side to the other. Whoever calls holds the range alone, so what is read is what
 * both sides are to hold.
 *
 * By whole stripes of the target (SPEC A7): all data units are read from the source, the redundancy is formed from them,
 * and only what differs is written. That is right only if the target holds what the source holds wherever it is not
 * written; where each side rightly has bytes of its own (written while split, owed to the other side), those stripes are
 * written as a host would write them.
 */
import type { DurableBlockStore, StripeStore } from "@waystation/contracts/block-device";
import type { ByteRange } from "@waystation/contracts/byte-range";
import {
  around,
  partsWhere,
  rangeOf,
  regionPieces,
  wholeStripes,
  type CopySpace,
  type StripeGrid,
} from "../core/copy-plan.js";
import type { CopyDirection } from "../core/pair-phase.js";
import type { RegionRun } from "../core/region-marks.js";
import type { Mirror } from "./mirror.js";

export interface CopyJob {
  readonly direction: CopyDirection;
  readonly wants: (region: number) => boolean;
}

/** What there is to copy in the phase that a pair is in, in this order. */
export function jobsOf(mirror: Mirror): readonly CopyJob[] {
  const { copies } = mirror.rules();
  if (copies === null) return [];
  const counts = mirror.marks().counts();
  // What was written since a quick split stays apart.
  const hasPending = mirror.phase() !== "quick-split" && counts.differs > mirror.intentCount();
  // While P is restored, what S missed since comes first: it is P's alone. Not asked of each region where there is none.
  return [
    ...(hasPending ? [{ direction: "to-secondary", wants: mirror.pending } as const] : []),
    ...(counts.owed > 0 ? [{ direction: copies, wants: mirror.owed }] : []),
  ];
}

export interface PairSides {
  readonly primary: DurableBlockStore;
  readonly mirror: Mirror;
}

/** The space of a pair as the target of a copy in this direction has it. */
export function spaceOf({ primary, mirror }: PairSides, direction: CopyDirection): CopySpace {
  const { sizeBytes, regionBytes } = mirror.record();
  const target = direction === "to-secondary" ? mirror.secondary : primary;
  return { sizeBytes, regionBytes, grid: gridOf(target) };
}

/**
 * Copies what the job wants in `range`, which is widened to stripes, and marks the regions of `regions` as copied.
 * Returns the bytes written. Rejects when either side fails; what was not copied is still marked.
 */
export async function copyRegions(
  sides: PairSides,
  { direction, wants }: CopyJob,
  { regions, range }: { readonly regions: RegionRun; readonly range: ByteRange },
): Promise<number> {
  const { primary, mirror } = sides;
  const [source, target] = direction === "to-secondary" ? [primary, mirror.secondary] : [mirror.secondary, primary];
  const space = spaceOf(sides, direction);
  const began = mirror.turn();
  const done = new Set<number>();
  for (let region = regions.first; region < regions.end; region++) if (wants(region)) done.add(region);
  if (done.size === 0) return 0;

  // From another node nothing is read but what is wanted: stripes that lie in part elsewhere are written as a host would.
  const isFar = direction === "to-primary" && mirror.record().secondaryNode !== null;
  const within = isFar ? rangeOf(space, regions) : range;
  const whole = wholeStripes(space, within);
  const byStripes = whole !== null && isStripeStore(target) && !hasBytesOfItsOwn(mirror, wants, space, whole);
  let bytes = 0;
  if (byStripes) {
    // What was copied or written on both sides lately may be in the target's cache still: it is written again, because
    // the redundancy is formed as if it were on the disks.
    const changed = partsWhere(space, whole, (region) => wants(region) || mirror.isIntent(region));
    const data = await source.read(whole.offsetBytes, whole.lengthBytes);
    await target.writeStripes(whole.offsetBytes, data, changed);
    bytes += lengthOf(changed);
  }
  for (const rest of byStripes ? around(within, whole) : [within]) {
    for (const { offsetBytes, lengthBytes } of partsWhere(space, rest, (region) => done.has(region))) {
      const data = await source.read(offsetBytes, lengthBytes);
      await target.writeBatch([{ offsetBytes, lengthBytes, data }]);
      bytes += lengthBytes;
    }
  }
  if (mirror.turn() === began) mirror.copied([...done]);
  return bytes;
}

/** True when the target of a copy rightly holds other bytes than the source somewhere in `range`. */
function hasBytesOfItsOwn(mirror: Mirror, wants: CopyJob["wants"], space: CopySpace, range: ByteRange): boolean {
  for (const { region } of regionPieces(space, range)) {
    if (!wants(region) && (mirror.pending(region) || mirror.owed(region))) return true;
  }
  return false;
}

function lengthOf(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
}

/** The stripes of a volume on another node are known too, so that what is sent there makes whole ones. */
function gridOf(store: DurableBlockStore & Partial<StripeGrid>): StripeGrid | null {
  const { stripeBytes, stripeOffsetBytes } = store;
  return stripeBytes === undefined || stripeOffsetBytes === undefined ? null : { stripeBytes, stripeOffsetBytes };
}

function isStripeStore(store: DurableBlockStore): store is StripeStore {
  return "writeStripes" in store;
}
