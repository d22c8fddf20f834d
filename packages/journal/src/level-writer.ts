/**
 * The one writer of a LevelDB journal's database: each batch of commits is one synced batch of LevelDB. Trimmed records
 * are deleted along with commits, a bounded number per batch, and by themselves, unsynced, when nothing else waits:
 * losing a deletion loses nothing.
 */
import {
  createBatchLedger,
  cutOperations,
  indexOperation,
  markOperations,
  recordOperations,
  type EncodedCommit,
} from "./batch-ledger.js";
import { createCommitQueue } from "./commit-queue.js";
import type { JournalWriter, WriterParts } from "./journal-front.js";
import type { DatabaseOperation, JournalDatabase } from "./level-database.js";

const deletesPerBatchMax = 512;

export function createLevelWriter(parts: WriterParts & { readonly database: JournalDatabase }): JournalWriter {
  const { database } = parts;
  const queue = createCommitQueue<EncodedCommit>({
    ...parts,
    write: (taken) => database.write(operationsOf(taken), { sync: taken.length > 0 }),
    hasOwnWork: () => ledger.canDelete(),
  });
  const ledger = createBatchLedger({
    ...parts,
    ringState: () => null,
    hasWaitingCut: () => queue.lowestWaitingCut() < Infinity,
  });

  function* operationsOf(taken: readonly EncodedCommit[]): Generator<DatabaseOperation> {
    if (taken.length > 0) {
      const batch = ledger.append(taken, { inRing: false, ringStart: 0 });
      yield* cutOperations(batch);
      yield* recordOperations(batch);
      yield* markOperations(batch.marks);
      yield indexOperation(batch);
    }
    yield* ledger.closing(deletesPerBatchMax);
  }

  return {
    add(commit) {
      if (commit.cutAfter !== null) ledger.noteWaitingCut(commit.cutAfter);
      queue.add(commit);
    },
    trim(through) {
      ledger.wantTrim(through);
      queue.kick();
    },
    drain: () => queue.drain(),
  };
}
