/** What is told of a pair. */
import { describePhase, type CopyDirection, type PairPhase, type PairState } from "../core/pair-phase.js";
import type { CopyFigures } from "./copier.js";
import type { Mirror } from "./mirror.js";

export interface PairStatus {
  readonly primary: string;
  readonly secondary: string;
  /** Null when this node has it. */
  readonly secondaryNode: string | null;
  readonly state: PairState;
  readonly phase: PairPhase;
  /** "PAIR (copy going on behind)" */
  readonly description: string;
  readonly sizeBytes: number;
  readonly regionBytes: number;
  /** Of which the sides may differ: not copied yet, or written on either side since the split. */
  readonly differingRegions: number;
  /** Of which the secondary's hosts wrote. */
  readonly writtenOnSecondaryRegions: number;
  /** Null when no copy is under way. */
  readonly copy: CopyProgress | null;
  /** Bytes written by copies since the daemon started. */
  readonly copiedBytes: number;
  /** Why it is suspended, or copied in full; null when all is well. */
  readonly reason: string | null;
}

export interface CopyProgress {
  readonly direction: CopyDirection;
  readonly totalBytes: number;
  readonly doneBytes: number;
  /** Of the last seconds. */
  readonly bytesPerSecond: number;
  /** Null while nothing is known. */
  readonly remainingMs: number | null;
}

export function statusOf(mirror: Mirror, figures: CopyFigures): PairStatus {
  const { primary, secondary, secondaryNode, regionBytes, sizeBytes, phase, reason, copyBytes } = mirror.record();
  const { state, copies } = mirror.rules();
  const { differs, owed, writtenOnSecondary } = mirror.marks().counts();
  const differingRegions = differs + owed - mirror.intentCount();
  // A quick split copies what is owed; what was written since stays apart.
  const left = Math.min(sizeBytes, (phase === "quick-split" ? owed : differingRegions) * regionBytes);
  return {
    ...{ primary, secondary, secondaryNode, state, phase, description: describePhase(phase), sizeBytes, regionBytes },
    ...{ differingRegions, writtenOnSecondaryRegions: writtenOnSecondary },
    copy: copies === null ? null : progressOf(copies, { left, total: Math.max(copyBytes, left) }, figures),
    copiedBytes: figures.copiedBytes,
    reason,
  };
}

function progressOf(
  direction: CopyDirection,
  { left, total }: { readonly left: number; readonly total: number },
  { bytesPerSecond }: CopyFigures,
): CopyProgress {
  const remainingMs = bytesPerSecond > 0 ? (left / bytesPerSecond) * 1000 : null;
  return { direction, totalBytes: total, doneBytes: total - left, bytesPerSecond, remainingMs };
}
