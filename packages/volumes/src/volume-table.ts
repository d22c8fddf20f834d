/**
 * The volume table: which volumes are on an array, and where. Two copies at the start of the array, written in turn.
 *
 *   array:  0        copy 0 (256 KiB)
 *           512 KiB  copy 1
 *           1 MiB    volumes, in grains of 1 MiB
 *
 *   copy:   0   "WSVOLTAB"
 *           8   u32  format version
 *           12  u32  length of the JSON text
 *           16  u32  CRC32C of header and text, this field as zero
 *           20  JSON text
 */
import { isName, type VolumeName } from "@waystation/contracts/ids";
import { isSealed, sealBlock } from "@waystation/raid/core/checksum";
import { isCount, isRecord, parseJson } from "@waystation/raid/core/json";

/** A run of the array's bytes. A thick volume has one; chunk maps will have a kind of their own. */
export interface VolumeEntry {
  readonly name: VolumeName;
  readonly kind: "thick";
  readonly sizeBytes: number;
  /** Where it starts in the array, a multiple of the grain. */
  readonly offsetBytes: number;
}

export interface VolumeTable {
  /** Raised by each change; the higher of the two copies counts. */
  readonly generation: number;
  /** Nothing at or behind this offset was ever part of a volume, so it reads as zeros since the array was created. */
  readonly unusedFromBytes: number;
  readonly volumes: readonly VolumeEntry[];
}

export const grainBytes = 1024 * 1024;
/** Of which a volume's size is a multiple. */
export const sectorBytes = 512;
export const tableCopyBytes = 256 * 1024;
export const tableCopyOffsets: readonly [number, number] = [0, 512 * 1024];
export const emptyTable: VolumeTable = Object.freeze({ generation: 0, unusedFromBytes: grainBytes, volumes: [] });

const magic = "WSVOLTAB";
const version = 1;
const headerBytes = 20;
const crcOffset = 16;

/** Null when it would not fit its place. */
export function encodeTable(table: VolumeTable): Buffer | null {
  const text = Buffer.from(JSON.stringify(table));
  if (headerBytes + text.length > tableCopyBytes) return null;
  const copy = Buffer.alloc(headerBytes + text.length);
  copy.write(magic, 0, "latin1");
  copy.writeUInt32LE(version, 8);
  copy.writeUInt32LE(text.length, 12);
  text.copy(copy, headerBytes);
  sealBlock(copy, crcOffset);
  return copy;
}

export type TableReading =
  { readonly kind: "valid"; readonly table: VolumeTable } | { readonly kind: "blank" | "damaged" };

/** The newest whole copy; `blank` when both are zeros, as on a new array. */
export function readTable(copies: readonly Buffer[]): TableReading {
  let newest: VolumeTable | null = null;
  for (const copy of copies) {
    const table = decodeTable(copy);
    if (table !== null && (newest === null || table.generation > newest.generation)) newest = table;
  }
  if (newest !== null) return { kind: "valid", table: newest };
  return { kind: copies.every((copy) => copy.every((byte) => byte === 0)) ? "blank" : "damaged" };
}

function decodeTable(copy: Buffer): VolumeTable | null {
  if (copy.toString("latin1", 0, 8) !== magic || copy.readUInt32LE(8) !== version) return null;
  const textBytes = copy.readUInt32LE(12);
  if (headerBytes + textBytes > copy.length) return null;
  const used = copy.subarray(0, headerBytes + textBytes);
  if (!isSealed(used, crcOffset)) return null;
  const table = parseJson(used.toString("utf8", headerBytes));
  return isTable(table) ? table : null;
}

/** The checksum says that this package wrote it; this says that it was this version's idea of a table. */
function isTable(value: unknown): value is VolumeTable {
  if (!isRecord(value) || !isCount(value["generation"]) || !Array.isArray(value["volumes"])) return false;
  const { unusedFromBytes } = value;
  if (!isCount(unusedFromBytes)) return false;
  const names = new Set<string>();
  let end = grainBytes;
  // In the order of their creation, each behind the one before it.
  for (const entry of value["volumes"] as readonly unknown[]) {
    if (!isEntry(entry) || entry.offsetBytes < end || names.has(entry.name)) return false;
    names.add(entry.name);
    end = entry.offsetBytes + entry.sizeBytes;
  }
  return end <= unusedFromBytes;
}

function isEntry(value: unknown): value is VolumeEntry {
  if (!isRecord(value) || value["kind"] !== "thick") return false;
  const { name, sizeBytes, offsetBytes } = value;
  if (typeof name !== "string" || !isName(name) || !isCount(sizeBytes) || !isCount(offsetBytes)) return false;
  return sizeBytes > 0 && sizeBytes % sectorBytes === 0 && offsetBytes % grainBytes === 0;
}
