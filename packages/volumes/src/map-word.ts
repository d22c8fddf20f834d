/**
 * The words of a chunk map, and the shape of its tree. Pure.
 *
 * A map is a tree of nodes, each one chunk of words; a word stands for a span of the volume. The root's word lies in the
 * volume's slot. Words at level 0 are data chunks; a word at a higher level is a node, or a run: chunks that lie one
 * behind the other, which is how a thick volume looks when it gets a map.
 *
 *   word:  0  u32  chunk of the array; 0 is a hole, which reads as zeros (chunk 0 holds the volume table)
 *          4  u32  birth, and the top bit set for a run
 *
 * Sharing is known by birth. Each chunk and node is stamped with the table's birth number when it is given out, and a
 * snapshot raises that number; so a volume owns exactly what is younger than its newest snapshot, and all else belongs
 * to that snapshot too. Nothing is counted, so a snapshot is two words whatever the volume's size, and there are no
 * reference counts to keep in step with maps across a crash.
 */
import assert from "node:assert/strict";

export interface Word {
  readonly chunk: number;
  readonly meta: number;
}

export const wordBytes = 8;
export const hole: Word = Object.freeze({ chunk: 0, meta: 0 });

const runFlag = 0x8000_0000;
const birthMask = 0x7fff_ffff;

export function wordFor(chunk: number, birth: number): Word {
  assert(birth > 0 && birth <= birthMask, `no birth number: ${birth}`);
  return { chunk, meta: birth };
}

export function runFor(chunk: number, birth: number): Word {
  return { chunk, meta: (wordFor(chunk, birth).meta | runFlag) >>> 0 };
}

export function birthOf({ meta }: Word): number {
  return meta & birthMask;
}

export function isHole({ chunk }: Word): boolean {
  return chunk === 0;
}

export function isRun({ meta }: Word): boolean {
  return meta >= runFlag;
}

export function isSameWord(a: Word, b: Word): boolean {
  return a.chunk === b.chunk && a.meta === b.meta;
}

export function readWord(bytes: Buffer, at: number): Word {
  return { chunk: bytes.readUInt32LE(at), meta: bytes.readUInt32LE(at + 4) };
}

export function writeWord(bytes: Buffer, at: number, { chunk, meta }: Word): void {
  bytes.writeUInt32LE(chunk, at);
  bytes.writeUInt32LE(meta, at + 4);
}

/** Counts and cursors are kept in words too. */
export function numberOf({ chunk, meta }: Word): number {
  return meta * 2 ** 32 + chunk;
}

export function wordOfNumber(value: number): Word {
  assert(Number.isSafeInteger(value) && value >= 0, `no count: ${value}`);
  return { chunk: value % 2 ** 32, meta: Math.floor(value / 2 ** 32) };
}

export interface TreeShape {
  readonly chunkCount: number;
  /** Words of a node. */
  readonly fanout: number;
  /** Of the root; its word stands for the whole volume. */
  readonly levels: number;
  /** Chunks that a word of each level stands for. */
  readonly spans: readonly number[];
  /** Nodes of a map without holes and runs. */
  readonly nodesMax: number;
}

export function treeShape(sizeBytes: number, chunkBytes: number): TreeShape {
  const chunkCount = Math.ceil(sizeBytes / chunkBytes);
  const fanout = chunkBytes / wordBytes;
  const spans = [1];
  let nodesMax = 0;
  do {
    const span = (spans.at(-1) as number) * fanout;
    spans.push(span);
    nodesMax += Math.ceil(chunkCount / span);
  } while ((spans.at(-1) as number) < chunkCount);
  return { chunkCount, fanout, levels: spans.length - 1, spans, nodesMax };
}

/** The word of one child of a hole or a run at `level`, which has no node to read it from. */
export function childWord(word: Word, { spans }: TreeShape, level: number, child: number): Word {
  if (isHole(word)) return hole;
  assert(isRun(word), "a node has its words in itself");
  return { chunk: word.chunk + child * (spans[level - 1] as number), meta: level === 1 ? birthOf(word) : word.meta };
}
