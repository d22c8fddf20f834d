/**
 * What is right in a row of blocks (the blocks of all disks at one place of a stripe) when checksums, data and redundancy
 * do not all agree (SPEC A4). Pure.
 *
 * A block is *sound* when every claim about it, in memory and in each copy of its checksum, is what its bytes have. All
 * others are worked out of the sound ones as if their disks were absent, and what comes out is the truth, whatever block
 * and checksums said: a copy of the checksum that agrees with the block proves little, since a disk that lost a write of
 * the one may have lost the other's too.
 *
 * Where the sound ones do not suffice, blocks with some claim for them are believed if that is borne out: the others, worked
 * out of them too, have claims for them. (A disk full of garbage spoils its own blocks, and one copy of its neighbours'
 * checksums.) Else a block is believed if it and the claims for it are more than those against it. What is still unknown
 * then is an I/O error, never a guess.
 */
import type { Slot, StripeLayout } from "./level.js";
import { absentUnits, presentCopy, solveUnit, survives, type Absent } from "./erasure.js";
import { multiply, powerOfTwo } from "../parity/galois-field.js";

export interface RowBlock {
  readonly bytes: Uint8Array;
  /** Of the bytes. */
  readonly entry: number;
  /** What checksums say that it is; none in an array without them, where every block counts as sound. */
  readonly claims: readonly number[];
}

/** By slot; null where the disk is absent. */
export type Row = readonly (RowBlock | null)[];

/** `data`, `parity`: the block is not what it must be. `checksum`: the block is right, some copy of its checksum is not. */
export type FaultKind = "data" | "parity" | "checksum";

export interface Fault {
  readonly slot: Slot;
  readonly kind: FaultKind;
  /** What the block must hold. */
  readonly bytes: Uint8Array;
}

export interface RowVerdict {
  readonly faults: readonly Fault[];
  /** Data units of which nothing certain is left. */
  readonly unknown: readonly number[];
  /** The bytes of every data unit; null for the unknown ones. */
  readonly data: readonly (Uint8Array | null)[];
}

/** What checksums say of bytes. */
type EntryOf = (bytes: Uint8Array) => number;

export function judgeRow(layout: StripeLayout, row: Row, entryOf: EntryOf): RowVerdict {
  if (layout.parity.length > 0) return judgeTied(layout, row, entryOf);
  // Without parity the units have nothing to do with each other: none bears out another.
  const verdicts = layout.data.map((copies) => {
    const own = row.map((block, slot) => (copies.includes(slot as Slot) ? block : null));
    return judgeTied({ data: [copies], parity: [] }, own, entryOf);
  });
  const data = verdicts.map((verdict) => verdict.data[0] ?? null);
  const unknown = [...data.keys()].filter((unit) => data[unit] === null);
  return { data, unknown, faults: verdicts.flatMap(({ faults }) => faults) };
}

/** Blocks that follow from each other. */
function judgeTied(layout: StripeLayout, row: Row, entryOf: EntryOf): RowVerdict {
  const sound = slotsWith(row, ({ entry, claims }) => claims.every((claim) => claim === entry));
  if (survives(layout, (slot) => !sound.has(slot))) return judgeBy(layout, row, sound);
  const claimed = slotsWith(row, ({ entry, claims }) => claims.length === 0 || claims.includes(entry));
  const verdict = judgeBy(layout, row, claimed);
  if (isBorneOut(row, claimed, verdict, entryOf)) return verdict;
  const preferred = slotsWith(row, ({ entry, claims }) => {
    const agreeing = claims.filter((claim) => claim === entry).length;
    return agreeing === claims.length || 1 + agreeing > claims.length - agreeing;
  });
  return judgeBy(layout, row, preferred);
}

/** The verdict if the blocks of these disks are right. */
function judgeBy(layout: StripeLayout, row: Row, trusted: ReadonlySet<Slot>): RowVerdict {
  const isOut: Absent = (slot) => !trusted.has(slot);
  const data = [...layout.data.keys()].map((unit) => unitOf(layout, row, { isOut, unit }));
  const faults: Fault[] = [];
  for (const [unit, copies] of layout.data.entries()) {
    const bytes = data[unit] ?? null;
    if (bytes !== null) for (const slot of copies) addFault(faults, row, { slot, kind: "data", bytes });
  }
  const known = data.flatMap((bytes) => bytes ?? []);
  if (known.length === data.length) {
    for (const [index, slot] of layout.parity.entries()) {
      if (row[slot]) addFault(faults, row, { slot, kind: "parity", bytes: parityOf(known, index) });
    }
  }
  const unknown = [...data.keys()].filter((unit) => data[unit] === null);
  return { faults, unknown, data };
}

/** All agrees: what was trusted with itself, and what was worked out with what somebody claims of it. */
function isBorneOut(row: Row, trusted: ReadonlySet<Slot>, { faults, unknown }: RowVerdict, entryOf: EntryOf): boolean {
  const corrupt = faults.filter(({ kind }) => kind !== "checksum");
  const isClaimed = ({ slot, bytes }: Fault): boolean =>
    !trusted.has(slot) && row[slot]?.claims.includes(entryOf(bytes)) === true;
  return unknown.length === 0 && corrupt.length > 0 && corrupt.every(isClaimed);
}

/** What P (index 0) or Q (index 1) of these data units is. */
export function parityOf(data: readonly Uint8Array[], index: number): Uint8Array {
  const sum = new Uint8Array(data[0]?.length ?? 0);
  for (const [unit, bytes] of data.entries()) addScaled(sum, bytes, index === 0 ? 1 : powerOfTwo(unit));
  return sum;
}

function slotsWith(row: Row, isWanted: (block: RowBlock) => boolean): Set<Slot> {
  const wanted = new Set<Slot>();
  for (const [index, block] of row.entries()) if (block !== null && isWanted(block)) wanted.add(index as Slot);
  return wanted;
}

function unitOf(layout: StripeLayout, row: Row, { isOut, unit }: { isOut: Absent; unit: number }): Uint8Array | null {
  const slot = presentCopy(layout, isOut, unit);
  if (slot !== undefined) return row[slot]?.bytes ?? null;
  const terms =
    layout.parity.length === 0 || absentUnits(layout, isOut).length === 0 ? null : solveUnit(layout, isOut, unit);
  if (terms === null) return null;
  const sum = new Uint8Array(row.find((block) => block !== null)?.bytes.length ?? 0);
  for (const { slot: source, coefficient } of terms) {
    const block = row[source];
    if (block) addScaled(sum, block.bytes, coefficient);
  }
  return sum;
}

function addFault(faults: Fault[], row: Row, truth: Fault): void {
  const block = row[truth.slot] ?? null;
  if (block === null) return;
  const isSame = Buffer.compare(block.bytes, truth.bytes) === 0;
  if (!isSame) faults.push(truth);
  else if (block.claims.some((claim) => claim !== block.entry)) faults.push({ ...truth, kind: "checksum" });
}

function addScaled(sum: Uint8Array, bytes: Uint8Array, factor: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) ^ multiply(bytes[i] as number, factor);
}
