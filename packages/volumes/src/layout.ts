/**
 * Where things lie on an array that carries volumes. Everything but the volumes' own space has a fixed place, derived
 * from the array's size and stripe, so that it is found without reading anything first.
 *
 *   0         volume table, copy 0 (512 KiB)
 *   512 KiB   volume table, copy 1
 *   1 MiB     slots: 64 bytes per mapped volume or snapshot, its root and its counts (256 KiB)
 *   1.25 MiB  log of the chunk maps (256 KiB to 4 MiB)
 *   ...       bitmap: one bit per chunk of the array, set when the chunk is in use. Only the bits of the pool count
 *   data      volumes and pool, in grains
 *
 * A chunk is 64 KiB: the unit of the write intent and of most stripe units. A first write of 4 KiB to a shared chunk
 * copies the whole chunk, so a larger one would make that dearer; a smaller one would make the maps larger than what
 * memory can hold of them. Arrays above 256 TiB have larger chunks, because a map names a chunk with 32 bits.
 *
 * A grain is what volumes are handed out in: whole stripes and whole chunks, and no less than 1 MiB. So each thick
 * volume begins at a stripe, and a whole stripe of the volume is a whole stripe of the array.
 */
import assert from "node:assert/strict";

export interface VolumeLayout {
  readonly arrayBytes: number;
  readonly stripeBytes: number;
  readonly chunkBytes: number;
  readonly grainBytes: number;
  readonly logBytes: number;
  readonly bitmapOffset: number;
  readonly bitmapBytes: number;
  /** Where volumes may begin, and where the last whole grain ends. */
  readonly dataOffset: number;
  readonly dataEnd: number;
}

/** Of which a volume's size is a multiple. */
export const sectorBytes = 512;
export const blockBytes = 4096;
export const tableCopyBytes = 512 * 1024;
export const tableCopyOffsets: readonly [number, number] = [0, tableCopyBytes];
export const slotBytes = 64;
export const slotsOffset = 2 * tableCopyBytes;
export const slotsMax = 4096;
export const logOffset = slotsOffset + slotsMax * slotBytes;

const chunkBytesMin = 64 * 1024;
const grainBytesMin = 1024 * 1024;
const logBytesMin = 256 * 1024;
const logBytesMax = 4 * 1024 * 1024;

export function layoutOf(arrayBytes: number, stripeBytes = blockBytes): VolumeLayout {
  assert(stripeBytes > 0 && stripeBytes % sectorBytes === 0, `no stripe: ${stripeBytes} bytes`);
  let chunkBytes = chunkBytesMin;
  while (arrayBytes / chunkBytes >= 2 ** 32) chunkBytes *= 2;
  const together = leastCommonMultiple(stripeBytes, chunkBytes);
  const grainBytes = roundUp(grainBytesMin, together);
  const logBytes = Math.min(logBytesMax, Math.max(logBytesMin, roundUp(Math.floor(arrayBytes / 256), chunkBytesMin)));
  const bitmapOffset = logOffset + logBytes;
  const bitmapBytes = roundUp(Math.ceil(arrayBytes / chunkBytes / 8), blockBytes);
  const dataOffset = roundUp(bitmapOffset + bitmapBytes, grainBytes);
  const dataEnd = Math.floor(arrayBytes / grainBytes) * grainBytes;
  return { arrayBytes, stripeBytes, chunkBytes, grainBytes, logBytes, bitmapOffset, bitmapBytes, dataOffset, dataEnd };
}

export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

function leastCommonMultiple(a: number, b: number): number {
  let [large, small] = [a, b];
  while (small > 0) [large, small] = [small, large % small];
  return (a / large) * b;
}
