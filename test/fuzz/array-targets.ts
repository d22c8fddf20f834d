/** An array and the volumes on it, opened on damaged superblocks, tails, logs and volume tables. */
import type { Failure } from "@waystation/contracts/errors";
import type { VolumeName } from "@waystation/contracts/ids";
import { createRandom, type Random } from "@waystation/contracts/random";
import { sealBlock } from "@waystation/raid/core/checksum";
import { openArray } from "@waystation/raid/io/array";
import { createArray } from "@waystation/raid/io/create-array";
import { inspectArray } from "@waystation/raid/io/inspect-disk";
import { createMemoryDisk, placeOf, type MemoryDisk } from "@waystation/raid/io/memory-disk";
import { openVolumes } from "@waystation/volumes/volumes";
import { mutateText } from "./format-targets.js";
import { storeOn } from "./journal-media.js";
import { damage, setWord } from "./mutate.js";
import type { FuzzTarget } from "./target.js";

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const blockBytes = 4 * kibibyte;
const diskCount = 3;
const logBytes = 384 * kibibyte;
const diskBytes = 4 * mebibyte;
/** Superblocks, tails and the log, of each disk. */
const metadataBytes = mebibyte + logBytes;

/** A copy of a disk whose metadata differ. Only what differs is written: the rest is shared. */
async function diskWith(disk: MemoryDisk, before: Buffer, metadata: Buffer): Promise<MemoryDisk> {
  const copy = disk.clone();
  for (let at = 0; at < metadataBytes; at += blockBytes) {
    const from = metadata.subarray(at, at + blockBytes);
    if (before.subarray(at, at + blockBytes).equals(from)) continue;
    await copy.submit([{ kind: "write", offsetBytes: at, from, durable: true }]);
  }
  return copy;
}

async function metadataOf(disk: MemoryDisk): Promise<Buffer> {
  const into = Buffer.alloc(metadataBytes);
  await disk.submit([{ kind: "read", offsetBytes: 0, into }]);
  return into;
}

type Change = (random: Random) => (bytes: Buffer) => void;

interface Structure {
  /** Where it lies, in the metadata of every disk that has it. */
  readonly places: readonly { readonly at: number; readonly bytes: number }[];
  readonly fix: (bytes: Buffer) => void;
  readonly change: Change;
}

const damageAll: Change = (random) => (bytes) => void damage(bytes, random).copy(bytes);

/** Of a record of the log: its header or its directory. */
const damageDirectory: Change = (random) => (record) => {
  const [directory, end] = [record.readUInt32LE(44), record.readUInt32LE(52)];
  const part = random.chance(0.3) ? record.subarray(40, 56) : record.subarray(directory, end);
  if (random.chance(0.7)) setWord(part, random);
  else damage(part, random).copy(part);
};

const changeText: Change = (random) => (block) => void mutateText(block, random, { length: 12, text: 20 });

function structuresIn(metadata: Buffer): Structure[] {
  const starts = Array.from({ length: diskCount }, (_, slot) => slot * metadataBytes);
  const fixRecord = (record: Buffer): void => {
    const usedBytes = record.readUInt32LE(52);
    if (usedBytes >= 64 && usedBytes <= record.length) sealBlock(record.subarray(0, usedBytes), 56);
  };
  const blocksAt = (offsets: readonly number[]) =>
    starts.flatMap((start) => offsets.map((offset) => ({ at: start + offset, bytes: blockBytes })));
  const records: Structure[] = [];
  for (let offset = mebibyte; offset < metadataBytes; offset += blockBytes) {
    if (metadata.toString("latin1", offset, offset + 4) !== "WSLR") continue;
    const bytes = metadata.readUInt32LE(offset + 40);
    const places = starts.slice(0, 2).map((start) => ({ at: start + offset, bytes }));
    records.push({ places, fix: fixRecord, change: damageDirectory });
  }
  const superblocks = blocksAt([0, 32 * kibibyte]);
  const tails = blocksAt([64 * kibibyte, 96 * kibibyte]);
  return [
    { places: superblocks, fix: (block) => sealBlock(block, 16), change: changeText },
    { places: tails, fix: (block) => sealBlock(block, 40), change: damageAll },
    ...records,
  ];
}

/** Changes one structure on one disk, or in the same way on all of them, and makes its checksum right. */
function changeStructure(sound: Buffer, structures: readonly Structure[], random: Random): Buffer {
  const metadata = Buffer.from(sound);
  const { places, fix, change } = random.pick([...structures.slice(0, 2), random.pick(structures)]);
  const seed = random.below(2 ** 31);
  for (const { at, bytes } of random.chance(0.6) ? places : [random.pick(places)]) {
    const structure = metadata.subarray(at, at + bytes);
    change(createRandom(seed))(structure);
    fix(structure);
  }
  return metadata;
}

const mayRefuse = ({ code }: Failure): boolean => /^(ARRAY|DISK|VOLUME|IO_ERROR)/.test(code);

async function arrayTarget(): Promise<FuzzTarget> {
  const disks = Array.from({ length: diskCount }, (_, slot) =>
    createMemoryDisk({ file: `disk-${slot}`, sizeBytes: diskBytes }),
  );
  const unitBytes = 16 * kibibyte;
  const places = disks.map((disk) => placeOf(disk));
  await createArray({ name: "small", level: "raid5", unitBytes, disks: places, diskBytes, logBytes });
  const array = await openArray({ disks: places });
  const volumes = await openVolumes(array);
  await volumes.create("vol-a" as VolumeName, mebibyte);
  const volume = volumes.open("vol-a" as VolumeName);
  for (let i = 0; i < 8; i++) await volume.write(i * 5_000, Buffer.alloc(3_000, i + 1));
  await volume.write(64 * kibibyte, Buffer.alloc(64 * kibibyte, 9));
  // Not closed: the log has records to replay.
  const metadata = Buffer.concat(await Promise.all(disks.map(metadataOf)));
  const structures = structuresIn(metadata);
  return {
    name: "array",
    samples: [metadata],
    mutate: (random) => (random.chance(0.3) ? damage(metadata, random) : changeStructure(metadata, structures, random)),
    mayRefuse,
    async read(input) {
      const damaged = await Promise.all(
        disks.map((disk, slot) => {
          const [start, end] = [slot * metadataBytes, (slot + 1) * metadataBytes];
          return diskWith(disk, metadata.subarray(start, end), input.subarray(start, end));
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

async function volumesTarget(): Promise<FuzzTarget> {
  const store = Buffer.alloc(16 * mebibyte);
  const volumes = await openVolumes(storeOn(store));
  for (let i = 0; i < 5; i++) await volumes.create(`vol-${i}` as VolumeName, mebibyte);
  const tables = Buffer.from(store.subarray(0, mebibyte));
  const fix = (copy: Buffer): void => {
    const end = 20 + copy.readUInt32LE(12);
    if (end <= copy.length) sealBlock(copy.subarray(0, end), 16);
  };
  const copies = [0, 512 * kibibyte];
  return {
    name: "volumes",
    samples: [tables],
    mayRefuse,
    mutate(random) {
      if (random.chance(0.3)) return damage(tables, random);
      const changed = Buffer.from(tables);
      for (const at of random.chance(0.5) ? copies : [random.pick(copies)]) {
        const copy = changed.subarray(at, at + 512 * kibibyte);
        changeText(random)(copy);
        fix(copy);
      }
      return changed;
    },
    async read(input) {
      const damaged = Buffer.alloc(store.length);
      input.copy(damaged);
      const opened = await openVolumes(storeOn(damaged));
      for (const { name } of opened.list()) await opened.open(name).read(0, 512);
      if (opened.freeBytes() > 0) await opened.create("new" as VolumeName, 512).catch(mustBeNamed);
    },
  };
}

function mustBeNamed(error: unknown): void {
  if ((error as Partial<Failure>).code !== "VOLUME_EXISTS") throw error;
}

export const arrayTargets = (): Promise<FuzzTarget[]> => Promise.all([arrayTarget(), volumesTarget()]);
