/**
 * Drives a journal with random commits, cuts, trims, reads, reopenings and crashes, next to a model so simple that it is
 * plainly right: the list of all commits called. After a crash the journal must be that list up to some commit, at
 * least up to the last that had resolved, whole.
 */
import assert from "node:assert/strict";
import { toSequence, type VolumeName } from "@waystation/contracts/ids";
import {
  recordBytes,
  type Journal,
  type JournalCommit,
  type JournalRecord,
  type MarkValue,
} from "@waystation/contracts/journal";
import { createRandom, type Random } from "@waystation/contracts/random";
import { assertSameRecords, makeRecord, readAll, type JournalHarness } from "./conformance-harness.js";

interface ModelState {
  records: JournalRecord[];
  marks: Map<string, MarkValue>;
  trimmedThrough: number;
  highest: number;
}

/** What happened, in call order. */
type Step = { readonly commit: JournalCommit } | { readonly trim: number };

function replay(steps: readonly Step[]): ModelState {
  const state: ModelState = { records: [], marks: new Map(), trimmedThrough: 0, highest: 0 };
  for (const step of steps) {
    if ("trim" in step) {
      state.trimmedThrough = Math.max(state.trimmedThrough, Math.min(step.trim, state.highest));
    } else {
      const cut = step.commit.cutAfter ?? Infinity;
      state.records = state.records.filter((record) => record.sequence <= cut);
      state.trimmedThrough = Math.min(state.trimmedThrough, cut);
      state.highest = Math.min(state.highest, cut);
      state.records.push(...(step.commit.records ?? []));
      state.highest = step.commit.records?.at(-1)?.sequence ?? state.highest;
      for (const [name, value] of step.commit.marks ?? []) {
        if (value === undefined) state.marks.delete(name);
        else state.marks.set(name, value);
      }
    }
  }
  return state;
}

function held(state: ModelState): JournalRecord[] {
  return state.records.filter((record) => record.sequence > state.trimmedThrough);
}

/** How a run leans. Cuts and trims close to the end meet with what is not durable yet when hardly anything waits. */
interface Leaning {
  readonly waits: number;
  readonly cuts: number;
  readonly trimsAtEnd: number;
  readonly reads: number;
  readonly crashes: number;
}

const leanings: readonly Leaning[] = [
  { waits: 0.3, cuts: 0.1, trimsAtEnd: 0.1, reads: 15, crashes: 5 },
  { waits: 0.05, cuts: 0.4, trimsAtEnd: 0.7, reads: 2, crashes: 10 },
];

export async function runAgainstModel(harness: JournalHarness, seed: number): Promise<void> {
  const random = createRandom(seed);
  const leaning = random.pick(leanings);
  let journal = await harness.open();
  let steps: Step[] = [];
  let resolvedSteps = 0;

  for (let turn = 0; turn < 150; turn++) {
    const action = random.below(100);
    if (action < leaning.reads) {
      await compareRead(journal, random, replay(steps));
    } else if (action < leaning.reads + leaning.crashes) {
      const closes = random.chance(0.3);
      if (closes) await journal.close();
      else await harness.crash(random);
      journal = await harness.open();
      steps = await adopt(journal, steps, closes ? steps.length : resolvedSteps);
      resolvedSteps = steps.length;
    } else if (action < 80) {
      const commit = drawCommit(random, replay(steps), { id: turn, cuts: leaning.cuts });
      steps.push({ commit });
      const upTo = steps.length;
      const done = journal.commit(commit).then(() => void (resolvedSteps = Math.max(resolvedSteps, upTo)));
      if (random.chance(leaning.waits)) await done;
    } else {
      const { records, highest } = replay(steps);
      const atEnd = random.chance(leaning.trimsAtEnd);
      const trim = atEnd ? highest + 2 - random.below(6) : (records[random.below(records.length + 1)]?.sequence ?? 0);
      journal.trimThrough(toSequence(Math.max(0, trim)));
      steps.push({ trim });
    }
    compareEnds(journal, replay(steps));
  }
  await journal.close();
}

/** Each commit sets the mark `id`, so that a crash shows how far the journal got. */
function drawCommit(random: Random, state: ModelState, options: { id: number; cuts: number }): JournalCommit {
  const cutAfter = random.chance(options.cuts) ? Math.max(0, state.highest - random.below(8)) : undefined;
  let sequence = cutAfter ?? state.highest;
  const records = Array.from({ length: random.below(6) }, () => {
    sequence += 1 + (random.chance(0.2) ? random.below(4) : 0);
    const volume = random.pick(["vol-a", "vol-b"]) as VolumeName;
    if (random.chance(0.1)) {
      return makeRecord(sequence, { kind: "discard", lengthBytes: 4096, payload: Buffer.alloc(0), volume });
    }
    return makeRecord(sequence, { volume, payload: Buffer.alloc(random.below(3000), random.below(256)) });
  });
  const marks = new Map<string, MarkValue | undefined>([["id", options.id]]);
  if (random.chance(0.5)) marks.set(`m${random.below(4)}`, random.chance(0.3) ? undefined : [random.below(100)]);
  return { records, marks, ...(cutAfter === undefined ? {} : { cutAfter: toSequence(cutAfter) }) };
}

async function compareRead(journal: Journal, random: Random, state: ModelState): Promise<void> {
  const from = random.below(state.highest + 3);
  const through = from + random.below(40);
  const maxBytes = random.pick([1, 2000, 5000, 2 ** 20]);
  const volumes = random.chance(0.3) ? new Set([random.pick(["vol-a", "vol-b"]) as VolumeName]) : undefined;
  const wanted = held(state).filter(
    ({ sequence, volume }) => sequence >= from && sequence <= through && (volumes?.has(volume) ?? true),
  );
  const expected: JournalRecord[] = [];
  let [bytes, completeThrough] = [0, through];
  for (const record of wanted) {
    expected.push(record);
    bytes += record.payload.length;
    if (bytes < maxBytes) continue;
    completeThrough = record.sequence;
    break;
  }
  const limits = { from: toSequence(from), through: toSequence(through), maxBytes };
  const result = await journal.read(volumes === undefined ? limits : { ...limits, volumes });
  assertSameRecords(result.records, expected);
  assert.equal(result.completeThrough, completeThrough);
}

function compareEnds(journal: Journal, state: ModelState): void {
  const records = held(state);
  const usedBytes = records.reduce((sum, record) => sum + recordBytes(record), 0);
  assert.deepEqual(
    [journal.first(), journal.last(), journal.usage().usedBytes, journal.marks().size],
    [records[0]?.sequence ?? 0, records.at(-1)?.sequence ?? 0, usedBytes, state.marks.size],
  );
}

/**
 * After reopening: finds which commits survived, checks that it is a prefix that holds all that resolved, and gives back
 * the steps that led there. Trimmed records may be back: the trims are put together to what the journal shows.
 */
async function adopt(journal: Journal, steps: readonly Step[], resolvedSteps: number): Promise<Step[]> {
  const newest = journal.marks().get("id");
  const survived = 1 + steps.findLastIndex((step) => "commit" in step && step.commit.marks?.get("id") === newest);
  assert(!steps.slice(survived, resolvedSteps).some((step) => "commit" in step), "an acknowledged commit is lost");
  const records = await readAll(journal, { from: toSequence(0) });
  const commits = steps.slice(0, survived).filter((step) => "commit" in step);
  const all = replay(commits);
  // A trim after the last surviving commit may have become durable, too.
  const trimmedMost = replay([...commits, ...trimsOf(steps)]).trimmedThrough;
  const back = all.records.length - records.length;
  assertSameRecords(records, all.records.slice(back));
  const forgotten = all.records[back - 1]?.sequence ?? 0;
  assert(
    forgotten <= Math.max(trimmedMost, replay(steps.slice(0, survived)).trimmedThrough),
    "more was trimmed than asked",
  );
  assert.deepEqual([...journal.marks()].sort(), [...all.marks].sort());
  return [...commits, { trim: forgotten }];
}

function trimsOf(steps: readonly Step[]): Step[] {
  return steps.filter((step) => "trim" in step);
}
