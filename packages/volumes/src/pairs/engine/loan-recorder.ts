/**
 * Records what the hosts of a lent volume write while its pair is split (SPEC A6, A8). To its own node the volume is then
 * a primary whose secondary is out of reach: each region is marked durably before it is written, and the marks are asked
 * for by the pair's node at the resync, which merges them with its own.
 */
import type { Clock } from "@waystation/contracts/clock";
import type { Log } from "@waystation/contracts/log";
import { marksBytes } from "../core/marks-layout.js";
import type { Loan, LoanRecording, PairRecord } from "../core/pair-record.js";
import { createRegionMarks, type RegionRun } from "../core/region-marks.js";
import { formatMarks, loadMarks, type MarksStore } from "./marks-store.js";
import { createMirror, type Mirror } from "./mirror.js";
import type { PairHome } from "./pair-home.js";
import { newEpoch } from "./phase-change.js";
import { goneStore, type Standing } from "./standings.js";

export interface RecorderOptions {
  readonly loan: Loan;
  readonly standing: Standing;
  readonly home: PairHome;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the marks cannot be kept, before the write that needs them is carried out. */
  readonly onLost: () => Promise<void>;
}

/** Begins a recording: nothing is written yet. Durable, but of no effect until the loan names its epoch. */
export async function beginRecording(
  options: RecorderOptions,
  { splitId, regionBytes }: Pick<LoanRecording, "splitId" | "regionBytes">,
): Promise<{ recording: LoanRecording; recorder: Mirror }> {
  const { home, loan, standing } = options;
  const regionCount = Math.ceil(standing.store.sizeBytes / regionBytes);
  const marksEpoch = newEpoch();
  const store = await home.marks.create(loan.pairId, marksBytes(regionCount));
  const kept = await formatMarks({ store, regionCount, differsPlane: 0, epoch: marksEpoch }, "same");
  const recording = { splitId, regionBytes, marksEpoch, marksLost: false, isOpen: true };
  return { recording, recorder: recorderOf(options, recording, kept) };
}

/** Goes on with a recording after a restart. Marks that cannot be read are lost: all of it counts as written. */
export async function resumeRecording(options: RecorderOptions, recording: LoanRecording): Promise<Mirror> {
  const { home, loan, standing, log } = options;
  const regionCount = Math.ceil(standing.store.sizeBytes / recording.regionBytes);
  const load = async (): Promise<MarksStore | null> => {
    if (recording.marksLost) return null;
    const store = home.marks.open(loan.pairId);
    return loadMarks({ store, regionCount, differsPlane: 0, epoch: recording.marksEpoch });
  };
  const kept = await load().catch(() => null);
  if (kept === null) {
    log.warn({ volume: loan.volume }, `the marks of lent volume ${loan.volume} are lost: all of it counts as written`);
  }
  return recorderOf(options, recording, kept);
}

/** What hosts wrote, in regions. */
export function writtenRuns(recorder: Mirror): RegionRun[] {
  const marks = recorder.marks();
  const runs: { first: number; end: number }[] = [];
  for (let region = 0; region < marks.regionCount; region++) {
    if (!marks.differs(region)) continue;
    const last = runs.at(-1);
    if (last?.end === region) last.end++;
    else runs.push({ first: region, end: region + 1 });
  }
  return runs;
}

function recorderOf(options: RecorderOptions, recording: LoanRecording, kept: MarksStore | null): Mirror {
  const { loan, standing, clock, log, onLost } = options;
  const { sizeBytes } = standing.store;
  const regionCount = Math.ceil(sizeBytes / recording.regionBytes);
  const marks = kept?.marks ?? createRegionMarks(regionCount, 0);
  if (kept === null) marks.fill("differs");
  const record: PairRecord = {
    ...{ id: loan.pairId, primary: loan.volume, secondary: loan.primary, secondaryNode: loan.primaryNode },
    ...{ sizeBytes, regionBytes: recording.regionBytes, copyBytes: 0, splitId: recording.splitId },
    ...{
      phase: "suspended",
      differsPlane: 0,
      marksEpoch: recording.marksEpoch,
      marksLost: kept === null,
      reason: null,
    },
  };
  const secondary = goneStore(loan.primary, sizeBytes, `it is on ${loan.primaryNode}`);
  return createMirror({ primary: standing.store, secondary, record, marks, kept, save: onLost, clock, log });
}
