/**
 * What each command does to a pair before its new phase is saved. The pair is quiet meanwhile: no host request and no
 * copy is under way on either side.
 *
 * On disk, if the process dies: before the record is saved the pair is in its old phase, with the marks merged at most,
 * which only says that more may differ; after it, in the new one. So each command is done or not done.
 */
import { randomInt } from "node:crypto";
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import { Failure, reasonOf } from "@waystation/contracts/errors";
import { partsWhere } from "../core/copy-plan.js";
import type { PairRecord } from "../core/pair-record.js";
import { phaseAfter, type PairPhase } from "../core/pair-phase.js";
import { regionsOf } from "../core/region-marks.js";
import { formatMarks, type MarksStore } from "./marks-store.js";
import type { Mirror } from "./mirror.js";

export interface PhaseChange {
  readonly primary: DurableBlockStore;
  readonly mirror: Mirror;
  /** The other pairs of the same primary. */
  readonly siblings: readonly Mirror[];
  readonly to: PairPhase;
  /** Opens the store of the pair's marks, made anew if it was lost. */
  readonly openMarks: () => Promise<DurableBlockStore>;
}

export interface NextPhase {
  readonly record: PairRecord;
  /** The new marking, if the old one was lost. */
  readonly kept?: MarksStore;
}

export async function preparePhase(change: PhaseChange): Promise<NextPhase> {
  const { mirror, to } = change;
  const from = mirror.phase();
  if (to === "restore") return prepareRestore(change);
  if (to === "resync" || to === "quick-resync") {
    // The copy that is under way goes on, only what is said of it changes.
    return from === "resync" ? { record: { ...mirror.record(), phase: to } } : prepareResync(change);
  }
  await makeEven(mirror);
  const splitId = newEpoch();
  if (to !== "quick-split") return { record: { ...mirror.record(), phase: to, reason: null, splitId } };
  const record = { ...mirror.record(), phase: to, reason: null, copyBytes: markedBytes(mirror), splitId };
  return { record: { ...record, differsPlane: otherPlane(record) } };
}

/** Everything recorded on either side is to be copied to S. */
async function prepareResync(change: PhaseChange): Promise<NextPhase> {
  const { mirror, to } = change;
  await flushBoth(change);
  if (mirror.record().marksLost) {
    const { kept, marksEpoch } = await renewMarks(change, "differs");
    const phase = phaseAfter(to, "marks-lost");
    const reason = "the marks of its regions were lost: all of it is copied";
    return {
      kept,
      record: { ...mirror.record(), phase, reason, marksEpoch, marksLost: false, copyBytes: all(mirror) },
    };
  }
  await mergeMarks(mirror);
  return { record: { ...mirror.record(), phase: to, reason: null, copyBytes: markedBytes(mirror) } };
}

/** Everything recorded on either side is owed to P. */
async function prepareRestore(change: PhaseChange): Promise<NextPhase> {
  const { mirror, siblings, to } = change;
  await flushBoth(change);
  const isResumed = mirror.phase() === "restore-suspended";
  // The restore changes P as a host would, and the other pairs must know.
  for (const sibling of siblings) await recordOn(sibling, mirror);
  if (mirror.record().marksLost) {
    const { kept, marksEpoch } = await renewMarks(change, isResumed ? "known" : "owed");
    const copyBytes = all(mirror);
    return { kept, record: { ...mirror.record(), phase: to, reason: null, marksEpoch, marksLost: false, copyBytes } };
  }
  if (isResumed) return { record: { ...mirror.record(), phase: to, reason: null } };
  await mergeMarks(mirror);
  const record = { ...mirror.record(), phase: to, reason: null, copyBytes: markedBytes(mirror) };
  return { record: { ...record, differsPlane: otherPlane(record) } };
}

async function recordOn(sibling: Mirror, restored: Mirror): Promise<void> {
  const { sizeBytes, regionBytes, marksLost } = restored.record();
  const marks = restored.marks();
  const isTouched = (region: number): boolean => marksLost || marks.markOf(region) !== 0;
  const whole = { offsetBytes: 0, lengthBytes: sizeBytes };
  const parts = partsWhere({ sizeBytes, regionBytes, grid: null }, whole, isTouched);
  await sibling.recordWrite(
    parts.map((part) => regionsOf(part, sibling.record().regionBytes)),
    "primary",
  );
}

async function flushBoth({ primary, mirror }: Pick<PhaseChange, "primary" | "mirror">): Promise<void> {
  await primary.flush();
  await flushSecondary(mirror);
}

/** Rejects with what is to be done when the secondary cannot be reached. */
export async function flushSecondary(mirror: Mirror): Promise<void> {
  try {
    await mirror.secondary.flush();
  } catch (error) {
    const text = `The secondary volume ${mirror.secondaryName} of pair ${mirror.name} fails: ${reasonOf(error)}`;
    throw new Failure("IO_ERROR", `${text}. Bring it back, then give the command again.`, { cause: error });
  }
}

/** Flushes both sides; whatever is not marked for copying then is the same on both, and marked no more. */
export async function makeEven(mirror: Mirror): Promise<void> {
  const isSettled = await mirror.settle();
  if (isSettled && mirror.intentCount() === 0) return;
  throw new Failure(
    "IO_ERROR",
    `Pair ${mirror.name} could not be made even: ${mirror.record().reason ?? "see the log"}.`,
  );
}

async function mergeMarks(mirror: Mirror): Promise<void> {
  for (const region of mirror.marks().merge()) mirror.kept()?.changed({ first: region, end: region + 1 });
  await mirror.kept()?.storeAll();
}

async function renewMarks(
  { mirror, openMarks }: PhaseChange,
  from: "differs" | "owed" | "known",
): Promise<{ kept: MarksStore; marksEpoch: number }> {
  const marks = mirror.marks();
  const marksEpoch = newEpoch();
  const options = { store: await openMarks(), regionCount: marks.regionCount, epoch: marksEpoch };
  const { differsPlane } = marks;
  return { kept: await formatMarks({ ...options, differsPlane }, from === "known" ? marks : from), marksEpoch };
}

export function newEpoch(): number {
  return randomInt(2 ** 32);
}

function otherPlane({ differsPlane }: PairRecord): PairRecord["differsPlane"] {
  return differsPlane === 0 ? 1 : 0;
}

function markedBytes(mirror: Mirror): number {
  const { sizeBytes, regionBytes } = mirror.record();
  const { differs, owed } = mirror.marks().counts();
  return Math.min(sizeBytes, (differs + owed) * regionBytes);
}

function all(mirror: Mirror): number {
  return mirror.record().sizeBytes;
}
