/**
 * A volume with a chunk map as a store (redirect-on-write). A write to a chunk that the volume owns goes there, as on a
 * thick volume; a write to a chunk that it shares, or to a hole, goes to a new chunk, whole, and the map follows.
 *
 * Order of a redirected write, and what a crash leaves:
 *   chunk taken (in memory) -> data written -> map changed in memory -> [commit: data durable -> map durable] -> done
 * Before the map is durable the volume has its old content, and the chunk is free; afterwards it has the new. `write`
 * and `zero` end before the commit and count on `flush`; `writeBatch` awaits it, sharing it with all that wait.
 *
 * Even a write in place awaits the commit in `writeBatch`: the map that names its chunk may be younger than the last.
 */
import type { BlockWrite } from "@waystation/contracts/block-device";
import type { ByteRange } from "@waystation/contracts/byte-range";
import { assign, isOwned, loadWord, nextMapped, nodesNeeded, wordNow, type Assignment } from "./chunk-map.js";
import { locateNow, readPieces } from "./mapped-reads.js";
import { actionFor, addWrite, keepsOld, wholeChunk, type ChunkAction, type ChunkWrites } from "./chunk-writes.js";
import type { MapSpace } from "./map-space.js";
import { isHole, type Word } from "./map-word.js";
import type { Tenant } from "./pool-space.js";
import { changedWrites, type VolumeStore } from "./thick-store.js";

/** Chunks that one step writes: bounds the copies in memory, and the nodes that one change of the map makes. */
const chunksPerStep = 32;
/** Chunks that one step drops. */
const dropsPerStep = 256;

interface Step {
  readonly writes: ChunkWrites;
  readonly word: Word;
  readonly action: ChunkAction;
}

/** Something to wait for before trying again, outside the grace. */
interface Again {
  readonly wait: () => Promise<unknown>;
}

export function mappedStore(space: MapSpace, tenant: Tenant, sizeBytes: number): VolumeStore {
  const { array, layout, maps, grace, pool } = space;
  const { chunkBytes } = layout;
  const grid = { chunkBytes, sizeBytes };
  /** Chunks whose place is being changed, with what ends when that has. */
  const moving = new Map<number, Promise<void>>();

  const planNow = (group: readonly ChunkWrites[]): Step[] | number => {
    const steps: Step[] = [];
    for (const writes of group) {
      const word = wordNow(space, tenant, writes.index);
      if (word === undefined) return writes.index;
      const state = isHole(word) ? "hole" : isOwned(tenant, word, writes.index + 1) ? "owned" : "shared";
      steps.push({ writes, word, action: actionFor(writes, state, tenant.isReserved) });
    }
    return steps;
  };

  /** Performs the writes of some chunks, or says what to wait for. */
  const attempt = async (group: readonly ChunkWrites[], isDurable: boolean): Promise<Again | null> => {
    let steps = planNow(group);
    while (typeof steps === "number") {
      await loadWord(space, tenant, steps);
      steps = planNow(group);
    }
    // From here to where they are marked, nothing else runs: what was looked up holds.
    const inTheWay = group.find(({ index }) => moving.has(index));
    if (inTheWay !== undefined) {
      const moved = moving.get(inTheWay.index);
      return { wait: () => moved ?? Promise.resolve() };
    }
    const changes = steps.filter(({ action }) => action === "redirect" || action === "drop");
    if (changes.length === 0) {
      await writeData(steps, [], isDurable);
      return null;
    }
    let done = (): void => {};
    const ended = new Promise<void>((resolve) => (done = resolve));
    for (const { writes } of changes) moving.set(writes.index, ended);
    try {
      return await change(steps, changes, isDurable);
    } finally {
      for (const { writes } of changes) moving.delete(writes.index);
      done();
    }
  };

  const change = async (
    steps: readonly Step[],
    changes: readonly Step[],
    isDurable: boolean,
  ): Promise<Again | null> => {
    const redirects = changes.filter(({ action }) => action === "redirect").length;
    const indices = changes.map(({ writes }) => writes.index);
    const chunks = await maps.exclusively(async () => {
      const nodes = await nodesNeeded(space, tenant, indices);
      return pool.take(tenant, redirects + nodes);
    });
    if (chunks === null) return { wait: () => space.allocator.settled() };
    let unused: readonly number[] = chunks;
    try {
      const spare = chunks.slice(redirects);
      const places = chunks.slice(0, redirects);
      const assignments = changes.map(({ writes, action }): Assignment => {
        return { index: writes.index, chunk: action === "redirect" ? (places.shift() as number) : 0 };
      });
      await writeData(steps, assignments, isDurable);
      await maps.exclusively(async () => {
        await assign(space, tenant, assignments, spare);
        tenant.takenCount -= chunks.length - spare.length;
        unused = spare;
        if (!isDurable) maps.dataIsCached();
      });
    } finally {
      pool.giveBack(tenant, unused);
    }
    return null;
  };

  /** Where the data of each step goes on the array. */
  const writesOf = async ({ writes, word, action }: Step, target: number | undefined): Promise<BlockWrite[]> => {
    if (action === "redirect") {
      const isOldKept = !isHole(word) && keepsOld(writes, grid);
      const old = isOldKept ? await array.read(word.chunk * chunkBytes, chunkBytes) : null;
      const data = wholeChunk(writes, chunkBytes, old);
      return [{ offsetBytes: (target as number) * chunkBytes, lengthBytes: chunkBytes, data }];
    }
    if (action !== "in-place") return [];
    const base = word.chunk * chunkBytes;
    const zeroed: BlockWrite[] = writes.isZeroed ? [{ offsetBytes: base, lengthBytes: chunkBytes, data: null }] : [];
    return [...zeroed, ...writes.pieces.map((piece) => ({ ...piece, offsetBytes: base + piece.offsetBytes }))];
  };

  const writeData = async (
    steps: readonly Step[],
    assignments: readonly Assignment[],
    isDurable: boolean,
  ): Promise<void> => {
    const targets = new Map(assignments.map(({ index, chunk }) => [index, chunk]));
    const writes = await Promise.all(steps.map((step) => writesOf(step, targets.get(step.writes.index))));
    if (isDurable) {
      const batch = writes.flat();
      if (batch.length > 0) await array.writeBatch(batch);
      return;
    }
    await Promise.all(
      writes.map(async (ofChunk) => {
        for (const { offsetBytes, lengthBytes, data } of ofChunk) {
          await (data === null ? array.zero(offsetBytes, lengthBytes) : array.write(offsetBytes, data));
        }
      }),
    );
  };

  const perform = async (group: readonly ChunkWrites[], isDurable: boolean): Promise<void> => {
    for (;;) {
      const again = await grace.run(() => attempt(group, isDurable));
      if (again === null) return;
      await again.wait();
    }
  };

  /** Whole chunks, skipping holes however many they are. */
  const zeroChunks = async (first: number, end: number, isDurable: boolean): Promise<void> => {
    for (let at = first; at < end;) {
      const group: ChunkWrites[] = [];
      while (group.length < dropsPerStep) {
        at = await grace.run(() => nextMapped(space, tenant, { from: at, end }));
        if (at >= end) break;
        group.push({ index: at++, isZeroed: true, pieces: [] });
      }
      if (group.length > 0) await perform(group, isDurable);
    }
  };

  const store = async (writes: readonly BlockWrite[], isDurable: boolean): Promise<void> => {
    let gathered = new Map<number, ChunkWrites>();
    const performGathered = async (): Promise<void> => {
      const groups = [...gathered.values()];
      gathered = new Map();
      for (let at = 0; at < groups.length; at += chunksPerStep) {
        await perform(groups.slice(at, at + chunksPerStep), isDurable);
      }
    };
    for (const write of writes) {
      for (const part of partsOf(write, chunkBytes)) {
        if (part.isWide) {
          await performGathered();
          await zeroChunks(
            part.offsetBytes / chunkBytes,
            (part.offsetBytes + part.lengthBytes) / chunkBytes,
            isDurable,
          );
        } else {
          addWrite(gathered, part, grid);
          if (gathered.size >= chunksPerStep) await performGathered();
        }
      }
    }
    await performGathered();
  };

  const writeBatch = async (writes: readonly BlockWrite[]): Promise<void> => {
    await store(writes, true);
    await maps.commit();
  };

  return {
    read: (offsetBytes, lengthBytes) => grace.run(() => readPieces(space, tenant, { offsetBytes, lengthBytes })),
    readNow: (offsetBytes, into) => locateNow(space, tenant, offsetBytes, into),
    write: (offsetBytes, data) => store([{ offsetBytes, lengthBytes: data.length, data }], false),
    zero: (offsetBytes, lengthBytes) => store([{ offsetBytes, lengthBytes, data: null }], false),
    writeBatch,
    // Its chunks lie where there was room: it has no stripes of its own.
    writeStripes: (offsetBytes, data, changed) => writeBatch(changedWrites(offsetBytes, data, changed)),
    async flush() {
      await maps.commit();
      await array.flush();
    },
  };
}

type Part = BlockWrite & { readonly isWide: boolean };

/** A write in parts of bounded size, so that none needs much memory; zeros of many whole chunks stay one, which is wide. */
function* partsOf(write: BlockWrite, chunkBytes: number): Generator<Part> {
  const end = write.offsetBytes + write.lengthBytes;
  const wideStart = Math.ceil(write.offsetBytes / chunkBytes) * chunkBytes;
  const wideEnd = Math.floor(end / chunkBytes) * chunkBytes;
  const isWide = write.data === null && wideEnd - wideStart > chunksPerStep * chunkBytes;
  const cut = (range: ByteRange): Part => {
    const from = range.offsetBytes - write.offsetBytes;
    return { ...range, data: write.data?.subarray(from, from + range.lengthBytes) ?? null, isWide: false };
  };
  if (isWide) {
    if (wideStart > write.offsetBytes) {
      yield cut({ offsetBytes: write.offsetBytes, lengthBytes: wideStart - write.offsetBytes });
    }
    yield { offsetBytes: wideStart, lengthBytes: wideEnd - wideStart, data: null, isWide: true };
    if (end > wideEnd) yield cut({ offsetBytes: wideEnd, lengthBytes: end - wideEnd });
    return;
  }
  for (let at = write.offsetBytes; at < end;) {
    const stop = Math.min(end, (Math.floor(at / chunkBytes) + chunksPerStep) * chunkBytes);
    yield cut({ offsetBytes: at, lengthBytes: stop - at });
    at = stop;
  }
}
