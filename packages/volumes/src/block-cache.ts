/**
 * A bounded cache of the array's metadata blocks (slots, bitmap, map nodes). Blocks that differ from the array are kept
 * until they are written back, and so are nodes whose first content is still to be written; others go when room is needed.
 */
import type { VolumeArray } from "./volume-array.js";
import { blockBytes } from "./layout.js";

interface CachedBlock {
  readonly bytes: Buffer;
  /** Has been asked for since eviction last looked at it. */
  isUsed: boolean;
}

/**
 * However many must stay: those that one step of a volume looks at. If they pushed each other out it would never get
 * them together.
 */
const blocksKept = 128;
/** Many are let go of at a time, so that it is seldom looked for what may go. */
const evictTo = 7 / 8;

export interface BlockCache {
  /** The block at `address`, if it is in memory. It is the cache's own: to be changed by `change` alone. */
  now(address: number): Buffer | undefined;
  load(address: number): Promise<Buffer>;
  /** The block, in memory, from now on dirty. It must have been loaded since the last `evict`. */
  change(address: number): Buffer;
  /** Blocks of a new node, kept until `unpin`. */
  adopt(address: number, image: Buffer): void;
  unpin(address: number, lengthBytes: number): void;
  /** Forgets blocks, written back or not: what they held counts no more. */
  drop(address: number, lengthBytes: number): void;
  dirtyCount(): number;
  /** Everything that is dirty, by address. */
  dirtyBlocks(): readonly { readonly address: number; readonly bytes: Buffer }[];
  allWritten(): void;
  /** Lets go of what is above the bound. */
  evict(): void;
}

export function createBlockCache(array: VolumeArray, blocksMax: number): BlockCache {
  const blocks = new Map<number, CachedBlock>();
  const loading = new Map<number, Promise<Buffer>>();
  const dirty = new Set<number>();
  const pinned = new Set<number>();

  const indexOf = (address: number): number => Math.floor(address / blockBytes);
  const keep = (index: number, bytes: Buffer): Buffer => {
    blocks.set(index, { bytes, isUsed: true });
    return bytes;
  };
  const read = async (index: number): Promise<Buffer> => {
    const bytes = await array.read(index * blockBytes, blockBytes);
    // A node may have been made here meanwhile.
    return found(index) ?? keep(index, bytes);
  };
  const found = (index: number): Buffer | undefined => {
    const block = blocks.get(index);
    if (block !== undefined) block.isUsed = true;
    return block?.bytes;
  };

  return {
    now: (address) => found(indexOf(address)),
    async load(address) {
      const index = indexOf(address);
      const known = found(index);
      if (known !== undefined) return known;
      const bytes = Buffer.allocUnsafe(blockBytes);
      if (!loading.has(index) && array.readNow(index * blockBytes, bytes)) return keep(index, bytes);
      let reading = loading.get(index);
      if (reading === undefined) {
        reading = read(index).finally(() => loading.delete(index));
        loading.set(index, reading);
      }
      return reading;
    },
    change(address) {
      const index = indexOf(address);
      const block = blocks.get(index);
      if (block === undefined) throw new RangeError(`the block at ${address} is not in memory`);
      dirty.add(index);
      return block.bytes;
    },
    adopt(address, image) {
      for (let at = 0; at < image.length; at += blockBytes) {
        const bytes = image.subarray(at, at + blockBytes);
        blocks.set(indexOf(address + at), { bytes, isUsed: true });
        pinned.add(indexOf(address + at));
      }
    },
    unpin(address, lengthBytes) {
      for (let at = 0; at < lengthBytes; at += blockBytes) {
        pinned.delete(indexOf(address + at));
      }
    },
    drop(address, lengthBytes) {
      for (let at = 0; at < lengthBytes; at += blockBytes) {
        blocks.delete(indexOf(address + at));
        dirty.delete(indexOf(address + at));
        pinned.delete(indexOf(address + at));
      }
    },
    dirtyCount: () => dirty.size,
    dirtyBlocks: () =>
      [...dirty]
        .sort((a, b) => a - b)
        .map((index) => ({ address: index * blockBytes, bytes: (blocks.get(index) as CachedBlock).bytes })),
    allWritten: () => dirty.clear(),
    evict() {
      if (blocks.size <= blocksMax) return;
      const held = new Set([...dirty, ...pinned]);
      for (const [index, block] of blocks) {
        if (blocks.size <= Math.max(blocksMax * evictTo, held.size + blocksKept)) return;
        if (held.has(index)) continue;
        blocks.delete(index);
        if (!block.isUsed) continue;
        // A second chance, at the end of the line.
        block.isUsed = false;
        blocks.set(index, block);
      }
    },
  };
}
