/**
 * The marks of one pair with their durable copy. Callers change `marks`, say which regions they changed, and wait for
 * `store` where what follows must not happen before it is durable. Commits are shared: what changes while one is under
 * way goes with the next.
 *
 * A block is written in place; a crash leaves each of its sectors as it was or as it is wanted, and every sector carries
 * its own checksum. Each change of one region's mark is one step on disk, because its four bits lie in one byte.
 */
import assert from "node:assert/strict";
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import { blockOfRegion, decodeMarks, encodeMarks, marksBlockBytes, marksBytes } from "../core/marks-layout.js";
import { createRegionMarks, type Plane, type RegionMarks, type RegionRun } from "../core/region-marks.js";

export interface MarksStore {
  readonly marks: RegionMarks;
  /** Says that marks of these regions were changed. They reach the disk with the next commit of their block. */
  changed(run: RegionRun): void;
  /** True when the disk has what is wanted for these regions, and nothing is on its way to it. */
  isStored(run: RegionRun): boolean;
  /** Resolves when what is wanted of these regions now is durable. */
  store(run: RegionRun): Promise<void>;
  storeAll(): Promise<void>;
}

export interface MarksOptions {
  readonly store: DurableBlockStore;
  readonly regionCount: number;
  readonly differsPlane: Plane;
  readonly epoch: number;
}

/** Begins a marking, durably: every region is the same, or differs, or is owed, or is as it was known. */
export async function formatMarks(
  options: MarksOptions,
  from: "same" | "differs" | "owed" | RegionMarks,
): Promise<MarksStore> {
  const { regionCount } = options;
  const marks = createRegionMarks(regionCount, options.differsPlane);
  if (from === "differs" || from === "owed") marks.fill(from);
  else if (from !== "same")
    for (let region = 0; region < regionCount; region++) marks.setMark(region, from.markOf(region));
  const kept = keepMarks(marks, options);
  kept.changed({ first: 0, end: regionCount });
  await kept.storeAll();
  return kept;
}

/** Null when the marks are lost. Rejects when the store cannot be read. */
export async function loadMarks(options: MarksOptions): Promise<MarksStore | null> {
  const { store, regionCount, epoch } = options;
  const sizeBytes = marksBytes(regionCount);
  if (store.sizeBytes < sizeBytes) return null;
  const marks = createRegionMarks(regionCount, options.differsPlane);
  const bytes = await store.read(0, sizeBytes);
  for (let block = 0; block * marksBlockBytes < sizeBytes; block++) {
    const part = bytes.subarray(block * marksBlockBytes, (block + 1) * marksBlockBytes);
    if (!decodeMarks(marks, block, epoch, part)) return null;
  }
  return keepMarks(marks, options);
}

function keepMarks(marks: RegionMarks, { store, regionCount, epoch }: MarksOptions): MarksStore {
  assert(store.sizeBytes >= marksBytes(regionCount), "the store of a pair's marks is too small");
  /** Blocks whose content differs from the disk's, and those on their way to it. */
  let dirty = new Set<number>();
  let onTheWay = new Set<number>();
  let committing: Promise<void> | null = null;

  const blocksOf = function* ({ first, end }: RegionRun): Generator<number> {
    if (end > first) for (let block = blockOfRegion(first); block <= blockOfRegion(end - 1); block++) yield block;
  };
  const isStored = (run: RegionRun): boolean => {
    for (const block of blocksOf(run)) if (dirty.has(block) || onTheWay.has(block)) return false;
    return true;
  };
  const commit = async (): Promise<void> => {
    onTheWay = dirty;
    dirty = new Set();
    const writes = [...onTheWay].map((block) => {
      const data = encodeMarks(marks, block, epoch);
      return { offsetBytes: block * marksBlockBytes, lengthBytes: data.length, data };
    });
    try {
      if (writes.length > 0) await store.writeBatch(writes);
    } catch (error) {
      // What the disk has now is not known: they stay to be written.
      for (const block of onTheWay) dirty.add(block);
      throw error;
    } finally {
      onTheWay = new Set();
    }
  };
  /** One commit at a time. Whoever waits for one that has begun before its change needs the next. */
  const commitShared = (): Promise<void> =>
    (committing ??= commit().finally(() => {
      committing = null;
    }));
  const storeRun = async (isDone: () => boolean): Promise<void> => {
    if (committing !== null) await committing.catch(() => {});
    while (!isDone()) await commitShared();
  };

  return {
    marks,
    changed(run) {
      for (const block of blocksOf(run)) dirty.add(block);
    },
    isStored,
    store: (run) => storeRun(() => isStored(run)),
    storeAll: () => storeRun(() => dirty.size === 0 && onTheWay.size === 0),
  };
}
