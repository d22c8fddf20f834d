/**
 * The one writer of a journal. A batch of commits becomes one group in the ring, durable by one write; what
 * LevelDB must know of it (batch index, marks) is gathered, and goes there with the next checkpoint, which is synced.
 * Opening finds in the ring what came after the last checkpoint.
 *
 * A batch that the ring has no room for goes to LevelDB whole, records too, synced, together with all that was gathered:
 * slower, but marks always find their place, even while old records fill the ring, and nothing is ever refused. The
 * capacity that `usage` shows leaves no room for more records by then, so that this remains the rest of what callers had
 * already promised to take.
 *
 * Checkpoints are taken between two groups, so that what they say is durable already, and are written while the next
 * groups go into the ring. Only when one is durable does the ring's tail move (and with it what may be written over).
 */
import {
  createBatchLedger,
  cutOperations,
  indexOperation,
  markOperations,
  recordOperations,
  type ChainedBatch,
  type EncodedCommit,
} from "./batch-ledger.js";
import { createCommitQueue } from "./commit-queue.js";
import type { JournalWriter, WriterParts } from "./journal-front.js";
import type { DatabaseOperation, JournalDatabase } from "./level-database.js";
import { createRingPreparation } from "./ring-preparation.js";
import type { Ring } from "./ring.js";
import { encodeGroup, groupBytesOf, recordPositions } from "./ring-layout.js";

export interface WriterTuning {
  /** A checkpoint is due after so many bytes of groups: what opening reads at most, about. */
  readonly checkpointBytes: number;
  readonly checkpointBatches: number;
}

export const defaultWriterTuning: WriterTuning = { checkpointBytes: 64 * 2 ** 20, checkpointBatches: 2048 };

export interface RingWriter extends JournalWriter {
  /** How many more bytes of records it takes for sure. */
  roomBytes(): number;
  /** After `drain`: a last checkpoint. */
  finish(): Promise<void>;
}

export type RingWriterParts = WriterParts & {
  readonly database: JournalDatabase;
  readonly ring: Ring;
  readonly tuning: WriterTuning;
  readonly preparesWhenOpened: boolean;
};

export function createRingWriter(parts: RingWriterParts): RingWriter {
  const { database, ring, index, chain } = parts;
  const checkpointBytes = Math.min(parts.tuning.checkpointBytes, Math.floor(ring.sizeBytes / 8));
  let gathered = createGathered();
  let checkpointing: Promise<void> | null = null;
  let checkpointFailure: unknown = null;
  let hasTrimmed = false;
  let broken = false;
  let scratch = Buffer.alloc(0);

  const queue = createCommitQueue<EncodedCommit>({
    ...parts,
    onFailure(error) {
      broken = true;
      return parts.onFailure(error);
    },
    write: (taken) => (taken.length === 0 ? doOwnWork() : store(taken)),
    hasOwnWork: () => isTrimWorthCheckpoint(),
  });
  const preparation = createRingPreparation(ring);
  if (parts.preparesWhenOpened) preparation.kick();
  const ledger = createBatchLedger({
    ...parts,
    ringState: () => ring.state(),
    hasWaitingCut: () => queue.lowestWaitingCut() < Infinity,
  });

  const store = async (taken: readonly EncodedCommit[]): Promise<void> => {
    throwIfCheckpointFailed();
    const bytes = sizeOf(taken);
    if (ring.freeBytes() < bytes) await checkpointing;
    if (bytes <= ring.groupBytesMax && bytes <= ring.freeBytes()) await append(taken, bytes);
    else await spill(taken);
    if (isCheckpointDue()) startCheckpoint();
  };

  const append = async (taken: readonly EncodedCommit[], bytes: number): Promise<void> => {
    await preparation.through(ring.head() + bytes);
    const ringStart = ring.head();
    const batch = ledger.append(taken, { inRing: true, ringStart });
    if (scratch.length < bytes) scratch = Buffer.alloc(Math.min(bytes * 2, ring.groupBytesMax));
    await ring.append(scratch.subarray(0, encodeGroup(scratch, batch, ring.id)));
    placeRecords(batch, ringStart);
    gathered.add(batch, ring.head() - ringStart);
    preparation.kick();
  };

  /** What lies above a cut that waits is gone from the index, or is already what a later commit put there. */
  const placeRecords = ({ records }: ChainedBatch, ringStart: number): void => {
    const through = queue.lowestWaitingCut();
    const sequences = records.map(({ sequence }) => sequence).filter((sequence) => sequence <= through);
    index.place(sequences, recordPositions({ ringStart, entries: records }));
  };

  const spill = async (taken: readonly EncodedCommit[]): Promise<void> => {
    await checkpointing;
    const batch = ledger.append(taken, { inRing: false, ringStart: ring.head() });
    gathered.add(batch, 0);
    await checkpoint(recordOperations(batch));
  };

  /** Must not run beside another one, or while a group is being written. */
  const checkpoint = async (records: Iterable<DatabaseOperation> = []): Promise<void> => {
    throwIfCheckpointFailed();
    const operations = [...gathered.operations(), ...records, ...ledger.closing(Infinity)];
    const tail = chain.firstRingStart() ?? ring.head();
    gathered = createGathered();
    hasTrimmed = false;
    await database.write(operations, { sync: true });
    ring.moveTail(tail);
  };

  const startCheckpoint = (): void => {
    if (checkpointing !== null) return;
    checkpointing = checkpoint()
      .catch((error: unknown) => {
        checkpointFailure = error;
      })
      .finally(() => (checkpointing = null));
  };

  const throwIfCheckpointFailed = (): void => {
    if (checkpointFailure !== null) throw checkpointFailure as Error;
  };

  const isCheckpointDue = (): boolean =>
    gathered.bytes() >= checkpointBytes ||
    gathered.batches() >= parts.tuning.checkpointBatches ||
    isTrimWorthCheckpoint();

  const isTrimWorthCheckpoint = (): boolean =>
    hasTrimmed && queue.lowestWaitingCut() === Infinity && wantedTail() - ring.tail() >= checkpointBytes;

  const doOwnWork = async (): Promise<void> => {
    await checkpointing;
    if (isTrimWorthCheckpoint()) await checkpoint();
  };

  /** Where the tail would be, were a checkpoint durable now. */
  const wantedTail = (): number => {
    const first = index.first();
    return (first === 0 ? null : chain.ringStartHolding(first)) ?? ring.head();
  };

  const roomBytes = (): number => {
    const heldBytes = ring.head() - wantedTail() + queue.waitingBytes();
    const reservedBytes = Math.min(ring.groupBytesMax, Math.floor(ring.sizeBytes / 16));
    return Math.max(0, ring.sizeBytes - heldBytes - reservedBytes);
  };

  queue.kick();
  return {
    add(commit) {
      if (commit.cutAfter !== null) ledger.noteWaitingCut(commit.cutAfter);
      queue.add(commit);
    },
    trim(through) {
      ledger.wantTrim(through);
      hasTrimmed = true;
      queue.kick();
    },
    drain: () => queue.drain(),
    roomBytes,
    async finish() {
      await preparation.stop();
      await checkpointing;
      if (!broken && checkpointFailure === null && (gathered.batches() > 0 || hasTrimmed)) await checkpoint();
    },
  };
}

/** At least what the group of these commits takes: marks that replace each other are counted each. */
function sizeOf(taken: readonly EncodedCommit[]): number {
  const one = taken[0];
  if (taken.length === 1 && one !== undefined) return groupBytesOf(one.records, one.marks);
  return groupBytesOf(
    taken.flatMap((commit) => commit.records),
    taken.flatMap((commit) => commit.marks),
  );
}

/** What the database does not know yet of batches that are durable. */
function createGathered() {
  const batches: ChainedBatch[] = [];
  let bytes = 0;
  return {
    add(batch: ChainedBatch, ringBytes: number): void {
      // The records are of no use here any more, and would hold their payloads in memory.
      batches.push({ ...batch, records: [] });
      bytes += ringBytes;
    },
    batches: () => batches.length,
    bytes: () => bytes,
    *operations(): Generator<DatabaseOperation> {
      for (const batch of batches) yield* cutOperations(batch);
      for (const batch of batches) yield indexOperation(batch);
      yield* markOperations(new Map(batches.flatMap((batch) => [...batch.marks])));
    },
  };
}
