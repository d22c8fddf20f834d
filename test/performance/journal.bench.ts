/**
 * How fast the journals make records durable, next to what the disk itself gives in the same run: append and fdatasync
 * of as many bytes, and writes in place. Each row: `depth` commits called at once, of `batch` records of `payload` bytes,
 * trimmed behind so that the journal holds at most 256 MiB, as it does when a secondary keeps up. The journal on a volume
 * lies on an array of one disk (raid0), and of two (raid1), in files of the same directory, prepared beforehand. All take
 * turns, a slice of the load each, so that what else the machine does falls on all alike. CPU is that of this process.
 *
 *     npx tsc -b test && node node_modules/.cache/test-build/performance/journal.bench.js [directory] [--only NAME]
 */
import { constants } from "node:fs";
import { mkdtemp, open, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { toSequence, type GroupName, type VolumeName } from "@waystation/contracts/ids";
import type { Journal, JournalRecord } from "@waystation/contracts/journal";
import { openLevelJournal } from "@waystation/journal/level-journal";
import { openJournalIndex } from "@waystation/journal/ring-journal";
import { openVolumeJournal } from "@waystation/journal/volume-journal";
import { openArray } from "@waystation/raid/io/array";
import { createArray } from "@waystation/raid/io/create-array";
import { inspectArray } from "@waystation/raid/io/inspect-disk";
import { fileDisk } from "@waystation/raid/io/file-disk";
import { openVolumes } from "@waystation/volumes/volumes";

const mib = 2 ** 20;
const group = "g1" as GroupName;
const heldBytesMax = 256 * mib;
const volumeBytes = 1024 * mib;

interface Load {
  readonly payloadBytes: number;
  readonly batch: number;
  readonly depth: number;
  readonly totalBytes: number;
}

const loads: readonly Load[] = [
  { payloadBytes: 4096, batch: 1, depth: 1, totalBytes: 32 * mib },
  { payloadBytes: 4096, batch: 16, depth: 1, totalBytes: 256 * mib },
  { payloadBytes: 4096, batch: 16, depth: 4, totalBytes: 512 * mib },
  { payloadBytes: 65_536, batch: 1, depth: 1, totalBytes: 256 * mib },
  { payloadBytes: 65_536, batch: 4, depth: 4, totalBytes: 512 * mib },
];

function makeRecord(sequence: number, payload: Buffer): JournalRecord {
  return {
    sequence: toSequence(sequence),
    volume: "vol-a" as VolumeName,
    origin: { incarnation: 1, n: sequence },
    epoch: 1,
    kind: "write",
    offsetBytes: sequence * payload.length,
    lengthBytes: payload.length,
    hostTimeMs: 0,
    payload,
  };
}

/** Commits records of so many bytes in all; returns the slowest commit in milliseconds. */
async function commitAll(journal: Journal, load: Load, bytes: number): Promise<number> {
  const payload = Buffer.alloc(load.payloadBytes, 0x5a);
  const heldMax = heldBytesMax / load.payloadBytes;
  let sequence: number = journal.last();
  const end = sequence + bytes / load.payloadBytes;
  let slowestMs = 0;
  const lane = async (): Promise<void> => {
    while (sequence < end) {
      const records = Array.from({ length: load.batch }, () => makeRecord(++sequence, payload));
      const called = performance.now();
      await journal.commit({ records, marks: new Map([["origin.vol-a", [1, sequence]]]) });
      slowestMs = Math.max(slowestMs, performance.now() - called);
      if (sequence > heldMax) journal.trimThrough(toSequence(sequence - heldMax));
    }
  };
  await Promise.all(Array.from({ length: load.depth }, lane));
  return slowestMs;
}

async function readAll(journal: Journal): Promise<readonly [seconds: number, bytes: number]> {
  const reading = performance.now();
  let bytes = 0;
  for (let from: number = journal.first(); from <= journal.last();) {
    const read = await journal.read({ from: toSequence(from), through: journal.last(), maxBytes: mib });
    for (const record of read.records) bytes += record.payload.length;
    from = read.completeThrough + 1;
  }
  return [(performance.now() - reading) / 1000, bytes];
}

interface Contestant {
  /** Makes so many bytes of the load durable. */
  readonly slice: (bytes: number) => Promise<void>;
  /** Closes everything; returns what else there is to say. */
  readonly finish: () => Promise<string>;
}

type Enter = (directory: string, load: Load) => Promise<Contestant>;

const append: Enter = async (directory, load) => {
  const file = await open(join(directory, "append"), "w");
  const block = Buffer.alloc(load.payloadBytes * load.batch * load.depth, 0x5a);
  return {
    async slice(bytes) {
      for (let written = 0; written < bytes; written += block.length) {
        await file.write(block);
        await file.datasync();
      }
    },
    async finish() {
      await file.close();
      return "append + fdatasync";
    },
  };
};

const overwrite: Enter = async (directory, load) => {
  const path = join(directory, "in-place");
  const prepared = await open(path, "w");
  for (let at = 0; at < load.totalBytes; at += mib) await prepared.write(Buffer.alloc(mib, 1));
  await prepared.sync();
  await prepared.close();
  const file = await open(path, constants.O_RDWR | constants.O_DSYNC);
  const block = Buffer.alloc(load.payloadBytes * load.batch * load.depth, 0x5a);
  let at = 0;
  return {
    async slice(bytes) {
      for (const end = at + bytes; at < end; at += block.length) await file.write(block, 0, block.length, at);
    },
    async finish() {
      await file.close();
      return "in place, O_DSYNC";
    },
  };
};

/** Opens the journal of a directory, or creates it; `close` closes all of it. */
type OpenJournal = (directory: string) => Promise<{ readonly journal: Journal; readonly close: () => Promise<void> }>;

const onLevel: OpenJournal = async (directory) => {
  const journal = await openLevelJournal({ group, directory: join(directory, "journal") });
  return { journal, close: () => journal.close() };
};

function onVolume(level: "raid0" | "raid1", diskCount: number): OpenJournal {
  return async (directory) => {
    const disks = Array.from({ length: diskCount }, (_, index) => fileDisk(join(directory, `disk-${index}`)));
    const name = "journal" as VolumeName;
    if ((await inspectArray(disks)) !== "present") {
      await createArray({ name: "a", level, unitBytes: 65_536, disks, diskBytes: volumeBytes + 256 * mib });
    }
    const array = await openArray({ disks });
    const volumes = await openVolumes(array);
    if (volumes.list().length === 0) await volumes.create(name, volumeBytes);
    const store = volumes.open(name);
    const database = await openJournalIndex(join(directory, "index"));
    const journal = await openVolumeJournal({ database, store }, { group, place: directory });
    return {
      journal,
      async close() {
        await journal.close();
        await array.close();
      },
    };
  };
}

function onJournal(openJournal: OpenJournal): Enter {
  return async (directory, load) => {
    const first = await openJournal(directory);
    // An idle journal on a volume prepares its ring: after an hour in use it has.
    await new Promise((resolve) => setTimeout(resolve, 4000));
    let slowestMs = 0;
    return {
      async slice(bytes) {
        slowestMs = Math.max(slowestMs, await commitAll(first.journal, load, bytes));
      },
      async finish() {
        const usedMib = Math.round(first.journal.usage().usedBytes / mib);
        await first.close();
        const opening = performance.now();
        const { journal, close } = await openJournal(directory);
        const openedMs = Math.round(performance.now() - opening);
        const [readSeconds, bytes] = await readAll(journal);
        await close();
        const storedMib = Math.round((await directoryBytes(directory)) / mib);
        const readMib = Math.round(bytes / mib / readSeconds);
        return `slowest ${Math.round(slowestMs)} ms, holds ${usedMib} MiB in ${storedMib}, opens in ${openedMs} ms, reads ${readMib} MiB/s`;
      },
    };
  };
}

async function directoryBytes(directory: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}

const contestants: readonly (readonly [string, Enter])[] = [
  ["append", append],
  ["in-place", overwrite],
  ["leveldb", onJournal(onLevel)],
  ["volume-raid0", onJournal(onVolume("raid0", 1))],
  ["volume-raid1", onJournal(onVolume("raid1", 2))],
];
const slices = 8;

interface Entry {
  readonly name: string;
  readonly directory: string;
  readonly contestant: Contestant;
  seconds: number;
  cpuSeconds: number;
}

async function runSlice(entry: Entry, bytes: number): Promise<void> {
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  await entry.contestant.slice(bytes);
  const { user, system } = process.cpuUsage(cpu);
  entry.seconds += (performance.now() - started) / 1000;
  entry.cpuSeconds += (user + system) / 1e6;
}

const { values, positionals } = parseArgs({ options: { only: { type: "string" } }, allowPositionals: true });
for (const load of loads) {
  console.log(`\n${load.depth} x ${load.batch} x ${load.payloadBytes / 1024} KiB`);
  const entries: Entry[] = [];
  for (const [name, enter] of contestants) {
    if (values.only !== undefined && values.only !== name) continue;
    const directory = await mkdtemp(join(positionals[0] ?? tmpdir(), "waystation-bench-"));
    entries.push({ name, directory, contestant: await enter(directory, load), seconds: 0, cpuSeconds: 0 });
  }
  for (let slice = 0; slice < slices; slice++) {
    for (const entry of entries) await runSlice(entry, load.totalBytes / slices);
  }
  const rawSeconds = entries[0]?.seconds ?? 1;
  for (const { name, directory, contestant, seconds, cpuSeconds } of entries) {
    const count = load.totalBytes / load.payloadBytes;
    const records = String(Math.round(count / seconds)).padStart(7);
    const rate = String(Math.round(load.totalBytes / mib / seconds)).padStart(6);
    const ratio = (rawSeconds / seconds).toFixed(2).padStart(6);
    const cpu = ((cpuSeconds / count) * 1e6).toFixed(0).padStart(5);
    const remarks = await contestant.finish();
    await rm(directory, { recursive: true, force: true });
    console.log(
      `  ${name.padEnd(13)}${records} records/s${rate} MiB/s${ratio} of append${cpu} us CPU/record   ${remarks}`,
    );
  }
}
