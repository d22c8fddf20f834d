/**
 * The chain of dependent writes, and what any copy of the volumes may show of it. Write k goes to the volumes in turn, and
 * is issued only after write k-1 was acknowledged: so whatever the far side shows must be exactly 1..K for some K, with K
 * at least the last number acknowledged. Pure.
 *
 *     block of write k:  k | k | k | ...   (512 times, 64 bits, little-endian: a torn block shows)
 *
 * Blocks are scattered over the volume, and written again once every block has been.
 */
import { strict as assert } from "node:assert";

export const blockBytes = 4096;
const wordBytes = 8;
/** Odd, so that it visits every block of a power of two of them. */
const stride = 9973;

export interface ChainShape {
  readonly volumes: readonly string[];
  /** A power of two. */
  readonly blocksPerVolume: number;
}

export interface Place {
  readonly volume: string;
  readonly block: number;
}

export interface ChainAudit {
  /** K: the last write that is there. */
  readonly found: number;
  /** How many acknowledged writes are missing at the end of the chain. */
  readonly lost: number;
  readonly blocksCompared: number;
  /** Empty when the volumes hold exactly 1..K, and K is at least what was acknowledged. */
  readonly problems: readonly string[];
}

const problemsMax = 10;

export function placeOf({ volumes, blocksPerVolume }: ChainShape, number: number): Place {
  const volume = volumes[(number - 1) % volumes.length];
  assert(volume !== undefined, "a chain runs over one volume at least");
  return { volume, block: (Math.floor((number - 1) / volumes.length) * stride) % blocksPerVolume };
}

export function contentOf(number: number): Buffer {
  const word = Buffer.alloc(wordBytes);
  word.writeBigUInt64LE(BigInt(number));
  return Buffer.alloc(blockBytes, word);
}

/** `contents`: each volume whole. `issued`: the last number that a host tried to write. */
export function auditChain(
  shape: ChainShape,
  contents: ReadonlyMap<string, Buffer>,
  { acknowledged, issued }: { readonly acknowledged: number; readonly issued: number },
): ChainAudit {
  const problems: string[] = [];
  const found = Math.max(0, ...shape.volumes.map((volume) => highestIn(contents.get(volume))));
  for (const [volume, expected] of expectedBlocks(shape, found)) {
    const content = contents.get(volume);
    assert(content?.length === shape.blocksPerVolume * blockBytes, `all of ${volume} must have been read`);
    expected.forEach((number, block) => {
      const actual = content.subarray(block * blockBytes, (block + 1) * blockBytes);
      if (actual.equals(contentOf(number))) return;
      problems.push(`${volume}, block ${block}: expected write ${number} of 1..${found}, found ${describe(actual)}`);
    });
  }
  const lost = Math.max(0, acknowledged - found);
  if (lost > 0) problems.unshift(`writes ${found + 1}..${acknowledged} were acknowledged and are lost`);
  if (found > issued) problems.unshift(`write ${found} is there and was never issued (last: ${issued})`);
  return {
    found,
    lost,
    blocksCompared: shape.volumes.length * shape.blocksPerVolume,
    problems: problems.slice(0, problemsMax),
  };
}

/** By volume, which write each block must hold when exactly 1..last are there; 0 where none has been. */
function expectedBlocks(shape: ChainShape, last: number): Map<string, number[]> {
  const blocks = new Map(shape.volumes.map((volume) => [volume, Array<number>(shape.blocksPerVolume).fill(0)]));
  // Before that, every block has been written again.
  const first = Math.max(1, last - shape.volumes.length * shape.blocksPerVolume + 1);
  for (let number = first; number <= last; number += 1) {
    const { volume, block } = placeOf(shape, number);
    const numbers = blocks.get(volume);
    if (numbers !== undefined) numbers[block] = number;
  }
  return blocks;
}

function highestIn(content: Buffer | undefined): number {
  let highest = 0;
  for (let offset = 0; content !== undefined && offset < content.length; offset += blockBytes)
    highest = Math.max(highest, Number(content.readBigUInt64LE(offset)));
  return highest;
}

function describe(block: Buffer): string {
  const first = Number(block.readBigUInt64LE());
  if (block.equals(contentOf(first))) return first === 0 ? "nothing" : `write ${first}`;
  const last = Number(block.readBigUInt64LE(blockBytes - wordBytes));
  return `a torn block (from ${first} to ${last})`;
}
