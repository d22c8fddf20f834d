/**
 * What is known of each region of a pair, in memory (SPEC A6, A7). A region is a fixed number of bytes of both volumes;
 * its mark is four bits, which change together on disk (marks-layout.ts):
 *
 *   bit 0, bit 1   differs and owed, in the order that `differsPlane` says
 *   bit 2          the secondary's hosts wrote it while split; counts as `differs`
 *
 * The planes change roles by the pair's record alone: a quick split makes all that still differs `owed` at one stroke,
 * however many regions there are, provided that the other plane is empty then.
 */
import assert from "node:assert/strict";
import { endOf, type ByteRange } from "@waystation/contracts/byte-range";

export type Plane = 0 | 1;

const writtenOnSecondaryBit = 4;
const markMax = 7;

/** A run of regions, [first, end). */
export interface RegionRun {
  readonly first: number;
  readonly end: number;
}

export interface RegionMarks {
  readonly regionCount: number;
  readonly differsPlane: Plane;
  /** Changed on either side, or not copied yet. */
  differs(region: number): boolean;
  writtenOnSecondary(region: number): boolean;
  owed(region: number): boolean;
  /** All four bits, as on disk. */
  markOf(region: number): number;
  setMark(region: number, mark: number): void;
  setDiffers(region: number): void;
  setWrittenOnSecondary(region: number): void;
  /** Not owed any more; what else is marked stays. */
  clearOwed(region: number): void;
  /** The same on both sides. */
  clear(region: number): void;
  /** Whatever was marked differs from now on: what was written on either side is merged. Returns the regions changed. */
  merge(): number[];
  /** Everything that differs is owed from now on. Nothing may be owed before. */
  swapPlanes(): void;
  fill(kind: "differs" | "owed"): void;
  counts(): MarkCounts;
}

export interface MarkCounts {
  readonly differs: number;
  readonly owed: number;
  readonly writtenOnSecondary: number;
}

export function createRegionMarks(regionCount: number, differsPlaneAtStart: Plane): RegionMarks {
  const marks = new Uint8Array(regionCount);
  // How many regions have each of the eight possible marks.
  const histogram = new Array<number>(markMax + 1).fill(0);
  histogram[0] = regionCount;
  let differsPlane = differsPlaneAtStart;
  const differsBit = (): number => 1 << differsPlane;
  const owedBit = (): number => 1 << (1 - differsPlane);
  const differsMask = (): number => differsBit() | writtenOnSecondaryBit;
  const at = (region: number): number => marks[region] as number;
  const setMark = (region: number, mark: number): void => {
    assert(region >= 0 && region < regionCount && mark >= 0 && mark <= markMax, `no mark ${mark} of region ${region}`);
    (histogram[at(region)] as number) -= 1;
    (histogram[mark] as number) += 1;
    marks[region] = mark;
  };
  const countOf = (mask: number): number =>
    histogram.reduce((sum, count, mark) => ((mark & mask) === 0 ? sum : sum + count), 0);

  return {
    regionCount,
    get differsPlane() {
      return differsPlane;
    },
    differs: (region) => (at(region) & differsMask()) !== 0,
    writtenOnSecondary: (region) => (at(region) & writtenOnSecondaryBit) !== 0,
    owed: (region) => (at(region) & owedBit()) !== 0,
    markOf: at,
    setMark,
    setDiffers: (region) => setMark(region, at(region) | differsBit()),
    setWrittenOnSecondary: (region) => setMark(region, at(region) | writtenOnSecondaryBit),
    clearOwed: (region) => setMark(region, at(region) & ~owedBit()),
    clear: (region) => setMark(region, 0),
    merge() {
      const changed: number[] = [];
      for (let region = 0; region < regionCount; region++) {
        if (at(region) === 0 || at(region) === differsBit()) continue;
        setMark(region, differsBit());
        changed.push(region);
      }
      return changed;
    },
    swapPlanes() {
      assert(countOf(owedBit() | writtenOnSecondaryBit) === 0, "the planes of a pair swap before they were merged");
      differsPlane = differsPlane === 0 ? 1 : 0;
    },
    fill(kind) {
      const mark = kind === "differs" ? differsBit() : owedBit();
      marks.fill(mark);
      histogram.fill(0);
      histogram[mark] = regionCount;
    },
    counts: () => ({
      differs: countOf(differsMask()),
      owed: countOf(owedBit()),
      writtenOnSecondary: countOf(writtenOnSecondaryBit),
    }),
  };
}

/** The regions that a range touches. */
export function regionsOf(range: ByteRange, regionBytes: number): RegionRun {
  return { first: Math.floor(range.offsetBytes / regionBytes), end: Math.ceil(endOf(range) / regionBytes) };
}

const regionBytesMin = 256 * 1024;
/** Bounds what a pair holds in memory, a few MiB, whatever the size of its volumes. */
const regionsMax = 2 ** 20;

/** 256 KiB, or what keeps a large volume within the number of regions that a pair may have. */
export function regionBytesFor(sizeBytes: number): number {
  let regionBytes = regionBytesMin;
  while (sizeBytes / regionBytes > regionsMax) regionBytes *= 2;
  return regionBytes;
}

/** Why this is no region size for a volume of this size; null when it is one. */
export function regionFault(regionBytes: number, sizeBytes: number): string | null {
  const isPowerOfTwo =
    Number.isSafeInteger(regionBytes) && regionBytes >= 512 && Number.isInteger(Math.log2(regionBytes));
  if (!isPowerOfTwo) return `The region of a pair must be a power of two from 512 bytes, not ${regionBytes}.`;
  if (sizeBytes / regionBytes <= regionsMax) return null;
  return `Regions of ${regionBytes} bytes are too many for ${sizeBytes} bytes: use ${regionBytesFor(sizeBytes)}.`;
}
