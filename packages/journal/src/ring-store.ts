/** What a ring lies on, as a port: a journal volume, or segment files. */
import type { BlockWrite, DurableBlockStore } from "@waystation/contracts/block-device";
import type { ByteRange } from "@waystation/contracts/byte-range";
import type { RingState } from "./level-state.js";

export interface RingStore {
  readonly lies: RingState["lies"];
  /** What there is for a ring and its header; of a store that takes space back, how large a new one is to be. */
  readonly sizeBytes: number;
  /** What was never written reads as zeros, or as what an earlier lap has left. The caller owns the buffer. */
  read(offsetBytes: number, lengthBytes: number): Promise<Buffer>;
  /** Resolves when all of it survives power loss; until then any sector may be old or new. */
  writeBatch(writes: readonly BlockWrite[]): Promise<void>;
  /**
   * Makes space ready, so that no file system below has to allocate any while somebody waits for a group. Resolves with
   * how many bytes from `offsetBytes` on are ready: one at least, and `lengthBytes` or more if that costs nothing.
   */
  prepare(offsetBytes: number, lengthBytes: number): Promise<number>;
  /** Null: space is ready for good once it was prepared. */
  readonly reuse: SpaceReuse | null;
}

/** Of a store that takes back what the ring lets go: that is to be prepared again before it is written. */
export interface SpaceReuse {
  /** How far ahead of its head a ring should be prepared when there is nothing else to do. */
  readonly aheadBytes: number;
  /** Only these ranges are needed from now on, and what is made ready later. What is being made ready is among them. */
  keep(ranges: readonly ByteRange[]): void;
}

const zeros = Buffer.alloc(2 ** 20);

export function ringOnVolume(volume: DurableBlockStore): RingStore {
  return {
    lies: "on-volume",
    sizeBytes: volume.sizeBytes,
    read: (offsetBytes, lengthBytes) => volume.read(offsetBytes, lengthBytes),
    writeBatch: (writes) => volume.writeBatch(writes),
    async prepare(offsetBytes, wantedBytes) {
      const lengthBytes = Math.min(wantedBytes, zeros.length);
      await volume.writeBatch([{ offsetBytes, lengthBytes, data: zeros.subarray(0, lengthBytes) }]);
      return lengthBytes;
    },
    reuse: null,
  };
}
