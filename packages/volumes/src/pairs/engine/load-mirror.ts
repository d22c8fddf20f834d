/**
 * A pair from what is kept of it. Marks that cannot be trusted are never guessed at: all regions are then taken for
 * different, and the log says so.
 */
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import type { Clock } from "@waystation/contracts/clock";
import { reasonOf } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import type { PairRecord } from "../core/pair-record.js";
import { marksBytes } from "../core/marks-layout.js";
import { phaseAfter } from "../core/pair-phase.js";
import { createRegionMarks } from "../core/region-marks.js";
import { formatMarks, loadMarks, type MarksStore } from "./marks-store.js";
import { createMirror, type Mirror } from "./mirror.js";
import type { PairHome } from "./pair-home.js";
import { newEpoch } from "./phase-change.js";

export interface LoadOptions {
  readonly record: PairRecord;
  readonly primary: DurableBlockStore;
  readonly secondary: DurableBlockStore;
  readonly home: PairHome;
  readonly save: (record: PairRecord) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

export async function loadMirror(options: LoadOptions): Promise<Mirror> {
  const { record, save } = options;
  const loaded = record.marksLost ? null : await tryLoad(options);
  if (loaded !== null) {
    const phase = phaseAfter(record.phase, "reopened");
    return createMirror({ ...options, record: { ...record, phase }, marks: loaded.marks, kept: loaded });
  }
  const renewed = await renew(options);
  // Dying before this: the record names the old marking, which is lost again.
  await save(renewed.record);
  return createMirror({ ...options, ...renewed });
}

async function tryLoad({ record, home, log }: LoadOptions): Promise<MarksStore | null> {
  const { regionBytes, sizeBytes, differsPlane, marksEpoch: epoch } = record;
  const regionCount = Math.ceil(sizeBytes / regionBytes);
  let reason = "they are not whole";
  try {
    const loaded = await loadMarks({ store: home.marks.open(record.id), regionCount, differsPlane, epoch });
    if (loaded !== null) return loaded;
  } catch (error) {
    reason = reasonOf(error);
  }
  log.warn({ pair: nameOf(record), reason }, `the marks of pair ${nameOf(record)} are lost: all of it will be copied`);
  return null;
}

async function renew({ record, home, log }: LoadOptions): Promise<Renewed> {
  const { regionBytes, sizeBytes, differsPlane } = record;
  const regionCount = Math.ceil(sizeBytes / regionBytes);
  const phase = phaseAfter(record.phase, "marks-lost");
  const said = record.marksLost ? record.reason : null;
  const reason = said ?? "the marks of its regions were lost: all of it counts as different";
  const marksEpoch = newEpoch();
  // During a restore S has all that P had, and all that was written since.
  const from = phase === "restore" ? "owed" : "differs";
  try {
    const store = await home.marks.create(record.id, marksBytes(regionCount));
    const kept = await formatMarks({ store, regionCount, differsPlane, epoch: marksEpoch }, from);
    const next = { ...record, phase, reason, marksEpoch, marksLost: false, copyBytes: sizeBytes };
    return { record: next, marks: kept.marks, kept };
  } catch (error) {
    log.warn({ pair: nameOf(record), reason: reasonOf(error) }, `the marks of pair ${nameOf(record)} cannot be kept`);
    const marks = createRegionMarks(regionCount, differsPlane);
    marks.fill(from);
    return { record: { ...record, phase: phaseAfter(phase, "failed"), reason, marksLost: true }, marks, kept: null };
  }
}

interface Renewed {
  readonly record: PairRecord;
  readonly marks: MarksStore["marks"];
  readonly kept: MarksStore | null;
}

function nameOf({ primary, secondary }: PairRecord): string {
  return `${primary}/${secondary}`;
}
