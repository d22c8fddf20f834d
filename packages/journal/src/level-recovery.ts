/**
 * Opens what a journal's database holds: reads the state, follows the chain of batches from the oldest kept to the
 * newest, and refuses everything that does not fit together (layout and chain: see `level-layout.ts`). Payloads are not
 * read here, but for the oldest and the newest record; the others are compared with the index when they are read.
 */
import type { GroupName } from "@waystation/contracts/ids";
import type { JournalRecord, MarkValue } from "@waystation/contracts/journal";
import { createBatchChain, type BatchChain } from "./batch-chain.js";
import { journalFailure } from "./errors.js";
import { damaged, type DatabaseEntry, type JournalDatabase } from "./level-database.js";
import {
  allKeys,
  batchKey,
  decodeBatchIndex,
  layoutVersion,
  markKeys,
  nameOfMarkKey,
  numberOfKey,
  seal,
  stateKey,
  unseal,
  type BatchIndex,
} from "./level-layout.js";
import { decodeState, type JournalState } from "./level-state.js";
import { createMarkSum, type MarkSum } from "./mark-sum.js";
import { createRecordIndex, type IndexedRecord, type RecordIndex } from "./record-index.js";
import { groupBytesMaxOf } from "./ring.js";
import { batchEnd, recordPositions } from "./ring-layout.js";

export interface RecoveredJournal {
  readonly index: RecordIndex;
  readonly chain: BatchChain;
  readonly marks: Map<string, MarkValue>;
  readonly markSum: MarkSum;
  readonly trimmedThrough: number;
  /** The newest batch that the database knows. */
  readonly newest: (BatchIndex & { readonly crc: number }) | null;
}

const entriesPerRead = 1000;

export interface RecoveryOptions {
  readonly group: GroupName;
  /** Names the journal in messages. */
  readonly place: string;
}

/** The state, or null of a new database. */
export async function readState(
  database: JournalDatabase,
  { group, place }: RecoveryOptions,
): Promise<JournalState | null> {
  const [entry] = await database.readRange({ first: stateKey, last: stateKey, countMax: 1 });
  if (entry === undefined) {
    const others = await database.readRange({ ...allKeys, countMax: 1 });
    if (others.length > 0) throw damaged(place, "its state is missing though it holds records or marks");
    return null;
  }
  const reading = decodeState(entry[1]);
  if (reading.kind === "damaged") throw damaged(place, reading.reason);
  if (reading.kind === "foreign") {
    const message = `the journal in ${place} has layout ${reading.layout}, this version knows ${layoutVersion}: use the version that wrote it`;
    throw journalFailure("JOURNAL_FOREIGN", message);
  }
  const { state } = reading;
  if (state.group !== group) {
    const message = `the journal in ${place} belongs to group ${state.group}, not ${group}: check the data directory`;
    throw journalFailure("JOURNAL_FOREIGN", message);
  }
  return state;
}

export async function createState(database: JournalDatabase, state: JournalState): Promise<JournalState> {
  await database.write([{ type: "put", key: stateKey, value: seal(state) }], { sync: true });
  return state;
}

/** What the database holds as of a state. */
export async function recoverFrom(
  database: JournalDatabase,
  state: JournalState,
  place: string,
): Promise<RecoveredJournal> {
  const index = createRecordIndex();
  const chain = createBatchChain(state);
  const newest = await followChain(database, { index, chain, state, place });
  index.trimThrough(state.trimmedThrough);
  const { marks, markSum } = await readMarks(database, place);
  if (marks.size !== state.markCount) {
    throw damaged(place, `it holds ${marks.size} marks, its state says ${state.markCount}`);
  }
  if (markSum.sum() !== state.markSum) throw damaged(place, "its marks are not those of its state: some are older");
  return { index, chain, marks, markSum, trimmedThrough: state.trimmedThrough, newest };
}

/** The records of a batch, in the index. */
export function indexBatch(index: RecordIndex, batch: BatchIndex, place: string): void {
  if (batch.cutAfter !== null) index.cutAfter(batch.cutAfter);
  const first = batch.entries[0]?.sequence ?? Infinity;
  if (first <= index.newestStored()) throw damaged(place, `batch ${batch.number} holds record ${first} once more`);
  for (const { sequence, bytes, crc } of batch.entries) index.push(sequence, bytes, crc);
  if (batch.inRing) {
    const sequences = batch.entries.map((entry) => entry.sequence);
    index.place(sequences, recordPositions(batch));
  }
}

/** Reads the oldest and the newest record. */
export async function checkEnds(
  index: RecordIndex,
  readPage: (page: readonly IndexedRecord[]) => Promise<JournalRecord[]>,
): Promise<void> {
  for (const sequence of [index.first(), index.last()]) {
    if (sequence === 0) continue;
    await readPage(index.page({ from: sequence, through: sequence, maxBytes: 1, maxCount: 1 }));
  }
}

interface Following {
  readonly index: RecordIndex;
  readonly chain: BatchChain;
  readonly state: JournalState;
  readonly place: string;
}

/** Builds the index from the batches, each of which must be the next of the chain. Returns the newest. */
async function followChain(
  database: JournalDatabase,
  { index, chain, state, place }: Following,
): Promise<RecoveredJournal["newest"]> {
  let newest: RecoveredJournal["newest"] = null;
  let expected = state.firstBatch;
  let previousCrc: number | null = expected === 1 ? 0 : null;
  const range = { first: batchKey(expected), last: batchKey(Number.MAX_SAFE_INTEGER) };
  for await (const [key, value] of scan(database, range)) {
    const batch = decodeBatchIndex(value);
    if (batch?.number !== numberOfKey(key)) throw damaged(place, `the index of batch ${numberOfKey(key)} is not whole`);
    if (batch.number !== expected) throw damaged(place, `batches ${expected} to ${batch.number - 1} are missing`);
    if (previousCrc !== null && batch.previousCrc !== previousCrc) {
      throw damaged(place, `batch ${batch.number} does not follow the batch before it`);
    }
    checkRingPlace(batch, { chain, state, place });
    indexBatch(index, batch, place);
    if (batch.cutAfter !== null) chain.cutAfter(batch.cutAfter);
    chain.noteBatch({ lastSequence: batch.entries.at(-1)?.sequence ?? null, ringStart: batch.ringStart });
    previousCrc = batch.crc;
    newest = batch;
    expected += 1;
  }
  const endsRight = expected - 1 === state.lastBatch && (previousCrc === null || previousCrc === state.lastBatchCrc);
  if (!endsRight) throw damaged(place, `its batches end at ${expected - 1}, its state says ${state.lastBatch}`);
  return newest;
}

/** Batches lie in the ring one behind the other, before its head, none longer than a group may be. */
function checkRingPlace(batch: BatchIndex, { chain, state, place }: Omit<Following, "index">): void {
  const { ring } = state;
  const startMin = chain.lastRingStart() ?? 0;
  const [end, endMax] = [batchEnd(batch), ring.head];
  const lengthMax = groupBytesMaxOf(ring.sizeBytes);
  const fits = batch.inRing ? end <= endMax && end - batch.ringStart <= lengthMax : batch.ringStart <= endMax;
  if (!fits || batch.ringStart < startMin) throw damaged(place, `batch ${batch.number} has no place in its ring`);
}

async function* scan(database: JournalDatabase, range: { first: Buffer; last: Buffer }): AsyncGenerator<DatabaseEntry> {
  let { first } = range;
  for (;;) {
    const entries = await database.readRange({ first, last: range.last, countMax: entriesPerRead });
    yield* entries;
    const last = entries.at(-1);
    if (last === undefined || entries.length < entriesPerRead) return;
    first = Buffer.concat([last[0], Buffer.from([0])]);
  }
}

async function readMarks(
  database: JournalDatabase,
  place: string,
): Promise<Pick<RecoveredJournal, "marks" | "markSum">> {
  const marks = new Map<string, MarkValue>();
  const markSum = createMarkSum();
  for await (const [key, value] of scan(database, markKeys)) {
    const name = nameOfMarkKey(key);
    marks.set(name, openMark(name, value, place));
    markSum.set(name, value);
  }
  return { marks, markSum };
}

/** The value of a mark. Which values make sense is the business of whoever set it. */
export function openMark(name: string, sealed: Buffer, place: string): MarkValue {
  const mark = unseal(sealed);
  if (mark === undefined) throw damaged(place, `mark ${name} has a wrong checksum`);
  return mark as MarkValue;
}
