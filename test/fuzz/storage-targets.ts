/**
 * The readers of what comes from disks: superblocks, stripe log and volume table of an array, and both journals. Each
 * is opened on a damaged copy of a small sound medium, and what it then shows is read. A journal may refuse, or end
 * early, as after power loss; it never shows a record that was not stored.
 */
import assert from "node:assert/strict";
import type { BlockWrite, DurableBlockStore } from "@waystation/contracts/block-device";
import { Failure } from "@waystation/contracts/errors";
import { toSequence, type GroupName, type VolumeName } from "@waystation/contracts/ids";
import type { Journal, JournalRecord } from "@waystation/contracts/journal";
import { openJournalOn } from "@waystation/journal/level-journal";
import type { DatabaseEntry, JournalDatabase } from "@waystation/journal/level-database";
import { openVolumeJournal } from "@waystation/journal/volume-journal";
import { openArray } from "@waystation/raid/io/array";
import { createArray, inspectArray } from "@waystation/raid/io/create-array";
import { createMemoryDisk, placeOf, type MemoryDisk } from "@waystation/raid/io/memory-disk";
import { openVolumes } from "@waystation/volumes/volumes";
import { damage } from "./mutate.js";
import type { FuzzTarget } from "./target.js";

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const group = "g1" as GroupName;
const place = "memory";
const recordCount = 24;

function makeRecord(sequence: number): JournalRecord {
  const payload = Buffer.alloc(64 + sequence * 37, sequence);
  return {
    sequence: toSequence(sequence),
    volume: "vol-a" as VolumeName,
    origin: { incarnation: 3, n: sequence },
    epoch: 2,
    kind: "write",
    offsetBytes: sequence * 4096,
    lengthBytes: payload.length,
    hostTimeMs: sequence,
    payload,
  };
}

const records = Array.from({ length: recordCount }, (_, index) => makeRecord(index + 1));

async function fill(journal: Journal): Promise<void> {
  for (const record of records) {
    await journal.commit({ records: [record], marks: new Map([["applied", record.sequence]]) });
  }
  await journal.close();
}

/** Reads all that the journal says it has. */
async function readAll(journal: Journal): Promise<void> {
  const last = journal.last();
  assert(last <= recordCount, "a journal with more than was stored");
  for (let from = Math.max(1, journal.first()); from <= last;) {
    const { records: found, completeThrough } = await journal.read({
      from: toSequence(from),
      through: last,
      maxBytes: 4096,
    });
    for (const record of found) {
      const stored = records[record.sequence - 1];
      assert(
        stored !== undefined && Buffer.from(stored.payload).equals(Buffer.from(record.payload)),
        "a changed record",
      );
      assert(stored.offsetBytes === record.offsetBytes && stored.volume === record.volume, "a record of elsewhere");
    }
    from = completeThrough + 1;
  }
}

/** Entries in the order of their keys, and their bytes as one buffer: count, then length and bytes of keys and values. */
type Entries = Map<string, DatabaseEntry>;

function databaseOn(entries: Entries): JournalDatabase {
  return {
    write(operations) {
      for (const operation of operations) {
        const id = operation.key.toString("hex");
        if (operation.type === "del") entries.delete(id);
        else entries.set(id, [Buffer.from(operation.key), Buffer.from(operation.value)]);
      }
      return Promise.resolve();
    },
    readRange: ({ first, last, countMax }) =>
      Promise.resolve(
        [...entries.values()]
          .filter(([key]) => Buffer.compare(key, first) >= 0 && Buffer.compare(key, last) <= 0)
          .sort(([a], [b]) => Buffer.compare(a, b))
          .slice(0, countMax),
      ),
    close: () => Promise.resolve(),
  };
}

/** The values of all entries, one behind the other: keys are LevelDB's business, and it has checksums of its own. */
function packValues(entries: Entries): Buffer {
  return Buffer.concat([...entries.values()].map(([, value]) => value));
}

function unpackValues(entries: Entries, bytes: Buffer): Entries {
  let at = 0;
  return new Map(
    [...entries].map(([id, [key, value]]) => {
      const start = at;
      at += value.length;
      return [id, [key, Buffer.from(bytes.subarray(start, at))]];
    }),
  );
}

function storeOn(bytes: Buffer): DurableBlockStore {
  const check = (offsetBytes: number, lengthBytes: number): void => {
    if (offsetBytes >= 0 && offsetBytes + lengthBytes <= bytes.length) return;
    throw new Failure("OUT_OF_RANGE", `${lengthBytes} bytes at ${offsetBytes}`);
  };
  const writeBatch = async (writes: readonly BlockWrite[]): Promise<void> => {
    for (const { offsetBytes, lengthBytes, data } of writes) {
      check(offsetBytes, lengthBytes);
      if (data === null) bytes.fill(0, offsetBytes, offsetBytes + lengthBytes);
      else bytes.set(data, offsetBytes);
    }
    return Promise.resolve();
  };
  return {
    sizeBytes: bytes.length,
    async read(offsetBytes, lengthBytes) {
      check(offsetBytes, lengthBytes);
      return Promise.resolve(Buffer.from(bytes.subarray(offsetBytes, offsetBytes + lengthBytes)));
    },
    readNow: () => false,
    write: (offsetBytes, data) => writeBatch([{ offsetBytes, lengthBytes: data.length, data }]),
    zero: (offsetBytes, lengthBytes) => writeBatch([{ offsetBytes, lengthBytes, data: null }]),
    writeBatch,
    flush: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

async function openAndRead(open: () => Promise<Journal>): Promise<void> {
  const journal = await open();
  try {
    await readAll(journal);
  } finally {
    await journal.close();
  }
}

async function levelTarget(): Promise<FuzzTarget> {
  const entries: Entries = new Map();
  await fill(await openJournalOn(databaseOn(entries), { group, place }));
  const sound = packValues(entries);
  return {
    name: "level-journal",
    samples: [sound],
    mutate: (random) => damage(sound, random),
    read: (input) => openAndRead(() => openJournalOn(databaseOn(unpackValues(entries, input)), { group, place })),
  };
}

/** The volume and the values of its index are damaged together or by themselves. */
async function volumeTarget(): Promise<FuzzTarget> {
  const entries: Entries = new Map();
  const store = Buffer.alloc(260 * kibibyte);
  const media = { database: databaseOn(entries), store: storeOn(store) };
  await fill(await openVolumeJournal(media, { group, place }));
  const index = packValues(entries);
  const sound = Buffer.concat([store, index]);
  return {
    name: "volume-journal",
    samples: [sound],
    mutate(random) {
      const [first, second] = random.pick([[true, false] as const, [false, true] as const, [true, true] as const]);
      return Buffer.concat([first ? damage(store, random) : store, second ? damage(index, random) : index]);
    },
    read: (input) =>
      openAndRead(() => {
        const database = databaseOn(unpackValues(entries, input.subarray(store.length)));
        const damaged = storeOn(Buffer.from(input.subarray(0, store.length)));
        return openVolumeJournal({ database, store: damaged }, { group, place });
      }),
  };
}

const disksOfArray = 3;
const logBytes = 256 * kibibyte;
const diskBytes = 3 * mebibyte;
/** Superblocks, tails and the log; user data has no checksums yet (SPEC A4), so damage there is not fuzzed. */
const metadataBytes = mebibyte + logBytes;

async function diskWith(bytes: Buffer, slot: number): Promise<MemoryDisk> {
  const disk = createMemoryDisk({ file: `disk-${slot}`, sizeBytes: diskBytes });
  await disk.submit([{ kind: "write", offsetBytes: 0, from: bytes, durable: true }]);
  return disk;
}

async function contentOf(disk: MemoryDisk): Promise<Buffer> {
  const into = Buffer.alloc(diskBytes);
  await disk.submit([{ kind: "read", offsetBytes: 0, into }]);
  return into;
}

async function arrayTarget(): Promise<FuzzTarget> {
  const disks = Array.from({ length: disksOfArray }, (_, slot) =>
    createMemoryDisk({ file: `disk-${slot}`, sizeBytes: diskBytes }),
  );
  const unitBytes = 16 * kibibyte;
  const places = disks.map((disk) => placeOf(disk));
  await createArray({ name: "small", level: "raid5", unitBytes, disks: places, diskBytes, logBytes });
  const array = await openArray({ disks: places });
  const volumes = await openVolumes(array);
  await volumes.create("vol-a" as VolumeName, mebibyte);
  const volume = volumes.open("vol-a" as VolumeName);
  for (let i = 0; i < 20; i++) await volume.write(i * 5_000, Buffer.alloc(3_000, i + 1));
  // Not closed: the log has records to replay.
  const whole = await Promise.all(disks.map(contentOf));
  const metadata = Buffer.concat(whole.map((bytes) => bytes.subarray(0, metadataBytes)));
  return {
    name: "array",
    samples: [metadata],
    mutate: (random) => damage(metadata, random),
    async read(input) {
      const damaged = await Promise.all(
        whole.map((bytes, slot) => {
          const copy = Buffer.from(bytes);
          input.copy(copy, 0, slot * metadataBytes, (slot + 1) * metadataBytes);
          return diskWith(copy, slot);
        }),
      );
      const damagedPlaces = damaged.map((disk) => placeOf(disk));
      await inspectArray(damagedPlaces);
      const opened = await openArray({ disks: damagedPlaces });
      const found = await openVolumes(opened);
      for (const { name } of found.list()) await found.open(name).read(0, 64 * kibibyte);
      await opened.close();
    },
  };
}

async function tableTarget(): Promise<FuzzTarget> {
  const store = Buffer.alloc(16 * mebibyte);
  const volumes = await openVolumes(storeOn(store));
  for (let i = 0; i < 5; i++) await volumes.create(`vol-${i}` as VolumeName, mebibyte);
  const tables = Buffer.from(store.subarray(0, mebibyte));
  return {
    name: "volume-table",
    samples: [tables],
    mutate: (random) => damage(tables, random),
    async read(input) {
      const damaged = Buffer.alloc(store.length);
      input.copy(damaged);
      const opened = await openVolumes(storeOn(damaged));
      for (const { name } of opened.list()) await opened.open(name).read(0, 4096);
    },
  };
}

export const storageTargets = (): Promise<FuzzTarget[]> =>
  Promise.all([levelTarget(), volumeTarget(), arrayTarget(), tableTarget()]);
