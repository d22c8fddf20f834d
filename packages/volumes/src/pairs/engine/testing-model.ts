/**
 * The naive model of a pair, sector by sector: what each side may hold. A request that overlaps in time with a command
 * or with the power's end may be before or after it, so a sector has a set of values; reading it settles which.
 */
import assert from "node:assert/strict";
import type { DurableBlockStore } from "@waystation/contracts/block-device";

export const sectorBytes = 512;

export interface ModelWrite {
  readonly side: "p" | "s";
  readonly sector: number;
  readonly sectors: number;
  /** Written all over each sector. */
  readonly value: number;
}

export type Image = Set<number>[];

export function imageOf(sectorCount: number, value = 0): Image {
  return Array.from({ length: sectorCount }, () => new Set([value]));
}

export function imageFrom(bytes: Buffer): Image {
  return valuesOf(bytes).map((value) => new Set([value]));
}

export function copyImage(image: Image): Image {
  return image.map((values) => new Set(values));
}

export function dataOf({ sectors, value }: Pick<ModelWrite, "sectors" | "value">): Buffer {
  const data = Buffer.alloc(sectors * sectorBytes);
  for (let at = 0; at < data.length; at += 4) data.writeUInt32LE(value, at);
  return data;
}

/** The value of each sector; a torn one fails the test. */
export function valuesOf(bytes: Buffer): number[] {
  const values: number[] = [];
  for (let at = 0; at < bytes.length; at += sectorBytes) {
    const value = bytes.readUInt32LE(at);
    const isWhole = bytes.compare(bytes, at + 4, at + sectorBytes, at, at + sectorBytes - 4) === 0;
    assert(isWhole, `sector ${at / sectorBytes} is torn`);
    values.push(value);
  }
  return values;
}

/** Checks what was read against what may be, and settles on it. */
export function settleImage(image: Image, bytes: Buffer, what: string): void {
  const wrong: string[] = [];
  for (const [sector, value] of valuesOf(bytes).entries()) {
    const allowed = image[sector] as Set<number>;
    if (!allowed.has(value)) wrong.push(`sector ${sector} holds ${value}, not ${[...allowed].join(" or ")}`);
    image[sector] = new Set([value]);
  }
  assert(wrong.length === 0, `${what}: ${wrong.join("; ")}`);
}

/** A write that ended, or one that may have happened. */
export function applyTo(image: Image, { sector, sectors, value }: ModelWrite, outcome: "done" | "maybe"): void {
  for (let at = sector; at < sector + sectors; at++) {
    if (outcome === "done") image[at] = new Set([value]);
    else image[at]?.add(value);
  }
}

/** What one image holds, or what may have been written to it since. */
export function merged(image: Image, other: Image): Image {
  return image.map((values, sector) => new Set([...values, ...(other[sector] as Set<number>)]));
}

export function submit(store: DurableBlockStore, write: ModelWrite, kind: "batch" | "cached"): Promise<void> {
  const [offsetBytes, data] = [write.sector * sectorBytes, dataOf(write)];
  if (kind === "cached")
    return write.value === 0 ? store.zero(offsetBytes, data.length) : store.write(offsetBytes, data);
  return store.writeBatch([{ offsetBytes, lengthBytes: data.length, data: write.value === 0 ? null : data }]);
}
