/**
 * Writes cut at the borders of chunks and gathered by chunk, and what is to be done with each chunk. Pure.
 *
 *   the chunk is   all of it zeroed, nothing else      otherwise
 *   a hole         nothing                             redirect, unless only zeros are written: nothing
 *   shared         drop                                redirect
 *   owned          drop, or zero in place if reserved  in place
 *
 * To redirect is to write all of the chunk in a new place, with what it held around what is written. To drop is to make
 * it a hole.
 */
import type { BlockWrite } from "@waystation/contracts/block-device";

/** One piece of a write, `offsetBytes` being from the start of its chunk. */
export type ChunkPiece = BlockWrite;

export interface ChunkWrites {
  readonly index: number;
  /** All that the chunk held is zeroed first. */
  isZeroed: boolean;
  /** In order. */
  pieces: ChunkPiece[];
}

export type ChunkState = "hole" | "shared" | "owned";
export type ChunkAction = "nothing" | "drop" | "in-place" | "redirect";

export function actionFor(writes: ChunkWrites, state: ChunkState, isReserved: boolean): ChunkAction {
  const onlyZeroed = writes.isZeroed && writes.pieces.length === 0;
  switch (state) {
    case "hole":
      return writes.pieces.every(({ data }) => data === null) ? "nothing" : "redirect";
    case "shared":
      return onlyZeroed ? "drop" : "redirect";
    case "owned":
      return onlyZeroed && !isReserved ? "drop" : "in-place";
  }
}

export interface ChunkGrid {
  readonly chunkBytes: number;
  readonly sizeBytes: number;
}

/** Adds a write to those of its chunks. */
export function addWrite(
  into: Map<number, ChunkWrites>,
  write: BlockWrite,
  { chunkBytes, sizeBytes }: ChunkGrid,
): void {
  for (let done = 0; done < write.lengthBytes;) {
    const at = write.offsetBytes + done;
    const index = Math.floor(at / chunkBytes);
    const start = index * chunkBytes;
    const usedBytes = Math.min(chunkBytes, sizeBytes - start);
    const lengthBytes = Math.min(start + usedBytes - at, write.lengthBytes - done);
    const data = write.data === null ? null : write.data.subarray(done, done + lengthBytes);
    let writes = into.get(index);
    if (writes === undefined) into.set(index, (writes = { index, isZeroed: false, pieces: [] }));
    const isWhole = lengthBytes === usedBytes;
    if (isWhole) writes.pieces = [];
    if (isWhole && data === null) writes.isZeroed = true;
    else writes.pieces.push({ offsetBytes: at - start, lengthBytes, data });
    done += lengthBytes;
  }
}

/** Whether what the chunk held shows anywhere after these writes. */
export function keepsOld({ index, isZeroed, pieces }: ChunkWrites, { chunkBytes, sizeBytes }: ChunkGrid): boolean {
  const usedBytes = Math.min(chunkBytes, sizeBytes - index * chunkBytes);
  return !isZeroed && !(pieces[0]?.offsetBytes === 0 && pieces[0].lengthBytes === usedBytes);
}

/** The whole chunk in its new place. `old` is what it held, or null for zeros; it is overwritten. */
export function wholeChunk({ pieces }: ChunkWrites, chunkBytes: number, old: Buffer | null): Uint8Array {
  const [only] = pieces;
  if (pieces.length === 1 && only?.data?.length === chunkBytes) return only.data;
  const chunk = old ?? Buffer.alloc(chunkBytes);
  for (const { offsetBytes, lengthBytes, data } of pieces) {
    if (data === null) chunk.fill(0, offsetBytes, offsetBytes + lengthBytes);
    else chunk.set(data, offsetBytes);
  }
  return chunk;
}
