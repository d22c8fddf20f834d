/**
 * Who may have how many chunks. Room is the pool's free chunks and the grains that nobody has, which the pool grows
 * into. A reserved volume (thick, before it had snapshots) is never out of space: what it could still need to hold all
 * of itself apart from its snapshots, data and nodes, is kept free of everybody else. What is refused is refused before
 * anything is written.
 */
import assert from "node:assert/strict";
import type { ByteRange } from "@waystation/contracts/byte-range";
import type { VolumeName } from "@waystation/contracts/ids";
import { freeExtents, unusedAfter } from "./allocation.js";
import { chunksOf } from "./chunk-allocator.js";
import type { ChunkRange } from "./chunk-bag.js";
import type { LiveMap, MapContext } from "./chunk-map.js";
import { volumeFailure } from "./errors.js";
import { totalBytes, withoutRanges, withRange } from "./extents.js";
import { roundUp } from "./layout.js";
import type { TableStore } from "./table-store.js";
import { describeArray, type VolumeArray } from "./volume-array.js";

/** A mapped volume that takes chunks. */
export interface Tenant extends LiveMap {
  readonly name: VolumeName;
  isReserved: boolean;
  /** Taken, and not named by its map yet. */
  takenCount: number;
}

export interface PoolSpace {
  readonly tenants: Set<Tenant>;
  /** Chunks that nobody has and nothing is reserved of. */
  unreservedCount(): number;
  reservedCount(): number;
  reservedOf(tenant: Tenant): number;
  /**
   * Within an exclusive change: free chunks for a tenant. Null when there will be so many once the allocator has
   * settled; fails with `NO_SPACE` when not.
   */
  take(tenant: Tenant, count: number): Promise<number[] | null>;
  giveBack(tenant: Tenant, chunks: readonly number[]): void;
  /** Keeps the pool from growing into an extent that is being made a volume. Returns how to end that. */
  claim(extent: ByteRange): () => void;
  /** What nobody has or has claimed. */
  unowned(): readonly ByteRange[];
  /** Within an exclusive change: gives whole free grains of the pool back to the array. */
  shrinkPool(): Promise<void>;
}

/** The pool grows by this share of the array, so that it seldom does, and by no more than the bound. */
const growthShare = 1 / 64;
const growthBytesMax = 64 * 1024 * 1024;
/** Each takes room in the volume table, which others need for what must be kept. Beyond that, smaller ones stay. */
const poolRangesMax = 1024;

export interface PoolSpaceOptions extends MapContext {
  readonly array: VolumeArray;
  readonly table: TableStore;
}

export function createPoolSpace({ array, table, layout, maps, allocator }: PoolSpaceOptions): PoolSpace {
  const { chunkBytes, grainBytes } = layout;
  const tenants = new Set<Tenant>();
  const claims = new Set<ByteRange>();

  /** Of the table that it was found in: asked for with each chunk, and changed with the table alone. */
  let free = { of: table.current(), extents: freeExtents(table.current(), layout) };
  const unowned = (): readonly ByteRange[] => {
    const now = table.current();
    if (free.of !== now) free = { of: now, extents: freeExtents(now, layout) };
    return claims.size === 0 ? free.extents : withoutRanges(free.extents, [...claims]);
  };
  const reservedOf = (tenant: Tenant): number => (tenant.isReserved ? Math.max(0, outstanding(tenant)) : 0);
  const reservedCount = (): number => {
    let sum = 0;
    for (const tenant of tenants) sum += reservedOf(tenant);
    return sum;
  };
  // What is quarantined is waited for before anything is refused.
  const unreservedCount = (): number =>
    allocator.freeCount() + allocator.quarantinedCount() + totalBytes(unowned()) / chunkBytes - reservedCount();

  const grow = async (count: number): Promise<void> => {
    const extent = unowned()[0];
    assert(extent !== undefined, "the array has fewer free grains than were counted");
    const share = Math.min(growthBytesMax, layout.arrayBytes * growthShare);
    const wanted = roundUp(Math.max(count * chunkBytes, share), grainBytes);
    const added = { offsetBytes: extent.offsetBytes, lengthBytes: Math.min(extent.lengthBytes, wanted) };
    const chunks = chunksOf(added, chunkBytes);
    const now = table.current();
    claims.add(added);
    try {
      await allocator.addToPool(chunks, chunks.start, () =>
        maps.replaceTable({ pool: withRange(now.pool, added), unusedFromBytes: unusedAfter(now, added) }),
      );
    } finally {
      claims.delete(added);
    }
  };

  return {
    tenants,
    unreservedCount,
    reservedCount,
    reservedOf,
    async take(tenant, count) {
      const room = unreservedCount() + reservedOf(tenant);
      if (count > room) {
        // Its writes at the same time each took room for the same nodes: what they leave may do.
        if (tenant.takenCount > 0) return null;
        const details = { neededBytes: count * chunkBytes, freeBytes: Math.max(0, room) * chunkBytes };
        throw volumeFailure(
          "NO_SPACE",
          `Volume ${tenant.name} needs ${details.neededBytes} bytes more, ${describeArray(array)} has ` +
            `${details.freeBytes} for it: delete snapshots or volumes.`,
          { details },
        );
      }
      while (allocator.freeCount() < count) {
        if (unowned().length === 0) return null;
        await grow(count - allocator.freeCount());
      }
      const chunks = await allocator.take(count);
      assert(chunks.length === count, "fewer chunks are free than were counted");
      tenant.takenCount += count;
      return chunks;
    },
    giveBack(tenant, chunks) {
      for (const chunk of chunks) allocator.giveBack(chunk);
      tenant.takenCount -= chunks.length;
    },
    claim(extent) {
      claims.add(extent);
      return () => claims.delete(extent);
    },
    unowned,
    async shrinkPool() {
      const { pool } = table.current();
      const free = await allocator.freeGrains(grainBytes / chunkBytes);
      // What is taken out of a range leaves two of it at most.
      const cutsMax = Math.max(0, poolRangesMax - pool.length);
      const grains = free.toSorted((a, b) => b.end - b.start - (a.end - a.start)).slice(0, cutsMax);
      if (grains.length === 0) return;
      const removed = grains.map((grain) => toBytes(grain, chunkBytes));
      await maps.replaceTable({ pool: withoutRanges(pool, removed) });
      for (const grain of grains) allocator.removeFromPool(grain);
    },
  };
}

/** What a volume does not own yet of itself, and its map's nodes. */
function outstanding({ shape, counts, takenCount }: Tenant): number {
  return shape.chunkCount + shape.nodesMax - counts.ownedData - counts.ownedNodes - takenCount;
}

function toBytes({ start, end }: ChunkRange, chunkBytes: number): ByteRange {
  return { offsetBytes: start * chunkBytes, lengthBytes: (end - start) * chunkBytes };
}
