/**
 * What outlives a crash of a node on the bench: its journal and its volumes, and the view of them that a running node
 * has. A commit is seen at once and durable only when the bench says so; a store has not happened until it is answered.
 * Writes are applied in order, so that a node dropped at any point leaves behind exactly what was durable.
 */
import assert from "node:assert/strict";
import {
  recordBytes,
  type JournalCommit,
  type JournalReadOptions,
  type JournalReadResult,
} from "@waystation/contracts/journal";
import type { BlockWrite } from "@waystation/contracts/block-device";
import { noSequence } from "@waystation/contracts/ids";
import type { Membership } from "../membership.js";
import type { JournalRecord, MarkValue, NodeName, Sequence, VolumeName } from "../vocabulary.js";

/** One state of a journal: the durable one, or the one that its user sees. */
export interface JournalState {
  marks: Map<string, MarkValue>;
  records: JournalRecord[];
  /** The highest number ever held since the last cut: never used again, trimmed or not. */
  highest: number;
}

export interface Medium {
  readonly journal: JournalState;
  readonly preImages: JournalState;
  readonly volumes: Map<VolumeName, Buffer>;
  /** What volumes held when a branch of them was made, by `VOLUME/NAME`. */
  readonly branches: Map<string, Buffer>;
}

export function createMedium(membership: Membership, node: NodeName): Medium {
  const own = membership.volumes.filter(({ primary, secondaries }) => [primary, ...secondaries].includes(node));
  return {
    journal: emptyJournal(),
    preImages: emptyJournal(),
    volumes: new Map(own.map(({ name, sizeBytes }) => [name, Buffer.alloc(sizeBytes)])),
    branches: new Map(),
  };
}

function emptyJournal(): JournalState {
  return { marks: new Map(), records: [], highest: 0 };
}

export function copyJournal(state: JournalState): JournalState {
  return { marks: new Map(state.marks), records: [...state.records], highest: state.highest };
}

/** Applies a commit; refuses what the journal port refuses. */
export function applyCommit(state: JournalState, { records = [], marks, cutAfter }: JournalCommit): void {
  if (cutAfter !== undefined) {
    state.records = state.records.filter(({ sequence }) => sequence <= cutAfter);
    state.highest = Math.min(state.highest, cutAfter);
  }
  for (const record of records) {
    assert(record.sequence > state.highest, `record ${record.sequence} after ${state.highest}`);
    state.highest = record.sequence;
    state.records.push(record);
  }
  for (const [name, value] of marks ?? []) {
    // Through JSON, as a real journal: a mark must not depend on the identity of what was stored.
    if (value === undefined) state.marks.delete(name);
    else state.marks.set(name, JSON.parse(JSON.stringify(value)) as MarkValue);
  }
}

export function trimJournal(state: JournalState, through: Sequence): void {
  state.records = state.records.filter(({ sequence }) => sequence > through);
}

export function firstOf(state: JournalState): Sequence {
  return state.records[0]?.sequence ?? noSequence;
}

export function lastOf(state: JournalState): Sequence {
  return state.records.at(-1)?.sequence ?? noSequence;
}

export function usedBytes(state: JournalState): number {
  return state.records.reduce((sum, record) => sum + recordBytes(record), 0);
}

export function readJournal(state: JournalState, options: JournalReadOptions): JournalReadResult {
  const records: JournalRecord[] = [];
  let bytes = 0;
  for (const record of state.records) {
    if (record.sequence < options.from || record.sequence > options.through) continue;
    if (options.volumes !== undefined && !options.volumes.has(record.volume)) continue;
    records.push(record);
    bytes += record.payload.length;
    if (bytes >= options.maxBytes) return { records, completeThrough: record.sequence };
  }
  return { records, completeThrough: options.through };
}

export function volumeOf(medium: Medium, volume: VolumeName): Buffer {
  const content = medium.volumes.get(volume);
  assert(content !== undefined, `no volume ${volume} here`);
  return content;
}

/** One of that name is left as it is. */
export function keepBranch(medium: Medium, volume: VolumeName, name: string): void {
  const key = `${volume}/${name}`;
  if (!medium.branches.has(key)) medium.branches.set(key, Buffer.from(volumeOf(medium, volume)));
}

export function applyWrites(medium: Medium, volume: VolumeName, writes: readonly BlockWrite[]): void {
  const content = volumeOf(medium, volume);
  for (const { offsetBytes, lengthBytes, data } of writes) {
    assert(offsetBytes + lengthBytes <= content.length, "a store beyond the volume");
    if (data === null) content.fill(0, offsetBytes, offsetBytes + lengthBytes);
    else content.set(data, offsetBytes);
  }
}
