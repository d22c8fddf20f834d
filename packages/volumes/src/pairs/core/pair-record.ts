/**
 * What is kept of pairs over restarts: a JSON document a pair, saved whole and atomically. The marks of the regions
 * are kept apart (marks-layout.ts); `marksEpoch` says which marking belongs to the record.
 */
import { isName } from "@waystation/contracts/ids";
import { isCount, isRecord } from "@waystation/raid/core/json";
import { pairPhases, type PairPhase } from "./pair-phase.js";
import { regionFault, type Plane } from "./region-marks.js";

export interface PairRecord {
  /** Unique for ever, so that what is left of a deleted pair is never taken for one of the same volumes. */
  readonly id: string;
  readonly primary: string;
  readonly secondary: string;
  /** The node that has the secondary; null when it is this one. */
  readonly secondaryNode: string | null;
  readonly sizeBytes: number;
  readonly regionBytes: number;
  readonly phase: PairPhase;
  readonly differsPlane: Plane;
  readonly marksEpoch: number;
  /** The marks could not be kept: all regions differ, until a new marking begins. */
  readonly marksLost: boolean;
  /** Why it is suspended, or copied in full; null when all is well. */
  readonly reason: string | null;
  /** Of which the copy under way is, for its progress. */
  readonly copyBytes: number;
  /** Which split this is, for a node that has the secondary; 0 before the first. */
  readonly splitId: number;
}

const version = 1;

export function encodePair(record: PairRecord): unknown {
  return { version, ...record };
}

/** Null when the document is not what `encodePair` makes. */
export function decodePair(document: unknown): PairRecord | null {
  if (!isRecord(document)) return null;
  const { version: found, ...record } = document;
  return found === version && isPairRecord(record) ? record : null;
}

function isPairRecord(value: Record<string, unknown>): value is Record<string, unknown> & PairRecord {
  const { sizeBytes, regionBytes, secondaryNode, reason } = value;
  const names = [value.id, value.primary, value.secondary, ...(secondaryNode === null ? [] : [secondaryNode])];
  return (
    names.every((name) => typeof name === "string" && isName(name)) &&
    isCount(sizeBytes) &&
    isCount(regionBytes) &&
    regionFault(regionBytes, sizeBytes) === null &&
    pairPhases.includes(value.phase as PairPhase) &&
    (value.differsPlane === 0 || value.differsPlane === 1) &&
    isCount(value.marksEpoch) &&
    typeof value.marksLost === "boolean" &&
    (reason === null || typeof reason === "string") &&
    isCount(value.copyBytes) &&
    isCount(value.splitId)
  );
}

/** A volume of this node that is the secondary of a pair of another node, which alone may write it. */
export interface Loan {
  readonly volume: string;
  readonly pairId: string;
  readonly primaryNode: string;
  readonly primary: string;
  /** What hosts here wrote in the last split; null before the first. */
  readonly recording: LoanRecording | null;
}

export interface LoanRecording {
  /** One split, one recording: it begins anew with another. */
  readonly splitId: number;
  readonly regionBytes: number;
  readonly marksEpoch: number;
  /** Then all of it counts as written. */
  readonly marksLost: boolean;
  /** Hosts here may use the volume. */
  readonly isOpen: boolean;
}

export function encodeLoan(loan: Loan): unknown {
  return { version, ...loan };
}

/** Null when the document is not what `encodeLoan` makes. */
export function decodeLoan(document: unknown): Loan | null {
  if (!isRecord(document)) return null;
  const { version: found, ...loan } = document;
  return found === version && isLoan(loan) ? loan : null;
}

function isLoan(value: Record<string, unknown>): value is Record<string, unknown> & Loan {
  const names = [value.volume, value.pairId, value.primaryNode, value.primary];
  const areNames = names.every((name) => typeof name === "string" && isName(name));
  return areNames && (value.recording === null || isRecording(value.recording));
}

function isRecording(value: unknown): value is LoanRecording {
  if (!isRecord(value)) return false;
  const { splitId, regionBytes, marksEpoch, marksLost, isOpen } = value;
  const areCounts = [splitId, regionBytes, marksEpoch].every(isCount) && (regionBytes as number) > 0;
  return areCounts && typeof marksLost === "boolean" && typeof isOpen === "boolean";
}
