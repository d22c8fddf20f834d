/**
 * The ring on a journal volume: where the next group goes, how much of it is free, and reads that nothing is written over
 * while they run. Positions count bytes from the ring's creation on (see `volume-layout.ts`):
 *
 *        tail                head              tail + size
 *     ----|-- may be needed --|----- free ---------|
 *
 * The tail moves only when what let it go is durable elsewhere: until then a crash may still need the groups behind it.
 */
import assert from "node:assert/strict";
import type { BlockWrite, DurableBlockStore } from "@waystation/contracts/block-device";
import type { RingState } from "./level-state.js";
import { blockBytes } from "./volume-layout.js";

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
  /** Up to here every block has been written once, so that writing it again allocates nothing in a file system below. */
  preparedThrough(): number;
  isPrepared(): boolean;
  /** Writes zeros over the next part that was never written. One at a time; groups go no further than it has come. */
  prepareMore(): Promise<void>;
  /** What the next state of the journal says of it. */
  state(): RingState;
}

/** The header is before it. */
const ringOffsetBytes = blockBytes;
const groupBytesLimit = 16 * 2 ** 20;
const zeros = Buffer.alloc(2 ** 20);

/** No group takes more of a ring of this size. */
export function groupBytesMaxOf(ringBytes: number): number {
  return Math.min(groupBytesLimit, Math.floor(ringBytes / 8 / blockBytes) * blockBytes);
}

/** The ring's size on a volume. */
export function ringBytesOn(store: DurableBlockStore): number {
  return Math.floor((store.sizeBytes - ringOffsetBytes) / blockBytes) * blockBytes;
}

/** Opens a ring at `head`; what is free behind it is known once `moveTail` was called. */
export function createRing(store: DurableBlockStore, from: RingState): Ring {
  const { id, sizeBytes } = from;
  let head = from.head;
  let tail = 0;
  let preparedThrough = Math.max(from.preparedThrough, from.head);
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

  return {
    id,
    sizeBytes,
    groupBytesMax: groupBytesMaxOf(sizeBytes),
    head: () => head,
    tail: () => tail,
    freeBytes: () => sizeBytes - (head - neededFrom()),
    async append(group) {
      const position = head;
      const isPrepared = preparedThrough >= Math.min(head + group.length, sizeBytes);
      assert(isPrepared, "a group goes where the ring is prepared");
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
    preparedThrough: () => preparedThrough,
    isPrepared: () => preparedThrough >= sizeBytes,
    async prepareMore() {
      const lengthBytes = Math.min(zeros.length, sizeBytes - preparedThrough);
      const data = zeros.subarray(0, lengthBytes);
      await store.writeBatch([{ offsetBytes: ringOffsetBytes + preparedThrough, lengthBytes, data }]);
      preparedThrough += lengthBytes;
    },
    state: () => ({ id, sizeBytes, head, preparedThrough }),
  };
}
