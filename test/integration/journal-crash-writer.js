// A process that commits to a journal in a loop, several commits at a time, and says on stdout which it was told are
// durable: one line "<last sequence>" each. journal-crash.test.ts kills it.
import { join } from "node:path";
import { openLevelJournal } from "@waystation/journal/level-journal";
import { openJournalIndex } from "@waystation/journal/ring-journal";
import { openVolumeJournal } from "@waystation/journal/volume-journal";
import { openArray } from "@waystation/raid/io/array";
import { fileDisk } from "@waystation/raid/io/file-disk";
import { openVolumes } from "@waystation/volumes/volumes";

const [directory = "", seedText = "1", adapter = "leveldb"] = process.argv.slice(2);
let seed = Number(seedText);
const below = (bound) => (seed = (seed * 48271) % 2147483647) % bound;

async function openOnVolume() {
  const array = await openArray({ disks: [0, 1].map((index) => fileDisk(join(directory, `disk-${index}`))) });
  const store = (await openVolumes(array)).open("journal-g1");
  const media = { database: await openJournalIndex(join(directory, "index")), store };
  return openVolumeJournal(media, { group: "g1", place: directory });
}

const journal = adapter === "volume" ? await openOnVolume() : await openLevelJournal({ group: "g1", directory });
let sequence = Math.max(journal.last(), journal.marks().get("last") ?? 0);

async function lane() {
  for (;;) {
    const records = Array.from({ length: 1 + below(16) }, () => {
      sequence += 1;
      const payload = Buffer.alloc(1 + below(20_000), sequence % 251);
      return {
        sequence,
        volume: "vol-a",
        origin: { incarnation: 1, n: sequence },
        epoch: 1,
        kind: "write",
        offsetBytes: 0,
        lengthBytes: payload.length,
        hostTimeMs: 0,
        payload,
      };
    });
    const last = sequence;
    await journal.commit({ records, marks: new Map([["last", last]]) });
    process.stdout.write(`${last}\n`);
    if (below(4) === 0) journal.trimThrough(last - 500);
  }
}
for (let lanes = 0; lanes < 4; lanes++) void lane();
