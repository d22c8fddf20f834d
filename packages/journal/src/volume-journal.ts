/**
 * The journal on a volume (PROTOCOL 7): records are written in place into a ring on a block store, LevelDB beside it holds
 * index, marks, counters and checkpoints. A commit is acknowledged by one durable write of the store; a growing log file
 * costs a file system commit for each. What a read finds different from the index is `JOURNAL_DAMAGED`, never skipped.
 * Layout: `volume-layout.ts` and `level-layout.ts`; recovery: `volume-recovery.ts`.
 */
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import type { Journal } from "@waystation/contracts/journal";
import { createJournalFront, type JournalOptions } from "./journal-front.js";
import { databaseFailure, openLevelDatabase, type JournalDatabase, type LevelTuning } from "./level-database.js";
import { recoverVolumeJournal } from "./volume-recovery.js";
import { createVolumeWriter, defaultVolumeTuning, type VolumeWriterTuning } from "./volume-writer.js";

export interface VolumeJournalOptions extends JournalOptions {
  readonly tuning?: VolumeWriterTuning;
}

/** LevelDB holds no payloads here. */
const indexTuning: LevelTuning = {
  writeBufferBytes: 4 * 2 ** 20,
  tableFileBytes: 2 ** 20,
  openFilesMax: 64,
  blockCacheBytes: 2 ** 20,
};

/** Opens the index in a directory; its lock keeps a second daemon out. Rejects with the codes of `errors.ts`. */
export function openVolumeIndex(directory: string): Promise<JournalDatabase> {
  return openLevelDatabase(directory, indexTuning);
}

/**
 * Opens the journal that lies on a volume, or creates it on a new one, which reads as zeros. Owns the index from then on,
 * and closes it if the opening fails; the store stays the caller's, and is closed after the journal. What `usage` reports
 * as capacity is what is held and what the ring surely takes beyond it.
 */
export async function openVolumeJournal(
  media: { readonly database: JournalDatabase; readonly store: DurableBlockStore },
  options: VolumeJournalOptions & { readonly place: string },
): Promise<Journal> {
  const { database } = media;
  const { place } = options;
  try {
    const { ring, readPage, ...recovered } = await recoverVolumeJournal(media, options);
    return createJournalFront(options, recovered, {
      place,
      createWriter: (parts) =>
        createVolumeWriter({ ...parts, database, ring, tuning: options.tuning ?? defaultVolumeTuning }),
      readPage,
      capacityBytes: (writer, usedBytes) => usedBytes + writer.roomBytes(),
      failureOf: (error) => databaseFailure(place, error),
      async close(writer) {
        try {
          await writer.finish();
        } finally {
          await database.close();
        }
      },
    });
  } catch (error) {
    await database.close();
    throw databaseFailure(place, error);
  }
}
