/**
 * Stages a cell that goes through the log: new data and parity as payloads of the record, and the same bytes as writes
 * in place.
 */
import assert from "node:assert";
import type { CellUpdate } from "../core/cell-update.js";
import { presentCopy } from "../core/erasure.js";
import { diskOffsetOfCell } from "../core/geometry.js";
import type { Slot } from "../core/level.js";
import type { BandPlan } from "../core/plan.js";
import { powerOfTwo } from "../parity/galois-field.js";
import { weightedSum } from "../parity/weighted-sum.js";
import { addIo, copySegment, takeRecord, takeScratch, type PlannedCell, type StagingTarget } from "./draft.js";

/** Where in the arena the given (written or known) bytes of a unit lie, from a column on. */
type GivenAt = (unit: number, column: number) => number;

export function stageLogged(target: StagingTarget, cell: PlannedCell): void {
  const givenAt = placeGiven(target, cell);
  const parity = cell.layout.parity.map((slot) => (cell.absent(slot) ? null : placeParity(target, cell, slot)));
  if (parity.every((placed) => placed === null)) return;
  for (const [index, band] of cell.bands.entries()) {
    const [p, q] = parity.map((placed) => placed?.[index] ?? null);
    stageBand({ target, cell, band, givenAt }, { p: p ?? null, q: q ?? null });
  }
}

/** Puts the new bytes into the record, where a disk takes them; else into scratch, for parity alone. */
function placeGiven(target: StagingTarget, { update, layout, absent }: PlannedCell): GivenAt {
  const { arena, draft } = target;
  // For each unit, where each of its segments was put. Segments side by side lie side by side.
  const placed = update.units.map((segments, unit) => {
    const present = (layout.data[unit] as readonly Slot[]).filter((slot) => !absent(slot));
    return segments.map((segment) => {
      const lengthBytes = segment.endBytes - segment.startBytes;
      // Data of an absent disk lives in the others from now on; what is known is on its disk already.
      const isWritten = present.length > 0 && segment.isKnown !== true;
      const at = isWritten ? takeRecord(draft, lengthBytes) : takeScratch(draft, lengthBytes);
      copySegment(arena.bytes, at, segment);
      const { startBytes } = segment;
      if (isWritten) addRedo(target, update, { slots: present, purpose: "dataWrite", at, startBytes, lengthBytes });
      return { segment, at };
    });
  });
  return (unit, column) => {
    const found = placed[unit]?.find(({ segment }) => segment.startBytes <= column && column < segment.endBytes);
    assert(found !== undefined, "a band that no segment covers");
    return found.at + column - found.segment.startBytes;
  };
}

/** Takes room in the record for the parity of each band on one disk. Returns where each lies. */
function placeParity(target: StagingTarget, { update, bands }: PlannedCell, slot: Slot): number[] {
  const places: number[] = [];
  // Parity of bands side by side lies side by side: one entry, one write.
  let run: { at: number; startBytes: number; lengthBytes: number } | null = null;
  const endRun = (): void => {
    if (run !== null) addRedo(target, update, { slots: [slot], purpose: "parityWrite", ...run });
  };
  for (const { startBytes, endBytes } of bands) {
    const lengthBytes = endBytes - startBytes;
    const at = takeRecord(target.draft, lengthBytes);
    places.push(at);
    if (run !== null && run.startBytes + run.lengthBytes === startBytes) run.lengthBytes += lengthBytes;
    else {
      endRun();
      run = { at, startBytes, lengthBytes };
    }
  }
  endRun();
  return places;
}

interface RedoPlace {
  readonly slots: readonly Slot[];
  readonly purpose: "dataWrite" | "parityWrite";
  readonly at: number;
  readonly startBytes: number;
  readonly lengthBytes: number;
}

function addRedo(target: StagingTarget, update: CellUpdate, place: RedoPlace): void {
  const { members, arena, draft } = target;
  const { slots, purpose, at, startBytes, lengthBytes } = place;
  const diskOffsetBytes = diskOffsetOfCell(members.geometry, update.cell) + startBytes;
  const slotMask = slots.reduce((mask, slot) => (mask | (1 << slot)) >>> 0, 0);
  draft.entries.push({ kind: "redo", slotMask, diskOffsetBytes, lengthBytes, payloadOffsetBytes: at });
  const from = arena.bytes.subarray(at, at + lengthBytes);
  const operation = { kind: "write", offsetBytes: diskOffsetBytes, from, durable: false } as const;
  for (const slot of slots) addIo(target, { slot, purpose, operation });
}

interface BandStaging {
  readonly target: StagingTarget;
  readonly cell: PlannedCell;
  readonly band: BandPlan;
  readonly givenAt: GivenAt;
}

/** Where P and Q of the band are formed; null for one that the level has not, or whose disk is absent. */
interface ParityPlaces {
  readonly p: number | null;
  readonly q: number | null;
}

/** Queues what the band reads, and the forming of its parity. */
function stageBand(staging: BandStaging, places: ParityPlaces): void {
  const { target, cell, band, givenAt } = staging;
  const { arena, draft } = target;
  const lengthBytes = band.endBytes - band.startBytes;
  const given = (unit: number): number => givenAt(unit, band.startBytes);
  const oldData = readOldData(staging);
  if (band.method === "read-modify-write") {
    const [pSlot, qSlot] = cell.layout.parity;
    if (places.p !== null) readOld(staging, { slot: pSlot as Slot, purpose: "oldParityRead", at: places.p });
    if (places.q !== null) readOld(staging, { slot: qSlot as Slot, purpose: "oldParityRead", at: places.q });
    const changes = band.written.map((unit) => ({ unit, old: oldData.get(unit) as number, given: given(unit) }));
    draft.jobs.push(() => modifyParity(target, places, { changes, lengthBytes }));
    return;
  }
  solveAbsent(staging, oldData);
  const isGiven = (unit: number): boolean => band.written.includes(unit) || band.known.includes(unit);
  const units = cell.update.units.map((_, unit) => (isGiven(unit) ? given(unit) : (oldData.get(unit) as number)));
  draft.jobs.push(() => arena.formParity({ ...places, units, lengthBytes }));
}

/** By data unit, where in scratch its old content will be. */
function readOldData(staging: BandStaging): Map<number, number> {
  const { target, cell, band } = staging;
  const places = new Map<number, number>();
  for (const unit of band.readUnits) {
    const at = takeScratch(target.draft, band.endBytes - band.startBytes);
    readOld(staging, { slot: presentCopy(cell.layout, cell.absent, unit) as Slot, purpose: "oldDataRead", at });
    places.set(unit, at);
  }
  return places;
}

/** Queues the working out of what absent disks held; adds where it will be. */
function solveAbsent(staging: BandStaging, oldData: Map<number, number>): void {
  const { target, cell, band } = staging;
  const { arena, draft } = target;
  const lengthBytes = band.endBytes - band.startBytes;
  const bySlot = new Map<Slot, number>();
  for (const [unit, at] of oldData) bySlot.set(presentCopy(cell.layout, cell.absent, unit) as Slot, at);
  for (const slot of band.readParity) {
    const at = takeScratch(draft, lengthBytes);
    readOld(staging, { slot, purpose: "oldParityRead", at });
    bySlot.set(slot, at);
  }
  for (const { unit, terms } of band.solved) {
    const at = takeScratch(draft, lengthBytes);
    const sources = terms.map(({ slot, coefficient }) => ({ at: bySlot.get(slot) as number, coefficient }));
    draft.jobs.push(() => weightedSum(arena, at, sources, lengthBytes));
    oldData.set(unit, at);
  }
}

interface ParityChange {
  readonly changes: readonly { readonly unit: number; readonly old: number; readonly given: number }[];
  readonly lengthBytes: number;
}

/** Adds to the old parity what the written units change: P += old + new, Q += 2^u (old + new). */
function modifyParity(target: StagingTarget, { p, q }: ParityPlaces, { changes, lengthBytes }: ParityChange): void {
  const { arena } = target;
  if (q === null) {
    if (p !== null) arena.xorOf(p, [p, ...changes.flatMap(({ old, given }) => [old, given])], lengthBytes);
    return;
  }
  for (const { unit, old, given } of changes) {
    arena.xor(old, given, lengthBytes);
    if (p !== null) arena.xor(p, old, lengthBytes);
    arena.mulXor(q, old, powerOfTwo(unit), lengthBytes);
  }
}

interface OldRead {
  readonly slot: Slot;
  readonly purpose: "oldDataRead" | "oldParityRead";
  readonly at: number;
}

function readOld({ target, cell, band }: BandStaging, { slot, purpose, at }: OldRead): void {
  const offsetBytes = diskOffsetOfCell(target.members.geometry, cell.update.cell) + band.startBytes;
  const into = target.arena.bytes.subarray(at, at + band.endBytes - band.startBytes);
  addIo(target, { slot, purpose, operation: { kind: "read", offsetBytes, into } });
}
