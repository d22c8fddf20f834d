/**
 * Changes valid input the ways that hostile clients and failing disks do. Storage keeps its size; a stream may be cut,
 * repeated and spliced with others. Everything follows from the generator, so a seed repeats it.
 */
import type { Random } from "@waystation/contracts/random";

export const interesting = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
const sectorBytes = 512;
const editsMax = 6;

type Edit = (bytes: Buffer, random: Random) => void;

/** Where an edit goes: mostly where something is, since most of a disk is zeros. */
function placeIn(bytes: Buffer, random: Random, lengthBytes: number): number {
  const last = Math.max(0, bytes.length - lengthBytes);
  for (let tries = 0; tries < 64; tries++) {
    const at = random.below(last + 1);
    if (bytes[at] !== 0) return at;
  }
  return random.below(last + 1);
}

function writeNumber(bytes: Buffer, random: Random): void {
  const width = random.pick([1, 2, 4]);
  if (bytes.length < width) return;
  const value = random.pick(interesting) % 2 ** (width * 8);
  const at = placeIn(bytes, random, width);
  if (random.chance(0.5)) bytes.writeUIntLE(value, at, width);
  else bytes.writeUIntBE(value, at, width);
}

/** Numbers on disks are little-endian words of 4 bytes, and lie at multiples of that. */
export function setWord(bytes: Buffer, random: Random): void {
  const words = Math.floor(bytes.length / 4);
  if (words > 0) bytes.writeUInt32LE(random.pick([...interesting, 3, 4096, 8192, 0x7ffff000]), 4 * random.below(words));
}

function flipBit(bytes: Buffer, random: Random): void {
  if (bytes.length === 0) return;
  const at = placeIn(bytes, random, 1);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
}

/** A write that went elsewhere. */
function copySector(bytes: Buffer, random: Random): void {
  const sectors = Math.floor(bytes.length / sectorBytes);
  if (sectors === 0) return;
  const from = Math.floor(placeIn(bytes, random, 1) / sectorBytes) * sectorBytes;
  const to = Math.floor(placeIn(bytes, random, 1) / sectorBytes) * sectorBytes;
  bytes.copy(bytes, to, from, Math.min(bytes.length, from + sectorBytes));
}

/** A write that was lost, or a sector that was replaced. */
function clearSector(bytes: Buffer, random: Random): void {
  if (bytes.length === 0) return;
  const at = Math.floor(placeIn(bytes, random, 1) / sectorBytes) * sectorBytes;
  bytes.fill(random.pick([0, 0xff]), at, Math.min(bytes.length, at + sectorBytes * random.pick([1, 8])));
}

const editsInPlace: readonly Edit[] = [writeNumber, flipBit, flipBit, copySector, clearSector];

/** Storage: the same size, other content. */
export function damage(original: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(original);
  for (let edits = 1 + random.below(editsMax); edits > 0; edits--) random.pick(editsInPlace)(bytes, random);
  return bytes;
}

/** A stream: cut, repeated, spliced with another, changed. */
export function distort(samples: readonly Buffer[], random: Random): Buffer {
  let bytes = Buffer.from(random.pick(samples));
  for (let edits = 1 + random.below(editsMax); edits > 0; edits--) {
    const at = random.below(bytes.length + 1);
    const end = at + random.below(Math.min(64, bytes.length - at) + 1);
    const other = random.pick(samples);
    switch (random.below(6)) {
      case 0:
        bytes = Buffer.from(bytes.subarray(0, at));
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(random.below(other.length + 1))]);
        break;
      default:
        random.pick([writeNumber, flipBit])(bytes, random);
    }
  }
  return bytes;
}
