/**
 * A `BlockStore` whose writes are durable when they complete: `write`, `zero` and `writeBatch` resolve only when the
 * data survives power loss, so `flush` has nothing left to do. Concurrent calls share their syncs (group commit).
 */
import type { BlockStore, BlockWrite } from "@waystation/contracts/block-device";

export interface DurableStore extends BlockStore {
  /**
   * Writes all of `writes`, in order where they overlap. Resolves when all of it is durable. Not atomic: after a crash
   * before that, any part of it may be there. The data may be reused once the promise has settled.
   */
  writeBatch(writes: readonly BlockWrite[]): Promise<void>;
}
