/** The journal whose ring lies on a journal volume, on the node's own array (PROTOCOL 7): adapter `volume`. */
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import type { Journal } from "@waystation/contracts/journal";
import type { JournalDatabase } from "./level-database.js";
import { openRingJournal, type RingJournalOptions } from "./ring-journal.js";
import { ringOnVolume } from "./ring-store.js";

/** The index is owned from then on, the volume stays the caller's: it is to be closed after the journal. */
export function openVolumeJournal(
  media: { readonly database: JournalDatabase; readonly store: DurableBlockStore },
  options: RingJournalOptions & { readonly place: string },
): Promise<Journal> {
  const { database, store } = media;
  return openRingJournal({ database, store: ringOnVolume(store), closeStore: () => Promise.resolve() }, options);
}
