/**
 * The journal in a directory (PROTOCOL 7): adapter `leveldb`. LevelDB holds index, marks, counters and checkpoints, the
 * records lie beside it in segment files, preallocated and used again (`segment-files.ts`): LevelDB would write each
 * payload to its log, to a table, and again at every compaction.
 */
import { join } from "node:path";
import type { Journal } from "@waystation/contracts/journal";
import { databaseFailure } from "./level-database.js";
import { openJournalIndex, openRingJournal, type RingJournalOptions } from "./ring-journal.js";
import { openSegmentFiles } from "./segment-files.js";

export interface LevelJournalOptions extends RingJournalOptions {
  readonly directory: string;
  /** 16 MiB, but in tests. */
  readonly segmentBytes?: number;
}

const defaultCapacityBytes = 8 * 2 ** 30;
/** A group of one small record takes a block of its own: room for what `usage` does not count. */
const ringShare = 2;
const ringExtraBytes = 64 * 2 ** 20;

/** Opens the journal in a directory, or creates it. Rejects with the codes of `errors.ts`. */
export async function openLevelJournal(options: LevelJournalOptions): Promise<Journal> {
  const { directory, segmentBytes, capacityBytes = defaultCapacityBytes } = options;
  const database = await openJournalIndex(directory);
  const sizeBytes = ringShare * capacityBytes + ringExtraBytes;
  const files = { directory: join(directory, "segments"), sizeBytes };
  const store = await openSegmentFiles(segmentBytes === undefined ? files : { ...files, segmentBytes }).catch(
    async (error: unknown) => {
      await database.close();
      throw databaseFailure(directory, error);
    },
  );
  const media = { database, store, closeStore: () => store.close() };
  return openRingJournal(media, { ...options, capacityBytes, place: directory });
}
