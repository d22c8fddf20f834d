/**
 * Stripes that a disk failed to give: it counts as absent there until they have been put right from redundancy, which is
 * how a sector that went bad is made good by the disk itself. In memory only: no write goes to such a stripe before it is
 * settled (a repair shuts rounds out of its cells at once), so that nothing is left to remember after a crash.
 */
import type { Geometry } from "../core/geometry.js";
import type { Slot } from "../core/level.js";
import { stripeAtDiskOffset } from "../core/stripe-range.js";
import type { DiskOperation } from "./block-disk.js";

/** A disk with more read errors than this is not to be relied upon. */
export const readErrorsMax = 32;

export type DoubtHandler = (slot: Slot, stripe: number) => void;

export interface Doubts {
  has(slot: Slot, stripe: number): boolean;
  any(): boolean;
  /** Of a disk, since it came in. */
  errorsOf(slot: Slot): number;
  /** What failed operations mean for their disk: out it goes, or some of its stripes are in doubt. */
  judge(slot: Slot, failed: readonly DiskOperation[]): "eject" | "doubt";
  /** Of one stripe that is settled, or of all of a disk that went. */
  forget(slot: Slot, stripe?: number): void;
  /** Who settles doubts. Without anybody, there are none: whatever fails is ejected. */
  handleWith(handler: DoubtHandler): void;
}

export interface DoubtsOptions {
  readonly geometry: Geometry;
  /** Whether the array goes on without this disk. One that it needs is kept for what it still gives. */
  readonly mayEject: (slot: Slot) => boolean;
}

export function createDoubts({ geometry, mayEject }: DoubtsOptions): Doubts {
  const stripes = new Map<Slot, Set<number>>();
  const errors = new Map<Slot, number>();
  let handle: DoubtHandler | null = null;

  const note = (slot: Slot, stripe: number): void => {
    const of = stripes.get(slot) ?? new Set();
    stripes.set(slot, of);
    if (of.has(stripe)) return;
    of.add(stripe);
    handle?.(slot, stripe);
  };

  return {
    has: (slot, stripe) => stripes.get(slot)?.has(stripe) ?? false,
    any: () => stripes.size > 0,
    errorsOf: (slot) => errors.get(slot) ?? 0,
    judge(slot, failed) {
      const reads = failed.flatMap((operation) => (operation.kind === "read" ? [operation] : []));
      const isOfData =
        reads.length === failed.length && reads.every(({ offsetBytes }) => offsetBytes >= geometry.dataOffsetBytes);
      if (handle === null || !isOfData) return "eject";
      const count = (errors.get(slot) ?? 0) + reads.length;
      errors.set(slot, count);
      if (count > readErrorsMax && mayEject(slot)) return "eject";
      for (const { offsetBytes, into } of reads) {
        const last = stripeAtDiskOffset(geometry, offsetBytes + Math.max(into.length, 1) - 1);
        for (let stripe = stripeAtDiskOffset(geometry, offsetBytes); stripe <= last; stripe++) note(slot, stripe);
      }
      return "doubt";
    },
    forget(slot, stripe) {
      if (stripe === undefined) {
        stripes.delete(slot);
        errors.delete(slot);
        return;
      }
      const of = stripes.get(slot);
      of?.delete(stripe);
      if (of?.size === 0) stripes.delete(slot);
    },
    handleWith: (handler) => (handle = handler),
  };
}
