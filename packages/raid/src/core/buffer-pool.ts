/**
 * Memory that is used again: buffers allocated and dropped by the thousand a second make the garbage collector work
 * more than the array does. Only whole blocks are kept, so that there are few sizes.
 */
import { blockBytes } from "./disk-layout.js";

export interface BufferPool {
  /** A buffer with any content. */
  take(lengthBytes: number): Buffer;
  /** Nobody may use it any more. */
  give(buffer: Buffer): void;
}

/** Keeps at most `keptBytesMax` that nobody uses. */
export function createBufferPool(keptBytesMax: number): BufferPool {
  const free = new Map<number, Buffer[]>();
  let keptBytes = 0;
  return {
    take(lengthBytes) {
      const buffer = free.get(lengthBytes)?.pop();
      if (buffer === undefined) return Buffer.allocUnsafeSlow(lengthBytes);
      keptBytes -= lengthBytes;
      return buffer;
    },
    give(buffer) {
      const { length } = buffer;
      if (length === 0 || length % blockBytes !== 0 || keptBytes + length > keptBytesMax) return;
      const same = free.get(length);
      if (same === undefined) free.set(length, [buffer]);
      else same.push(buffer);
      keptBytes += length;
    },
  };
}
