/**
 * The ports between what stores blocks and what uses them.
 *
 * A `BlockStore` is a flat range of bytes: a disk, an array, a volume on an array. Writes may be cached until `flush`;
 * what was flushed survives power loss. Reads see all completed writes. Concurrent calls are legal; the order of
 * overlapping ones is the caller's business (range locks lie above).
 */

import type { ByteRange } from "./byte-range.js";

/** A flat, durable range of bytes. All calls reject with a `Failure` whose code is a `BlockErrorCode`. */
export interface BlockStore {
  readonly sizeBytes: number;
  /** Reads `lengthBytes` at `offsetBytes`. The caller owns the buffer. */
  read(offsetBytes: number, lengthBytes: number): Promise<Buffer>;
  /**
   * Fills `into` from the range at `offsetBytes` before it returns. False when that cannot be done now, for whatever
   * reason: `into` then holds anything, and `read` is to be asked. A store that never can says false always.
   */
  readNow(offsetBytes: number, into: Uint8Array): boolean;
  /** Writes all of `data` at `offsetBytes`. `data` may be reused once the promise has settled. */
  write(offsetBytes: number, data: Uint8Array): Promise<void>;
  /** Makes the range read as zeros, without sending data where the store can. */
  zero(offsetBytes: number, lengthBytes: number): Promise<void>;
  /** Returns when everything completed before the call survives power loss. Concurrent calls share one sync. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** One write of a batch; `data` null means zeros. */
export interface BlockWrite {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly data: Uint8Array | null;
}

/** A store that can make a batch of writes durable by itself, sharing one sync among all batches that wait. */
export interface DurableBlockStore extends BlockStore {
  /**
   * Applies the writes in order and resolves when all of them survive power loss. After a crash in between, each block
   * of the batch is old or new, and no other block has changed. The buffers may be reused once it has settled.
   */
  writeBatch(writes: readonly BlockWrite[]): Promise<void>;
}

/** A store on an array that can form the redundancy of a stripe from the stripe's data alone (SPEC A7, A9). */
export interface StripeStore extends DurableBlockStore {
  /** Bytes of user data in a stripe. */
  readonly stripeBytes: number;
  /** Where the first whole stripe of the store starts. */
  readonly stripeOffsetBytes: number;
  /**
   * `data` is what whole stripes hold when this is done. Only `changed`, ranges of the store within them, differs from what
   * they hold now, and is written, with the redundancy formed from `data`: nothing is read. Durable as a batch is.
   *
   * The rest must be what the disks hold, or the redundancy will not match them: while this is under way, nobody else
   * writes to these stripes, and what was written to them before has been flushed.
   */
  writeStripes(offsetBytes: number, data: Uint8Array, changed: readonly ByteRange[]): Promise<void>;
}
