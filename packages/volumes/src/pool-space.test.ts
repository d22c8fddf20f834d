import type { ByteRange } from "@waystation/contracts/byte-range";
import { expect, it } from "vitest";
import type { ChunkAllocator } from "./chunk-allocator.js";
import type { ChunkRange } from "./chunk-bag.js";
import { totalBytes } from "./extents.js";
import { layoutOf } from "./layout.js";
import type { MapStore } from "./map-store.js";
import { createPoolSpace } from "./pool-space.js";
import type { TableChange, TableStore } from "./table-store.js";
import type { VolumeArray } from "./volume-array.js";
import { emptyTable, encodeTable } from "./volume-table.js";

it("A1: a pool in many pieces gives its large ones back, and leaves room in the volume table", async () => {
  const arrayBytes = 2 ** 40;
  const layout = layoutOf(arrayBytes);
  const { chunkBytes, grainBytes, dataOffset } = layout;
  const grains = 40_000;
  let pool: readonly ByteRange[] = [{ offsetBytes: dataOffset, lengthBytes: grains * grainBytes }];
  const current = () => ({ ...emptyTable(layout), unusedFromBytes: dataOffset + grains * grainBytes, pool });
  const maps = {
    replaceTable: (change: TableChange) => Promise.resolve(void (pool = change.pool ?? pool)),
  } as unknown as MapStore;
  // Every other grain is free, and at the end a hundred of them in a row.
  const freeGrain = (index: number, count: number): ChunkRange => {
    const start = (dataOffset + index * grainBytes) / chunkBytes;
    return { start, end: start + (count * grainBytes) / chunkBytes };
  };
  const free = Array.from({ length: grains / 2 - 100 }, (_, pair) => freeGrain(2 * pair, 1));
  free.push(freeGrain(grains - 100, 100));
  const removed: ChunkRange[] = [];
  const allocator = {
    freeGrains: () => Promise.resolve(free),
    removeFromPool: (chunks: ChunkRange) => void removed.push(chunks),
  } as unknown as ChunkAllocator;
  const table = { current } as unknown as TableStore;
  const space = createPoolSpace({ array: {} as VolumeArray, table, layout, maps, allocator });
  await space.shrinkPool();
  expect(encodeTable(current())!.length).toBeLessThan(128 * 1024);
  expect(removed).toContainEqual(freeGrain(grains - 100, 100));
  const removedChunks = removed.reduce((sum, { start, end }) => sum + end - start, 0);
  expect(totalBytes(pool) + removedChunks * chunkBytes).toBe(grains * grainBytes);
});
