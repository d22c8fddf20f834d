/** The two media of a journal, in memory, losing at a crash what they may: for tests. */
import type { GroupName } from "@waystation/contracts/ids";
import type { Journal } from "@waystation/contracts/journal";
import type { Random } from "@waystation/contracts/random";
import { createLossyMedium, type LossyMedium } from "./lossy-database.js";
import { createLossyStore, type LossyStore } from "./lossy-store.js";
import type { RingJournalOptions } from "./ring-journal.js";
import { openVolumeJournal } from "./volume-journal.js";

export interface RingMedia {
  readonly medium: LossyMedium;
  readonly store: LossyStore;
  readonly open: (options?: Partial<RingJournalOptions>) => Promise<Journal>;
  readonly crash: (random: Random) => void;
}

export function createRingMedia(volumeBytes: number): RingMedia {
  const medium = createLossyMedium();
  const store = createLossyStore(volumeBytes);
  return {
    medium,
    store,
    async open(options = {}) {
      const media = { database: medium.open(), store: store.open() };
      return openVolumeJournal(media, { group: "g1" as GroupName, place: "test", ...options });
    },
    crash(random) {
      medium.crash(random);
      store.crash(random);
    },
  };
}
