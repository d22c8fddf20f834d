/**
 * A journal, opened on a damaged copy of small sound media, read, and written to. With wrong checksums a journal may
 * refuse, or end early, as after power loss, but never shows a record that was not stored. With right ones it may show what
 * the damage says. It always refuses by name, as damaged or foreign, and never as a medium that fails.
 */
import type { Failure } from "@waystation/contracts/errors";
import type { GroupName } from "@waystation/contracts/ids";
import type { Journal } from "@waystation/contracts/journal";
import type { Random } from "@waystation/contracts/random";
import type { DatabaseEntry } from "@waystation/journal/level-database";
import { openVolumeJournal } from "@waystation/journal/volume-journal";
import { sealFront } from "./format-targets.js";
import { copyOf, databaseOn, fill, readAll, storeOn, type Entries } from "./journal-media.js";
import { putNewestBatch, resealDatabase, resealGroups } from "./journal-reseal.js";
import { damage } from "./mutate.js";
import { mutateJson } from "./mutate-json.js";
import type { FuzzTarget } from "./target.js";

const blockBytes = 4096;
const place = "the medium";
const options = { group: "g1" as GroupName, place, tailCacheBytes: 0 };

interface Media {
  readonly entries: Entries;
  readonly store: Buffer;
  /** Its checksums are wrong where it was changed. */
  readonly isGenuine: boolean;
}

// ---- media as one input: flag, then entries with their lengths, then the store -------------------------------------

function pack({ entries, store, isGenuine }: Media): Buffer {
  const parts: Buffer[] = [Buffer.from([isGenuine ? 1 : 0])];
  const put = (bytes: Buffer): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    parts.push(length, bytes);
  };
  for (const [key, value] of entries.values()) {
    put(key);
    put(value);
  }
  return Buffer.concat([...parts, Buffer.alloc(4), store]);
}

function unpack(input: Buffer): Media {
  const entries: Entries = new Map();
  let at = 1;
  const take = (): Buffer => {
    const bytes = Buffer.from(input.subarray(at + 4, at + 4 + input.readUInt32LE(at)));
    at += 4 + bytes.length;
    return bytes;
  };
  for (let key = take(); key.length > 0; key = take()) entries.set(key.toString("hex"), [key, take()]);
  return { entries, store: Buffer.from(input.subarray(at)), isGenuine: input[0] === 1 };
}

// ---- changes -------------------------------------------------------------------------------------------------------

function kindOf([key]: DatabaseEntry): string {
  return key.toString("latin1", 0, 1);
}

/** Sets a field of a batch index to what it may well be elsewhere: a number, a place, or the size of a record. */
function setBatchField(index: Buffer, random: Random): Buffer {
  const value = Buffer.from(index);
  const entryAt = 40 + 16 * random.below(Math.max(1, Math.floor((index.length - 40) / 16)));
  const at = random.pick([8, 24, 32, entryAt, entryAt, entryAt + 8]);
  const isSize = at === entryAt + 8;
  if (at + 8 > value.length) return value;
  if (isSize) value.writeUInt32LE(random.pick([0, 1, 200, 4096, 40_000, 0x7fffffff, 0xffffffff]), at);
  else
    value.writeBigUInt64LE(
      BigInt(random.pick([random.below(32), blockBytes * random.below(64), 2 ** 40, 2 ** 60])),
      at,
    );
  return value;
}

/** What a group says of its own length, or of that of its marks. */
function setGroupLength(group: Buffer, random: Random): void {
  const lengths = [0, 1, 7, blockBytes * random.below(20), 2 ** 31 - blockBytes, 2 ** 32 - blockBytes];
  group.writeUInt32LE(random.pick(lengths), random.pick([16, 20]));
}

function changeValue(entry: DatabaseEntry, random: Random): Buffer {
  const [, value] = entry;
  if (kindOf(entry) === "b" && random.chance(0.6)) return setBatchField(value, random);
  const isJson = kindOf(entry) === "s" || kindOf(entry) === "m";
  if (isJson && random.chance(0.7)) return Buffer.from(`    ${mutateJson(value.toString("utf8", 4), random)}`);
  return random.chance(0.1) ? value.subarray(0, random.below(value.length)) : damage(value, random);
}

/** Changes some entries; true when the state is among them. */
function changeEntries(entries: Entries, random: Random): boolean {
  let isStateChanged = false;
  for (let edits = 1 + random.below(3); edits > 0; edits--) {
    const all = [...entries];
    if (all.length === 0) break;
    const kind = random.pick(["s", "b", "m", "r"]);
    const some = all.filter(([, entry]) => kindOf(entry) === kind);
    const [id, entry] = random.pick(some.length > 0 ? some : all);
    isStateChanged ||= kindOf(entry) === "s";
    if (random.chance(0.1)) entries.delete(id);
    else if (random.chance(0.1)) entries.set(id, [entry[0], Buffer.from(random.pick(all)[1][1])]);
    else entries.set(id, [entry[0], changeValue(entry, random)]);
  }
  return isStateChanged;
}

type Sealing = "none" | "changed" | "all";

/** One of the journal's database or its store, or both; its checksums left wrong, or made right. */
function change(sound: Media, groups: readonly GroupPlace[], random: Random): Media {
  const entries = copyOf(sound.entries);
  const [changesIndex, changesStore] = sound.store.length === 0 ? [true, false] : random.pick(parts);
  const sealing: Sealing = random.pick(["none", "changed", "all"]);
  const isStateChanged = changesIndex && changeEntries(entries, random);
  if (sealing === "changed") for (const [, value] of entries.values()) sealFront(value);
  if (sealing === "all") resealDatabase(entries, isStateChanged);
  const store = changesStore ? changeStore(sound.store, groups, { random, sealing }) : Buffer.from(sound.store);
  if (sealing === "all" && changesIndex) putNewestBatch(entries, store, groups);
  return { entries, store, isGenuine: sealing === "none" };
}

const parts = [
  [true, false],
  [false, true],
  [true, true],
] as const;

interface GroupPlace {
  readonly at: number;
  readonly bytes: number;
}

function changeStore(
  sound: Buffer,
  groups: readonly GroupPlace[],
  { random, sealing }: { readonly random: Random; readonly sealing: Sealing },
): Buffer {
  if (sealing === "none" || random.chance(0.2)) return damage(sound, random);
  const store = Buffer.from(sound);
  // After a crash these are read one by one.
  const newest = groups.slice(-6);
  const { at, bytes } = random.pick([{ at: 0, bytes: blockBytes }, ...groups, ...newest, ...newest, ...newest]);
  const index = store.subarray(at + 32, at + bytes);
  if (at > 0 && random.chance(0.3)) setBatchField(index, random).copy(index);
  if (random.chance(0.3)) setGroupLength(store.subarray(at, at + bytes), random);
  // Mostly where a group speaks of itself, of its records and of its marks, and not in payloads.
  const start = random.chance(0.6) ? 0 : random.below(bytes / 2);
  const part = store.subarray(at + start, at + Math.min(bytes, start + random.pick([100, 200, bytes])));
  damage(part, random).copy(part);
  sealFront(store.subarray(0, blockBytes));
  if (sealing === "all") resealGroups(store, groups);
  return store;
}

// ---- targets -------------------------------------------------------------------------------------------------------

async function openAndUse(open: () => Promise<Journal>, isGenuine: boolean): Promise<void> {
  const journal = await open();
  try {
    await readAll(journal, isGenuine);
    await journal.commit({ marks: new Map([["fuzz", 1]]) });
  } finally {
    await journal.close();
  }
}

function mayRefuse({ code, message }: Failure): boolean {
  return (code === "JOURNAL_DAMAGED" || code === "JOURNAL_FOREIGN") && message.includes(place);
}

function journalTarget(name: string, sound: Media, open: (media: Media) => Promise<Journal>): FuzzTarget {
  const groups = groupsOf(sound.store);
  return {
    name,
    samples: [pack(sound)],
    mutate: (random) => pack(change(sound, groups, random)),
    mayRefuse,
    read(input) {
      const media = unpack(input);
      return openAndUse(() => open(media), media.isGenuine);
    },
  };
}

/** Of a ring that has not come round yet. */
function groupsOf(store: Buffer): GroupPlace[] {
  const groups: GroupPlace[] = [];
  for (let at = blockBytes; at < store.length && store.toString("latin1", at + 4, at + 8) === "WSGP";) {
    const bytes = store.readUInt32LE(at + 16);
    groups.push({ at, bytes });
    at += bytes;
  }
  return groups;
}

const openOnVolume = ({ entries, store }: Media): Promise<Journal> =>
  openVolumeJournal({ database: databaseOn(entries), store: storeOn(store) }, options);

/** `end`: closed, the index knows everything; after a crash the newest groups are found in the ring. */
async function ringTarget(name: string, end: "closed" | "crashed"): Promise<FuzzTarget> {
  const media: Media = { entries: new Map(), store: Buffer.alloc(65 * blockBytes), isGenuine: true };
  const first = await openOnVolume(media);
  await fill(first, 0, 18);
  await first.close();
  const second = await openOnVolume(media);
  await fill(second, 18);
  if (end === "closed") await second.close();
  const sound = { ...media, entries: copyOf(media.entries), store: Buffer.from(media.store) };
  return journalTarget(name, sound, openOnVolume);
}

export const journalTargets = (): Promise<FuzzTarget[]> =>
  Promise.all([ringTarget("ring-journal", "closed"), ringTarget("ring-crashed", "crashed")]);
