/**
 * Stages a cell that goes past the log: a whole new cell, with an intent, or any write of a level without redundancy.
 * Data goes to the disks from where it is; only parity is formed in the arena.
 */
import { checksumOf } from "../core/checksum.js";
import { diskOffsetOfCell } from "../core/geometry.js";
import type { Slot } from "../core/level.js";
import { addIo, bytesOf, copySegment, type PlannedCell, type StagingTarget } from "./draft.js";

export function stageInPlace(target: StagingTarget, { update, path, layout }: PlannedCell): void {
  const { members, arena, draft, zeros, written: formed } = target;
  const { windowBytes, diskCount } = members.geometry;
  const cellOffset = diskOffsetOfCell(members.geometry, update.cell);
  // What the blocks' own checksums are formed of is gone through once.
  const checksumOfParts = (parts: readonly Uint8Array[]): number => formed?.joined(parts) ?? checksumOf(parts);
  const hasChecksums = layout.parity.length > 0 || members.geometry.checksums;
  const checksums = new Array<number>(hasChecksums ? diskCount : 0).fill(0);
  for (const [unit, segments] of update.units.entries()) {
    const written = segments.filter(({ isKnown }) => isKnown !== true);
    const parts = written.map((segment) => ({ segment, from: bytesOf(segment, zeros) }));
    for (const slot of layout.data[unit] as readonly Slot[]) {
      for (const { segment, from } of parts) {
        const offsetBytes = cellOffset + segment.startBytes;
        addIo(target, { slot, purpose: "dataWrite", operation: { kind: "write", offsetBytes, from, durable: true } });
      }
      if (checksums.length > 0) checksums[slot] = checksumOfParts(parts.map(({ from }) => from));
    }
  }
  if (path === "direct") return;
  const places = layout.parity.map((_, index) => draft.parityEnd + index * windowBytes);
  draft.parityEnd += places.length * windowBytes;
  if (places.length > 0) formParityOfNew(target, update.units, places);
  for (const [index, slot] of layout.parity.entries()) {
    const at = places[index] as number;
    const from = arena.bytes.subarray(at, at + windowBytes);
    checksums[slot] = checksumOfParts([from]);
    const operation = { kind: "write", offsetBytes: cellOffset, from, durable: true } as const;
    addIo(target, { slot, purpose: "parityWrite", operation });
  }
  draft.entries.push({ kind: "intent", diskOffsetBytes: cellOffset, lengthBytes: windowBytes, checksums });
}

/** The kernel works in the arena alone: the data is copied there, into scratch past what is taken, and used at once. */
function formParityOfNew(
  { members, arena, draft }: StagingTarget,
  units: PlannedCell["update"]["units"],
  places: readonly number[],
): void {
  const { windowBytes } = members.geometry;
  const copies = units.map((segments, unit) => {
    if (segments.every(({ source }) => source === null)) return null;
    const at = draft.scratchEnd + unit * windowBytes;
    for (const segment of segments) copySegment(arena.bytes, at + segment.startBytes, segment);
    return at;
  });
  const [p, q] = places;
  arena.formParity({ p: p ?? null, q: q ?? null, units: copies, lengthBytes: windowBytes });
}
