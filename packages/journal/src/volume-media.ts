/** The two media of a journal on a volume, in memory, losing at a crash what they may: for tests. */
import type { GroupName } from "@waystation/contracts/ids";
import type { Journal } from "@waystation/contracts/journal";
import type { Random } from "@waystation/contracts/random";
import { createLossyMedium, type LossyMedium } from "./lossy-database.js";
import { createLossyStore, type LossyStore } from "./lossy-store.js";
import { openVolumeJournal, type VolumeJournalOptions } from "./volume-journal.js";

export interface VolumeMedia {
  readonly medium: LossyMedium;
  readonly store: LossyStore;
  readonly open: (options?: Partial<VolumeJournalOptions>) => Promise<Journal>;
  readonly crash: (random: Random) => void;
}

export function createVolumeMedia(volumeBytes: number): VolumeMedia {
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
