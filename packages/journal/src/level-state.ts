/**
 * The state of a journal's database: its end, its trim cursor and what its marks add up to, written with every batch.
 * Kept as JSON, for people in trouble. The checksum says that this package wrote it; what is read is checked all the same,
 * since a state that makes no sense would send opening anywhere.
 */
import { layoutVersion, unseal } from "./level-layout.js";

export interface JournalState {
  readonly layout: number;
  readonly group: string;
  /** Number and checksum of the newest batch; 0 and 0 before the first. */
  readonly lastBatch: number;
  readonly lastBatchCrc: number;
  /** The oldest batch whose index is kept; those before held nothing but deleted records. */
  readonly firstBatch: number;
  readonly trimmedThrough: number;
  /** How many marks there are, and their checksum: see `mark-sum.ts`. */
  readonly markCount: number;
  readonly markSum: number;
  /** The ring that belongs to this database. */
  readonly ring: RingState;
}

/** Positions count bytes from the ring's creation on; where one lies is its remainder by the ring's size. */
export interface RingState {
  /** The same as in the ring's header. Hexadecimal. */
  readonly id: string;
  readonly lies: "in-files" | "on-volume";
  readonly sizeBytes: number;
  /** Where the batch after the newest one of this state begins: opening searches the ring from here. */
  readonly head: number;
  /** Up to here a volume has been written once. */
  readonly preparedThrough: number;
}

export function freshState(group: string, ring: RingState): JournalState {
  return {
    layout: layoutVersion,
    group,
    lastBatch: 0,
    lastBatchCrc: 0,
    firstBatch: 1,
    trimmedThrough: 0,
    markCount: 0,
    markSum: 0,
    ring,
  };
}

export type StateReading =
  | { readonly kind: "state"; readonly state: JournalState }
  /** Of another version: nothing else in it is known. */
  | { readonly kind: "foreign"; readonly layout: number }
  | { readonly kind: "damaged"; readonly reason: string };

export function decodeState(value: Buffer): StateReading {
  const found = unseal(value);
  if (found === undefined) return { kind: "damaged", reason: "its state has a wrong checksum" };
  if (!isFields(found) || !isCount(found["layout"])) return { kind: "damaged", reason: "its state makes no sense" };
  if (found["layout"] !== layoutVersion) return { kind: "foreign", layout: found["layout"] };
  return isState(found) ? { kind: "state", state: found } : { kind: "damaged", reason: "its state makes no sense" };
}

type Fields = Record<string, unknown>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isUint32(value: unknown): boolean {
  return isCount(value) && value <= 0xffffffff;
}

function isState(fields: Fields): fields is Fields & JournalState {
  const { group, lastBatch, firstBatch, trimmedThrough, markCount, ring } = fields;
  if (!isCount(lastBatch) || !isCount(firstBatch) || firstBatch < 1 || firstBatch > lastBatch + 1) return false;
  if (typeof group !== "string" || !isCount(trimmedThrough) || !isCount(markCount)) return false;
  if (!isUint32(fields["lastBatchCrc"]) || !isUint32(fields["markSum"])) return false;
  return isFields(ring) && isRing(ring);
}

function isRing({ id, lies, sizeBytes, head, preparedThrough }: Fields): boolean {
  if (lies !== "in-files" && lies !== "on-volume") return false;
  return typeof id === "string" && isCount(sizeBytes) && isCount(head) && isCount(preparedThrough);
}
