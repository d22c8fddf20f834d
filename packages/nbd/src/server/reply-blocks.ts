/**
 * The memory in which connections put their replies together. A connection has a block only while replies wait in it,
 * and gives it back when the kernel has taken them: so a few blocks, warm in the processor's cache, serve all
 * connections, and no reply costs the collector anything.
 */
import assert from "node:assert/strict";

export interface ReplyBlocks {
  readonly blockBytes: number;
  /** Null when all of them are in use. */
  take(): Buffer | null;
  giveBack(block: Buffer): void;
  /** A block that was taken will not come back: the system may still be reading it. */
  forget(): void;
}

export interface ReplyBlocksOptions {
  readonly blockBytes: number;
  readonly blocksMax: number;
}

export function createReplyBlocks({ blockBytes, blocksMax }: ReplyBlocksOptions): ReplyBlocks {
  const free: Buffer[] = [];
  let taken = 0;
  return {
    blockBytes,
    take() {
      if (taken === blocksMax) return null;
      taken += 1;
      // The one that was used last comes first: it is still in the processor's cache.
      return free.pop() ?? Buffer.allocUnsafeSlow(blockBytes);
    },
    giveBack(block) {
      assert(taken > 0, "a block came back that was never taken");
      taken -= 1;
      free.push(block);
    },
    forget() {
      assert(taken > 0, "a block was forgotten that was never taken");
      taken -= 1;
    },
  };
}
