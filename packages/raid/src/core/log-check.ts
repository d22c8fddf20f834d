/**
 * Whether replay may follow an entry of the stripe log. The checksum of its record says that it is what was written; what is
 * written once more at an offset that was never data (a superblock, say), or read with a length that no cell has, could not
 * be put right again.
 */
import { endOf, within, type ByteRange } from "@waystation/contracts/byte-range";
import { blockBytes } from "./disk-layout.js";
import { diskBytesNeeded, type Geometry } from "./geometry.js";
import { recordHeaderBytes, type LogEntry } from "./log-record.js";

/** `usedBytes`: of the record that the entry is from. */
export function isReplayable(entry: LogEntry, geometry: Geometry, usedBytes: number): boolean {
  const { diskCount, windowBytes } = geometry;
  switch (entry.kind) {
    case "redo": {
      const payload = { offsetBytes: entry.payloadOffsetBytes, lengthBytes: entry.lengthBytes };
      const isInRecord = payload.offsetBytes >= recordHeaderBytes && within(payload, usedBytes);
      const isOfBlocks = entry.diskOffsetBytes % blockBytes === 0 && entry.lengthBytes % blockBytes === 0;
      if (geometry.checksums && !isOfBlocks) return false;
      return isInRecord && entry.slotMask < 2 ** diskCount && isData(entry, geometry);
    }
    case "intent": {
      const isCell = (entry.diskOffsetBytes - geometry.dataOffsetBytes) % windowBytes === 0;
      const hasAllChecksums = entry.checksums.length === 0 || entry.checksums.length === diskCount;
      return isCell && entry.lengthBytes <= windowBytes && hasAllChecksums && isData(entry, geometry);
    }
    case "lost":
      return isRangeSet(entry.ranges, geometry.sizeBytes);
  }
}

interface DiskRange {
  readonly diskOffsetBytes: number;
  readonly lengthBytes: number;
}

function isData({ diskOffsetBytes, lengthBytes }: DiskRange, geometry: Geometry): boolean {
  const end = diskOffsetBytes + lengthBytes;
  return diskOffsetBytes >= geometry.dataOffsetBytes && end <= diskBytesNeeded(geometry);
}

function isRangeSet(ranges: readonly ByteRange[], sizeBytes: number): boolean {
  let end = 0;
  for (const range of ranges) {
    if (range.offsetBytes < end || range.lengthBytes === 0 || !within(range, sizeBytes)) return false;
    end = endOf(range);
  }
  return true;
}
