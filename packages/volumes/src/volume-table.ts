/**
 * The volume table: which volumes and snapshots are on an array, where they lie, and small documents of those who use
 * them. Two copies at the start of the array (layout.ts), written in turn, so that a torn write leaves the other.
 *
 *   copy:   0   "WSVOLTAB"
 *           8   u32  format version
 *           12  u32  length of the JSON text
 *           16  u32  CRC32C of header and text, this field as zero
 *           20  JSON text
 *
 * The table's generation is also the epoch of the log of the chunk maps (map-log.ts): a record counts only beside the
 * table of its generation, so that writing a table empties the log in the same stroke.
 */
import { endOf, type ByteRange } from "@waystation/contracts/byte-range";
import { isName, type VolumeName } from "@waystation/contracts/ids";
import { isSealed, sealBlock } from "@waystation/raid/core/checksum";
import { isCount, isRecord, parseJson } from "@waystation/raid/core/json";
import { roundUp, sectorBytes, slotsMax, tableCopyBytes, type VolumeLayout } from "./layout.js";

interface CommonEntry {
  readonly name: VolumeName;
  readonly sizeBytes: number;
  /** Not of a host: a bitmap, a journal. Left out of lists unless asked for. */
  readonly isHidden: boolean;
}

/** One run of the array's bytes, in whole grains. */
export interface ThickEntry extends CommonEntry {
  readonly kind: "thick";
  readonly offsetBytes: number;
}

interface SlotEntry extends CommonEntry {
  /** Where its root and counts are. */
  readonly slot: number;
  /** Its space is being given back: it is in no list, and opening the array goes on with it. */
  readonly isDeleting: boolean;
}

/** A volume with a chunk map: thin, a clone, or one that was thick until its first snapshot. */
export interface MappedEntry extends SlotEntry {
  readonly kind: "mapped";
  /** Room for overwriting all of it is kept free. */
  readonly isReserved: boolean;
  /** The snapshot it was cloned from. */
  readonly origin: VolumeName | null;
  /** What was born up to then belongs to that snapshot; 0 without one. */
  readonly originBirth: number;
}

export interface SnapshotEntry extends SlotEntry {
  readonly kind: "snapshot";
  /** The volume that it shows as it was. */
  readonly of: VolumeName;
  /** Everything that it holds was born then or before, and everything newer later. */
  readonly birth: number;
}

export type VolumeEntry = ThickEntry | MappedEntry | SnapshotEntry;

export interface VolumeTable {
  /** Raised by each change; the higher of the two copies counts. */
  readonly generation: number;
  /** Of the array it was made for. */
  readonly arrayBytes: number;
  readonly grainBytes: number;
  /** Nothing at or behind this offset was ever part of a volume, so it reads as zeros since the array was created. */
  readonly unusedFromBytes: number;
  /** Stamped on each chunk that is given out; raised by each snapshot. */
  readonly birth: number;
  /** Whose chunks the maps name, in whole grains. */
  readonly pool: readonly ByteRange[];
  /** In the order of their creation. */
  readonly volumes: readonly VolumeEntry[];
  readonly documents: Readonly<Record<string, unknown>>;
}

const magic = "WSVOLTAB";
const version = 2;
const headerBytes = 20;
const crcOffset = 16;

export function emptyTable({ arrayBytes, grainBytes, dataOffset }: VolumeLayout): VolumeTable {
  const unusedFromBytes = dataOffset;
  return { generation: 0, arrayBytes, grainBytes, unusedFromBytes, birth: 1, pool: [], volumes: [], documents: {} };
}

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
  | { readonly kind: "valid"; readonly table: VolumeTable }
  | { readonly kind: "blank" | "damaged" }
  | { readonly kind: "other-version"; readonly version: number };

/** The newest whole copy; `blank` when both are zeros, as on a new array. */
export function readTable(copies: readonly Buffer[]): TableReading {
  let newest: VolumeTable | null = null;
  let other: number | null = null;
  for (const copy of copies) {
    const text = textOf(copy);
    if (text === null) continue;
    if (text.version !== version) other = text.version;
    const table = text.version === version ? parseJson(text.json) : undefined;
    if (isTable(table) && (newest === null || table.generation > newest.generation)) newest = table;
  }
  if (newest !== null) return { kind: "valid", table: newest };
  if (other !== null) return { kind: "other-version", version: other };
  return { kind: copies.every((copy) => copy.every((byte) => byte === 0)) ? "blank" : "damaged" };
}

function textOf(copy: Buffer): { version: number; json: string } | null {
  if (copy.toString("latin1", 0, 8) !== magic) return null;
  const textBytes = copy.readUInt32LE(12);
  if (headerBytes + textBytes > copy.length) return null;
  const used = copy.subarray(0, headerBytes + textBytes);
  if (!isSealed(used, crcOffset)) return null;
  return { version: copy.readUInt32LE(8), json: used.toString("utf8", headerBytes) };
}

/** What a thick volume takes of the array: whole grains. */
export function extentOf({ offsetBytes, sizeBytes }: ThickEntry, grainBytes: number): ByteRange {
  return { offsetBytes, lengthBytes: roundUp(sizeBytes, grainBytes) };
}

/** Every run of the array that is in use. */
export function takenExtents({ volumes, pool, grainBytes }: VolumeTable): ByteRange[] {
  const thick = volumes.filter((entry) => entry.kind === "thick");
  return [...thick.map((entry) => extentOf(entry, grainBytes)), ...pool];
}

/** The checksum says that this package wrote it; this says that it was this version's idea of a table. */
function isTable(value: unknown): value is VolumeTable {
  if (!isRecord(value) || !isRecord(value["documents"])) return false;
  const { generation, arrayBytes, grainBytes, unusedFromBytes, birth, pool, volumes } = value;
  if (![generation, arrayBytes, grainBytes, unusedFromBytes, birth].every(isCount) || grainBytes === 0) return false;
  if (!Array.isArray(pool) || !pool.every(isRange)) return false;
  if (!Array.isArray(volumes) || !volumes.every(isEntry)) return false;
  // Each of them was just looked at.
  const table = value as unknown as VolumeTable;
  return areExtentsSound(table) && areEntriesSound(table);
}

function isRange(value: unknown): value is ByteRange {
  return isRecord(value) && isCount(value["offsetBytes"]) && isCount(value["lengthBytes"]) && value["lengthBytes"] > 0;
}

function isEntry(value: unknown): value is VolumeEntry {
  if (!isRecord(value)) return false;
  const { name, sizeBytes, isHidden } = value;
  if (typeof name !== "string" || !isName(name) || typeof isHidden !== "boolean") return false;
  if (!isCount(sizeBytes) || sizeBytes === 0 || sizeBytes % sectorBytes !== 0) return false;
  if (value["kind"] === "thick") return isCount(value["offsetBytes"]);
  if (!isCount(value["slot"]) || value["slot"] >= slotsMax || typeof value["isDeleting"] !== "boolean") return false;
  if (value["kind"] === "snapshot") return typeof value["of"] === "string" && isCount(value["birth"]);
  if (value["kind"] !== "mapped" || typeof value["isReserved"] !== "boolean") return false;
  return (value["origin"] === null || typeof value["origin"] === "string") && isCount(value["originBirth"]);
}

/** Whole grains, one behind the other, none used twice. */
function areExtentsSound(table: VolumeTable): boolean {
  let end = 0;
  for (const extent of takenExtents(table).toSorted((a, b) => a.offsetBytes - b.offsetBytes)) {
    if (extent.offsetBytes < end || extent.offsetBytes % table.grainBytes !== 0) return false;
    if (extent.lengthBytes % table.grainBytes !== 0) return false;
    end = endOf(extent);
  }
  return end <= table.unusedFromBytes;
}

function areEntriesSound({ volumes, birth }: VolumeTable): boolean {
  const slots = new Set<number>();
  const entries = new Map<string, VolumeEntry>();
  for (const entry of volumes) {
    if (entries.has(entry.name)) return false;
    entries.set(entry.name, entry);
    if (entry.kind === "thick") continue;
    if (slots.has(entry.slot)) return false;
    slots.add(entry.slot);
  }
  return volumes.every((entry) => {
    if (entry.kind === "thick") return true;
    // A snapshot shows a volume that is there, and a clone's snapshot is there, of the same size and older.
    const source = entries.get(entry.kind === "snapshot" ? entry.of : (entry.origin ?? entry.name));
    if (source === undefined || source.sizeBytes !== entry.sizeBytes) return false;
    if (entry.kind === "snapshot") return source.kind === "mapped" && entry.birth < birth;
    if (entry.origin === null) return entry.originBirth === 0;
    return source.kind === "snapshot" && source.birth === entry.originBirth;
  });
}
