/**
 * Opens what a journal's database holds: reads the state, follows the chain of batches from the oldest kept to the
 * newest, and refuses everything that does not fit together (layout and chain: see `level-layout.ts`). Payloads are not
 * read here, but for the oldest and the newest record; the others are compared with the index when they are read.
 */
import type { GroupName } from "@waystation/contracts/ids";
import type { MarkValue } from "@waystation/contracts/journal";
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
  recordKey,
  seal,
  stateKey,
  unseal,
  type JournalState,
} from "./level-layout.js";
import { decodeRecord } from "./record-format.js";
import { createRecordIndex, type RecordIndex } from "./record-index.js";

export interface RecoveredJournal {
  readonly index: RecordIndex;
  readonly chain: BatchChain;
  readonly marks: Map<string, MarkValue>;
  readonly trimmedThrough: number;
}

const entriesPerRead = 1000;

export interface RecoveryOptions {
  readonly group: GroupName;
  /** Names the journal in messages. */
  readonly place: string;
}

export async function recoverJournal(database: JournalDatabase, options: RecoveryOptions): Promise<RecoveredJournal> {
  const state = await readState(database, options);
  const index = createRecordIndex();
  const chain = createBatchChain(state);
  await followChain(database, { index, chain, state, place: options.place });
  index.trimThrough(state.trimmedThrough);
  await checkRecord(database, index.first(), options.place);
  await checkRecord(database, index.last(), options.place);
  const marks = await readMarks(database, options.place);
  if (marks.size !== state.markCount) {
    throw damaged(options.place, `it holds ${marks.size} marks, its state says ${state.markCount}`);
  }
  return { index, chain, marks, trimmedThrough: state.trimmedThrough };
}

async function readState(database: JournalDatabase, { group, place }: RecoveryOptions): Promise<JournalState> {
  const [entry] = await database.readRange({ first: stateKey, last: stateKey, countMax: 1 });
  if (entry === undefined) {
    const others = await database.readRange({ ...allKeys, countMax: 1 });
    if (others.length > 0) throw damaged(place, "its state is missing though it holds records or marks");
    const fresh: JournalState = {
      layout: layoutVersion,
      group,
      lastBatch: 0,
      lastBatchCrc: 0,
      firstBatch: 1,
      trimmedThrough: 0,
      markCount: 0,
    };
    await database.write([{ type: "put", key: stateKey, value: seal(fresh) }], { sync: true });
    return fresh;
  }
  const state = unseal(entry[1]) as JournalState | undefined;
  if (state === undefined) throw damaged(place, "its state has a wrong checksum");
  if (state.layout !== layoutVersion) {
    const message = `the journal in ${place} has layout ${state.layout}, this version knows ${layoutVersion}: use the version that wrote it`;
    throw journalFailure("JOURNAL_FOREIGN", message);
  }
  if (state.group !== group) {
    const message = `the journal in ${place} belongs to group ${state.group}, not ${group}: check the data directory`;
    throw journalFailure("JOURNAL_FOREIGN", message);
  }
  return state;
}

interface Following {
  readonly index: RecordIndex;
  readonly chain: BatchChain;
  readonly state: JournalState;
  readonly place: string;
}

/** Builds the index from the batches, each of which must be the next of the chain. */
async function followChain(database: JournalDatabase, { index, chain, state, place }: Following): Promise<void> {
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
    if (batch.cutAfter !== null) {
      index.cutAfter(batch.cutAfter);
      chain.cutAfter(batch.cutAfter);
    }
    for (const { sequence, bytes, crc } of batch.entries) index.push(sequence, bytes, crc);
    chain.noteBatch(batch.entries.at(-1)?.sequence ?? null);
    previousCrc = batch.crc;
    expected += 1;
  }
  const endsRight = expected - 1 === state.lastBatch && (previousCrc === null || previousCrc === state.lastBatchCrc);
  if (!endsRight) throw damaged(place, `its batches end at ${expected - 1}, its state says ${state.lastBatch}`);
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

async function readMarks(database: JournalDatabase, place: string): Promise<Map<string, MarkValue>> {
  const marks = new Map<string, MarkValue>();
  for await (const [key, value] of scan(database, markKeys)) {
    const mark = unseal(value);
    if (mark === undefined) throw damaged(place, `mark ${nameOfMarkKey(key)} has a wrong checksum`);
    marks.set(nameOfMarkKey(key), mark as MarkValue);
  }
  return marks;
}

async function checkRecord(database: JournalDatabase, sequence: number, place: string): Promise<void> {
  if (sequence === 0) return;
  const key = recordKey(sequence);
  const [entry] = await database.readRange({ first: key, last: key, countMax: 1 });
  if (entry === undefined) throw damaged(place, `record ${sequence} is missing`);
  if (decodeRecord(entry[1]) === null) throw damaged(place, `record ${sequence} is not whole`);
}
