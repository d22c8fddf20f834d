/** The journals under kill -9: whatever was acknowledged before is there after, in order and whole. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { toSequence, type GroupName, type VolumeName } from "@waystation/contracts/ids";
import type { Journal } from "@waystation/contracts/journal";
import { createRandom } from "@waystation/contracts/random";
import { openLevelJournal } from "@waystation/journal/level-journal";
import { openJournalIndex } from "@waystation/journal/ring-journal";
import { openVolumeJournal } from "@waystation/journal/volume-journal";
import { openArray } from "@waystation/raid/io/array";
import { createArray } from "@waystation/raid/io/create-array";
import { fileDisk } from "@waystation/raid/io/file-disk";
import { openVolumes } from "@waystation/volumes/volumes";
import { afterEach, beforeEach, expect, it } from "vitest";

const mib = 2 ** 20;
const group = "g1" as GroupName;
const name = "journal-g1" as VolumeName;
const writerPath = fileURLToPath(new URL("journal-crash-writer.js", import.meta.url));
let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "waystation-journal-crash-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** An adapter on files, as journal-crash-writer.js opens it, too. */
interface Adapter {
  readonly name: string;
  readonly create: () => Promise<void>;
  readonly open: () => Promise<{ readonly journal: Journal; readonly close: () => Promise<void> }>;
}

const disks = () => [0, 1].map((index) => fileDisk(join(directory, `disk-${index}`)));

const adapters: readonly Adapter[] = [
  {
    name: "leveldb",
    create: () => Promise.resolve(),
    async open() {
      const journal = await openLevelJournal({ group, directory });
      return { journal, close: () => journal.close() };
    },
  },
  {
    name: "volume",
    async create() {
      await createArray({ name: "a", level: "raid1", unitBytes: 65_536, disks: disks(), diskBytes: 160 * mib });
      const array = await openArray({ disks: disks() });
      // Small, so that it goes round: the writer keeps about 5 MB.
      await (await openVolumes(array)).create(name, 24 * mib);
      await array.close();
    },
    async open() {
      const array = await openArray({ disks: disks() });
      const media = {
        database: await openJournalIndex(join(directory, "index")),
        store: (await openVolumes(array)).open(name),
      };
      const journal = await openVolumeJournal(media, { group, place: directory });
      const close = async (): Promise<void> => {
        await journal.close();
        await array.close();
      };
      return { journal, close };
    },
  },
];

/** Runs the writer until it has acknowledged `acknowledgements` commits, and kills it amid the next ones. */
async function writeUntilKilled(adapter: string, seed: number, acknowledgements: number): Promise<number> {
  const child = spawn(process.execPath, [writerPath, directory, String(seed), adapter], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let [count, last] = [0, 0];
  for await (const line of createInterface({ input: child.stdout })) {
    last = Math.max(last, Number(line));
    if (++count === acknowledgements) child.kill("SIGKILL");
  }
  await exited;
  expect(count).toBeGreaterThanOrEqual(acknowledgements);
  return last;
}

it.each(adapters)(
  "DESIGN 3: after kill -9 at random moments, $name holds all that it acknowledged",
  async (adapter) => {
    await adapter.create();
    const random = createRandom(42);
    for (let round = 1; round <= 12; round++) {
      const acknowledged = await writeUntilKilled(adapter.name, round, 1 + random.below(200));
      const { journal, close } = await adapter.open();
      expect(journal.last()).toBeGreaterThanOrEqual(acknowledged);
      expect(journal.marks().get("last"), "marks and records of a commit stay together").toBe(journal.last());
      let next: number = journal.first();
      while (next <= journal.last()) {
        const { records } = await journal.read({ from: toSequence(next), through: journal.last(), maxBytes: 2 ** 22 });
        for (const { sequence, payload } of records) {
          expect(sequence).toBe(next);
          expect(payload.every((byte) => byte === sequence % 251)).toBe(true);
          next += 1;
        }
      }
      await close();
    }
  },
);
