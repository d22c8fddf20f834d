/** Reads through a chunk map. Chunks that lie one behind the other on the array are read together. */
import type { ByteRange } from "@waystation/contracts/byte-range";
import { loadWord, wordNow, type MapPlace } from "./chunk-map.js";
import type { MapSpace } from "./map-space.js";
import { isHole, type Word } from "./map-word.js";

/** A run of the volume, and where it lies on the array; null is zeros. */
interface Piece {
  readonly at: number | null;
  readonly from: number;
  readonly lengthBytes: number;
}

/** The next piece of a range, from `done` bytes on. The look-up of its first chunk has been done. */
function pieceAt(
  lookUp: (index: number) => Word | undefined,
  range: ByteRange,
  { done, chunkBytes }: { readonly done: number; readonly chunkBytes: number },
): Piece | null {
  const start = range.offsetBytes + done;
  const end = range.offsetBytes + range.lengthBytes;
  const first = lookUp(Math.floor(start / chunkBytes));
  if (first === undefined) return null;
  const at = isHole(first) ? null : first.chunk * chunkBytes + (start % chunkBytes);
  let stop = Math.min(end, (Math.floor(start / chunkBytes) + 1) * chunkBytes);
  while (stop < end) {
    const next = lookUp(stop / chunkBytes);
    if (next === undefined) break;
    if (at === null ? !isHole(next) : next.chunk * chunkBytes !== at + (stop - start)) break;
    stop = Math.min(end, stop + chunkBytes);
  }
  return { at, from: done, lengthBytes: stop - start };
}

export async function readPieces(space: MapSpace, place: MapPlace, range: ByteRange): Promise<Buffer> {
  const { array, layout } = space;
  const { chunkBytes } = layout;
  const lookUp = (index: number): Word | undefined => wordNow(space, place, index);
  const pieces: Piece[] = [];
  for (let done = 0; done < range.lengthBytes;) {
    const piece = pieceAt(lookUp, range, { done, chunkBytes });
    if (piece === null) {
      await loadWord(space, place, Math.floor((range.offsetBytes + done) / chunkBytes));
      continue;
    }
    pieces.push(piece);
    done += piece.lengthBytes;
  }
  const [only] = pieces;
  if (pieces.length === 1 && only?.at !== null && only !== undefined) return array.read(only.at, only.lengthBytes);
  const into = Buffer.alloc(range.lengthBytes);
  const reads = pieces.map(async ({ at, from, lengthBytes }) => {
    if (at !== null) (await array.read(at, lengthBytes)).copy(into, from);
  });
  await Promise.all(reads);
  return into;
}

/** Reads before it returns, if the map is in memory and the array can. */
export function locateNow(space: MapSpace, place: MapPlace, offsetBytes: number, into: Uint8Array): boolean {
  const { array, layout } = space;
  const { chunkBytes } = layout;
  const range = { offsetBytes, lengthBytes: into.length };
  const lookUp = (index: number): Word | undefined => wordNow(space, place, index);
  for (let done = 0; done < into.length;) {
    const piece = pieceAt(lookUp, range, { done, chunkBytes });
    if (piece === null) return false;
    const part = into.subarray(done, done + piece.lengthBytes);
    if (piece.at === null) part.fill(0);
    else if (!array.readNow(piece.at, part)) return false;
    done += piece.lengthBytes;
  }
  return true;
}
