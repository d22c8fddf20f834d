/**
 * How fast the LevelDB journal makes records durable, next to what the disk itself gives in the same run: append and
 * fdatasync of as many bytes. Each row: commits of `batch` records of `payload` bytes, `depth` commits called at once,
 * trimmed behind so that the journal holds at most 256 MiB, as it does when a secondary keeps up.
 *
 *     npx tsc -b test && node node_modules/.cache/test-build/performance/journal.bench.js [directory]
 */
import { mkdtemp, open, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toSequence, type GroupName, type VolumeName } from "@waystation/contracts/ids";
import type { Journal, JournalRecord } from "@waystation/contracts/journal";
import { openLevelJournal } from "@waystation/journal/level-journal";
import { defaultTuning, type LevelTuning } from "@waystation/journal/level-database";

const mib = 2 ** 20;
const heldBytesMax = 256 * mib;

interface Load {
  readonly payloadBytes: number;
  readonly batch: number;
  readonly depth: number;
  readonly totalBytes: number;
}

const loads: readonly Load[] = [
  { payloadBytes: 4096, batch: 1, depth: 1, totalBytes: 32 * mib },
  { payloadBytes: 4096, batch: 16, depth: 1, totalBytes: 512 * mib },
  { payloadBytes: 4096, batch: 16, depth: 4, totalBytes: 1024 * mib },
  { payloadBytes: 65_536, batch: 1, depth: 1, totalBytes: 512 * mib },
  { payloadBytes: 65_536, batch: 4, depth: 4, totalBytes: 1024 * mib },
];

const tunings: readonly (readonly [string, LevelTuning])[] = [
  ["defaults of the journal", defaultTuning],
  ["write buffer 4 MiB, tables 2 MiB", { ...defaultTuning, writeBufferBytes: 4 * mib, tableFileBytes: 2 * mib }],
  ["write buffer 16 MiB, tables 8 MiB", { ...defaultTuning, writeBufferBytes: 16 * mib, tableFileBytes: 8 * mib }],
  ["write buffer 256 MiB, tables 64 MiB", { ...defaultTuning, writeBufferBytes: 256 * mib, tableFileBytes: 64 * mib }],
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

/** Seconds, and the slowest commit in milliseconds. */
async function commitAll(journal: Journal, load: Load): Promise<readonly [number, number]> {
  const payload = Buffer.alloc(load.payloadBytes, 0x5a);
  const recordsTotal = load.totalBytes / load.payloadBytes;
  const heldMax = heldBytesMax / load.payloadBytes;
  let sequence: number = journal.last();
  const end = sequence + recordsTotal;
  let slowestMs = 0;
  const started = performance.now();
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
  return [(performance.now() - started) / 1000, slowestMs];
}

async function appendAll(path: string, load: Load): Promise<number> {
  const file = await open(path, "w");
  const block = Buffer.alloc(load.payloadBytes * load.batch * load.depth, 0x5a);
  const started = performance.now();
  for (let written = 0; written < load.totalBytes; written += block.length) {
    await file.write(block);
    await file.datasync();
  }
  const seconds = (performance.now() - started) / 1000;
  await file.close();
  await rm(path);
  return seconds;
}

async function directoryBytes(directory: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(directory)) bytes += (await stat(join(directory, name))).size;
  return bytes;
}

function row(title: string, load: Load, seconds: number, extra: string): void {
  const records = Math.round(load.totalBytes / load.payloadBytes / seconds);
  const rate = Math.round(load.totalBytes / mib / seconds);
  const shape = `${load.depth} x ${load.batch} x ${load.payloadBytes / 1024} KiB`;
  console.log(
    `${title.padEnd(10)}${shape.padEnd(20)}${String(records).padStart(8)} records/s${String(rate).padStart(6)} MiB/s  ${extra}`,
  );
}

const parent = process.argv[2] ?? tmpdir();
for (const [title, tuning] of process.argv.includes("--tunings") ? tunings : tunings.slice(0, 1)) {
  console.log(title);
  for (const load of loads) {
    const directory = await mkdtemp(join(parent, "waystation-bench-"));
    try {
      row("  raw", load, await appendAll(join(directory, "raw"), load), "append + fdatasync");
      const journal = await openLevelJournal({ group: "g1" as GroupName, directory: join(directory, "j"), tuning });
      const [seconds, slowestMs] = await commitAll(journal, load);
      const used = Math.round(journal.usage().usedBytes / mib);
      await journal.close();
      const stored = Math.round((await directoryBytes(join(directory, "j"))) / mib);
      const opening = performance.now();
      const again = await openLevelJournal({ group: "g1" as GroupName, directory: join(directory, "j"), tuning });
      const openedMs = Math.round(performance.now() - opening);
      row(
        "  journal",
        load,
        seconds,
        `slowest ${Math.round(slowestMs)} ms, holds ${used} MiB in ${stored} MiB, opens in ${openedMs} ms`,
      );
      const reading = performance.now();
      let bytes = 0;
      for (let from: number = again.first(); from <= again.last();) {
        const read = await again.read({ from: toSequence(from), through: again.last(), maxBytes: mib });
        for (const record of read.records) bytes += record.payload.length;
        from = read.completeThrough + 1;
      }
      row("  read", { ...load, totalBytes: bytes }, (performance.now() - reading) / 1000, "from the database");
      await again.close();
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
}
