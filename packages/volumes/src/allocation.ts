/**
 * Which grains of the array a new thick volume gets: the first run of free ones that holds it. Free is what no table
 * entry and no pool has, so space becomes free only with the table that dropped it, which is durable by then. What was
 * in use before is zeroed, durably, before a table gives it to somebody else: right before that table the grains are
 * free and hold zeros or remains, right after it they are the volume's and hold zeros.
 */
import { endOf, type ByteRange } from "@waystation/contracts/byte-range";
import { freeBetween } from "./extents.js";
import type { VolumeLayout } from "./layout.js";
import type { VolumeArray } from "./volume-array.js";
import { takenExtents, type VolumeTable } from "./volume-table.js";

export function freeExtents(table: VolumeTable, { dataOffset, dataEnd }: VolumeLayout): ByteRange[] {
  const whole = { offsetBytes: dataOffset, lengthBytes: Math.max(0, dataEnd - dataOffset) };
  return freeBetween(whole, takenExtents(table));
}

/** The first that fits; null when none does. */
export function firstFit(free: readonly ByteRange[], lengthBytes: number): ByteRange | null {
  const place = free.find((extent) => extent.lengthBytes >= lengthBytes);
  return place === undefined ? null : { offsetBytes: place.offsetBytes, lengthBytes };
}

/** Makes a free extent read as zeros, durably. What was never used does already, and costs nothing. */
export async function clearExtent(array: VolumeArray, table: VolumeTable, extent: ByteRange): Promise<void> {
  const usedEnd = Math.min(endOf(extent), table.unusedFromBytes);
  if (usedEnd <= extent.offsetBytes) return;
  await array.zero(extent.offsetBytes, usedEnd - extent.offsetBytes);
  await array.flush();
}

/** What a table that hands out `extent` says of what was never used. */
export function unusedAfter({ unusedFromBytes }: VolumeTable, extent: ByteRange): number {
  return Math.max(unusedFromBytes, endOf(extent));
}
