/**
 * The journal on LevelDB (PROTOCOL 7), one database per node and group: a commit is acknowledged when the synced batch
 * that holds it is written. What a read finds different from the index is `JOURNAL_DAMAGED`, never skipped.
 * Layout: `level-layout.ts`; recovery: `level-recovery.ts`.
 */
import type { Journal } from "@waystation/contracts/journal";
import { createJournalFront, type JournalOptions } from "./journal-front.js";
import {
  databaseFailure,
  defaultTuning,
  openLevelDatabase,
  type JournalDatabase,
  type LevelTuning,
} from "./level-database.js";
import { readRecordRange } from "./level-records.js";
import { recoverJournal } from "./level-recovery.js";
import { createLevelWriter } from "./level-writer.js";

export interface LevelJournalOptions extends JournalOptions {
  /** What `usage` reports as capacity; 8 GiB when left out. Keeping to it is the callers' business. */
  readonly capacityBytes?: number;
}

const defaultCapacityBytes = 8 * 2 ** 30;

/** Opens the journal in a directory, or creates it. Rejects with the codes of `errors.ts`. */
export async function openLevelJournal(
  options: LevelJournalOptions & { readonly directory: string; readonly tuning?: LevelTuning },
): Promise<Journal> {
  const database = await openLevelDatabase(options.directory, options.tuning ?? defaultTuning);
  return openJournalOn(database, { ...options, place: options.directory });
}

/** Opens the journal that a database holds, and owns the database from then on; closes it if the opening fails. */
export async function openJournalOn(
  database: JournalDatabase,
  options: LevelJournalOptions & { readonly place: string },
): Promise<Journal> {
  const { place } = options;
  try {
    const recovered = await recoverJournal(database, options);
    return createJournalFront(options, recovered, {
      place,
      createWriter: (parts) => createLevelWriter({ ...parts, database }),
      readPage: (page) => readRecordRange(database, page, place),
      capacityBytes: () => options.capacityBytes ?? defaultCapacityBytes,
      failureOf: (error) => databaseFailure(place, error),
      close: () => database.close(),
    });
  } catch (error) {
    await database.close();
    throw databaseFailure(place, error);
  }
}
