/**
 * A journal whose records lie in a ring, and whose LevelDB holds index, marks, counters and checkpoints (PROTOCOL 7). A
 * commit is acknowledged by one durable write in place into the ring; LevelDB learns of it with the next checkpoint. What a
 * read finds different from the index is `JOURNAL_DAMAGED`, never skipped. Where the ring lies is the adapter's business:
 * in segment files (`level-journal.ts`) or on a volume (`volume-journal.ts`).
 * Layout: `ring-layout.ts` and `level-layout.ts`; recovery: `ring-recovery.ts`.
 */
import type { Journal } from "@waystation/contracts/journal";
import { createJournalFront, type JournalOptions } from "./journal-front.js";
import { databaseFailure, openLevelDatabase, type JournalDatabase } from "./level-database.js";
import { recoverRingJournal } from "./ring-recovery.js";
import type { RingStore } from "./ring-store.js";
import { createRingWriter, defaultWriterTuning, type WriterTuning } from "./ring-writer.js";

export interface RingJournalOptions extends JournalOptions {
  readonly tuning?: WriterTuning;
  /** What `usage` reports as capacity at most; without it what is held and what the ring surely takes beyond it. */
  readonly capacityBytes?: number;
  /** True when left out: space is prepared before the first commit. Else with it: a journal may never be used. */
  readonly preparesWhenOpened?: boolean;
}

export interface RingMedia {
  readonly database: JournalDatabase;
  readonly store: RingStore;
}

/** Opens the index in a directory; its lock keeps a second daemon out. Rejects with the codes of `errors.ts`. */
export function openJournalIndex(directory: string): Promise<JournalDatabase> {
  return openLevelDatabase(directory);
}

/**
 * Opens the journal that is there, or creates it on a place that reads as zeros. Owns the index from then on, and closes it
 * if the opening fails; `closeStore` is called after that.
 */
export async function openRingJournal(
  media: RingMedia & { readonly closeStore: () => Promise<void> },
  options: RingJournalOptions & { readonly place: string },
): Promise<Journal> {
  const { database } = media;
  const { place, capacityBytes = Infinity } = options;
  const closeMedia = async (): Promise<void> => {
    try {
      await database.close();
    } finally {
      await media.closeStore();
    }
  };
  try {
    const { ring, readPage, ...recovered } = await recoverRingJournal(media, options);
    return createJournalFront(options, recovered, {
      place,
      createWriter: (parts) =>
        createRingWriter({
          ...parts,
          database,
          ring,
          tuning: options.tuning ?? defaultWriterTuning,
          preparesWhenOpened: options.preparesWhenOpened ?? true,
        }),
      readPage,
      capacityBytes: (writer, usedBytes) => Math.min(capacityBytes, usedBytes + writer.roomBytes()),
      failureOf: (error) => databaseFailure(place, error),
      async close(writer) {
        try {
          await writer.finish();
        } finally {
          await closeMedia();
        }
      },
    });
  } catch (error) {
    await closeMedia();
    throw databaseFailure(place, error);
  }
}
