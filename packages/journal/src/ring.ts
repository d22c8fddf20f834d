/**
 * The ring of a journal: where the next group goes, how much of it is free, and reads that nothing is written over
 * while they run. Positions count bytes from the ring's creation on (see `ring-layout.ts`):
 *
 *        tail                head              tail + size
 *     ----|-- may be needed --|----- free ---------|
 *
 * The tail moves only when what let it go is durable elsewhere: until then a crash may still need the groups behind it.
 */
import assert from "node:assert/strict";
import type { BlockWrite } from "@waystation/contracts/block-device";
import type { RingState } from "./level-state.js";
import { blockBytes } from "./ring-layout.js";
import type { RingStore } from "./ring-store.js";

export interface Ring {
  readonly id: string;
  readonly sizeBytes: number;
  readonly groupBytesMax: number;
  head(): number;
  tail(): number;
  /** How large a group may be now. */
  freeBytes(): number;
  /** Puts a group at the head; resolves when it survives power loss. One at a time. */
  append(group: Buffer): Promise<void>;
  /** Takes the group that was found at the head for the newest one. */
  accept(groupBytes: number): void;
  /** Writes what lies there once more, so that it surely survives power loss. */
  rewrite(position: number, bytes: Buffer): Promise<void>;
  moveTail(position: number): void;
  /** The caller owns the buffer. To be called in the turn in which what lies there was found to be needed. */
  read(position: number, lengthBytes: number): Promise<Buffer>;
  /** Up to a position all is prepared: writing a group there allocates nothing in a file system below. */
  isPreparedThrough(position: number): boolean;
  /** There is nothing to prepare now: all of it is, or enough ahead of the head of a ring that gives space back. */
  isPrepared(): boolean;
  /** Prepares the next part. One at a time; groups go no further than it has come. */
  prepareMore(): Promise<void>;
  /** What the next state of the journal says of it. */
  state(): RingState;
}

/** The header is before it. */
const ringOffsetBytes = blockBytes;
const groupBytesLimit = 16 * 2 ** 20;
const stepBytes = 2 ** 20;

/** No group takes more of a ring of this size. */
export function groupBytesMaxOf(ringBytes: number): number {
  return Math.min(groupBytesLimit, Math.floor(ringBytes / 8 / blockBytes) * blockBytes);
}

/** The ring's size on a store. */
export function ringBytesOn(store: RingStore): number {
  return Math.floor((store.sizeBytes - ringOffsetBytes) / blockBytes) * blockBytes;
}

/** Opens a ring at `head`; what is free behind it is known once `moveTail` was called. */
export function createRing(store: RingStore, from: RingState): Ring {
  const { id, lies, sizeBytes } = from;
  let head = from.head;
  let tail = 0;
  // A store that gives space back knows by itself what is ready.
  let preparedThrough = store.reuse === null ? Math.max(from.preparedThrough, from.head) : from.head;
  let preparingThrough = 0;
  const reading = new Map<symbol, number>();

  /** The parts of a range of positions on the volume: two where the ring ends. */
  const pieces = (position: number, lengthBytes: number): [offsetBytes: number, lengthBytes: number][] => {
    const start = position % sizeBytes;
    const first = Math.min(lengthBytes, sizeBytes - start);
    const rest = lengthBytes - first;
    return [[ringOffsetBytes + start, first], ...(rest > 0 ? [[ringOffsetBytes, rest] as [number, number]] : [])];
  };

  const write = (position: number, bytes: Buffer): Promise<void> => {
    let done = 0;
    const writes = pieces(position, bytes.length).map(([offsetBytes, lengthBytes]): BlockWrite => {
      const data = bytes.subarray(done, done + lengthBytes);
      done += lengthBytes;
      return { offsetBytes, lengthBytes, data };
    });
    return store.writeBatch(writes);
  };

  const read = async (position: number, lengthBytes: number): Promise<Buffer> => {
    const parts = pieces(position, lengthBytes).map(([offset, length]) => store.read(offset, length));
    const [first, ...rest] = await Promise.all(parts);
    return rest.length === 0 && first !== undefined ? first : Buffer.concat([first ?? Buffer.alloc(0), ...rest]);
  };

  const neededFrom = (): number => {
    let needed = tail;
    for (const position of reading.values()) needed = Math.min(needed, position);
    return needed;
  };

  /** What is prepared stays so from the first lap on, or only until the tail has passed it. */
  const isPreparedThrough = (position: number): boolean =>
    preparedThrough >= (store.reuse === null ? Math.min(position, sizeBytes) : position);

  const giveBack = (): void => {
    const from = neededFrom();
    const neededBytes = Math.min(sizeBytes, Math.max(head, preparedThrough, preparingThrough) - from);
    store.reuse?.keep(pieces(from, neededBytes).map(([offsetBytes, lengthBytes]) => ({ offsetBytes, lengthBytes })));
  };

  return {
    id,
    sizeBytes,
    groupBytesMax: groupBytesMaxOf(sizeBytes),
    head: () => head,
    tail: () => tail,
    freeBytes: () => sizeBytes - (head - neededFrom()),
    async append(group) {
      const position = head;
      assert(isPreparedThrough(head + group.length), "a group goes where the ring is prepared");
      assert(group.length <= sizeBytes - (head - tail) && group.length % blockBytes === 0, "a group fits the ring");
      head += group.length;
      await write(position, group);
    },
    accept(groupBytes) {
      head += groupBytes;
      preparedThrough = Math.max(preparedThrough, head);
    },
    rewrite: write,
    moveTail(position) {
      assert(position >= tail && position <= head, `the tail ${tail} moves to ${position}, the head is at ${head}`);
      tail = position;
      giveBack();
    },
    async read(position, lengthBytes) {
      const mine = Symbol();
      reading.set(mine, position);
      try {
        return await read(position, lengthBytes);
      } finally {
        reading.delete(mine);
      }
    },
    isPreparedThrough,
    isPrepared: () =>
      isPreparedThrough(store.reuse === null ? sizeBytes : Math.min(head + store.reuse.aheadBytes, tail + sizeBytes)),
    async prepareMore() {
      // Of the first lap there is a last part; to go on would write over groups.
      if (store.reuse === null && preparedThrough >= sizeBytes) return;
      const start = preparedThrough % sizeBytes;
      const lengthBytes = Math.min(stepBytes, sizeBytes - start);
      preparingThrough = preparedThrough + lengthBytes;
      const readyBytes = await store.prepare(ringOffsetBytes + start, lengthBytes);
      preparedThrough += Math.min(readyBytes, sizeBytes - start);
    },
    state: () => ({ id, lies, sizeBytes, head, preparedThrough }),
  };
}
