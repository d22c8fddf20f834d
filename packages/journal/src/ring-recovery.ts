/**
 * Opens what a journal's ring and its database hold. The database knows all batches up to its last checkpoint; the groups
 * after it are found in the ring, one after the other, each by number, position and the checksum of the one before.
 *
 * What a crash can leave, since a group is written only when the one before it is durable:
 * - the group after the last durable one, in any mixture of old and new blocks, or not at all. It was not acknowledged:
 *   the first group that is not whole ends the journal.
 * - behind it never a newer one. If there is one, what lies before it was durable once, and is damaged.
 * - groups of an earlier lap have lower numbers. One that is whole, but not the next, is damage as well.
 *
 * What was found is then written once more where it was read from memory of a system that lived on (kill -9): the next
 * power loss must not take what has been shown.
 */
import { randomBytes } from "node:crypto";
import type { GroupName } from "@waystation/contracts/ids";
import { journalFailure } from "./errors.js";
import { damaged, type DatabaseOperation, type JournalDatabase } from "./level-database.js";
import { batchKey, markKey, recordKey, seal, stateKey } from "./level-layout.js";
import {
  checkEnds,
  createState,
  indexBatch,
  openMark,
  readState,
  recoverFrom,
  type RecoveredJournal,
  type RecoveryOptions,
} from "./level-recovery.js";
import { freshState, type JournalState, type RingState } from "./level-state.js";
import { createRing, ringBytesOn, type Ring } from "./ring.js";
import type { RingStore } from "./ring-store.js";
import {
  blockBytes,
  decodeGroup,
  decodeRingHeader,
  encodeRingHeader,
  readGroupHead,
  ringBytesMin,
  type DecodedGroup,
  type GroupHead,
  type RingHeader,
} from "./ring-layout.js";
import { createPageReader, type PageReader } from "./ring-records.js";

export interface RecoveredRingJournal extends RecoveredJournal {
  readonly ring: Ring;
  readonly readPage: PageReader;
}

const lookAheadBytes = 2 ** 20;

export async function recoverRingJournal(
  media: { readonly database: JournalDatabase; readonly store: RingStore },
  options: RecoveryOptions,
): Promise<RecoveredRingJournal> {
  const { database, store } = media;
  const { place } = options;
  const found = await readState(database, options);
  const header = decodeRingHeader(await store.read(0, blockBytes));
  const state =
    found === null
      ? await createStateAndRing(media, { header, options })
      : checkRing(found, { header, options, store });
  const ring = createRing(store, state.ring);
  const recovered = await recoverFrom(database, state, place);
  await checkNewest(ring, recovered, place);
  const tail = await takeGroups({ database, ring, recovered, state, place });
  const start = recovered.chain.firstRingStart() ?? ring.head();
  if (ring.head() - start > ring.sizeBytes) throw damaged(place, "its batches take more than its ring has");
  ring.moveTail(start);
  const readPage = createPageReader({ database, ring, place });
  await checkEnds(recovered.index, readPage);
  return { ...recovered, ...tail, ring, readPage };
}

interface RingCheck {
  readonly header: RingHeader | "blank" | null;
  readonly options: RecoveryOptions;
  readonly store: RingStore;
}

function checkRing(state: JournalState, { header, options, store }: RingCheck): JournalState {
  const { place, group } = options;
  const { ring } = state;
  if (ring.lies !== store.lies) throw otherAdapter(place, ring.lies);
  if (header === "blank" || header === null) throw damaged(place, "the header of its ring is not whole");
  if (header.group !== group) throw foreignRing(place, header.group, group);
  const fits = header.id === ring.id && header.ringBytes === ring.sizeBytes;
  if (!fits) throw damaged(place, "its ring is that of another journal");
  if (store.reuse === null && ring.sizeBytes > ringBytesOn(store))
    throw damaged(place, "its volume has become smaller than its ring");
  const isAligned = ring.head % blockBytes === 0 && ring.preparedThrough % blockBytes === 0;
  if (!isAligned) throw damaged(place, "its state makes no sense");
  return state;
}

function otherAdapter(place: string, lies: RingState["lies"]): Error {
  const [where, adapter] = lies === "in-files" ? ["in files beside it", "leveldb"] : ["on a volume", "volume"];
  const message = `the journal in ${place} keeps its records ${where}: set its adapter back to ${adapter}, or, once nothing is in it that others need, set the directory aside`;
  return journalFailure("JOURNAL_FOREIGN", message);
}

function foreignRing(place: string, found: string, wanted: GroupName): Error {
  const message = `the ring of the journal in ${place} belongs to group ${found}, not ${wanted}: check the configuration`;
  return journalFailure("JOURNAL_FOREIGN", message);
}

interface Creation {
  readonly header: RingHeader | "blank" | null;
  readonly options: RecoveryOptions;
}

/** The header is durable before the state that names it, so a crash in between leaves a header without any group. */
async function createStateAndRing(
  { database, store }: { readonly database: JournalDatabase; readonly store: RingStore },
  { header, options }: Creation,
): Promise<JournalState> {
  const { group, place } = options;
  const sizeBytes = ringBytesOn(store);
  if (sizeBytes < ringBytesMin) {
    throw journalFailure("JOURNAL_FAILED", `the volume of the journal in ${place} is too small: make it larger`);
  }
  const fresh: RingState = {
    id: randomBytes(8).toString("hex"),
    lies: store.lies,
    sizeBytes,
    head: 0,
    preparedThrough: 0,
  };
  if (header === null) throw damaged(place, "the place of its ring holds something else");
  if (header !== "blank") {
    if (header.group !== group) throw foreignRing(place, header.group, group);
    if (store.reuse === null && header.ringBytes > sizeBytes)
      throw damaged(place, "its volume has become smaller than its ring");
    const first = createRing(store, { ...fresh, id: header.id, sizeBytes: header.ringBytes });
    const block = await first.read(0, blockBytes);
    if (block.some((byte) => byte !== 0)) throw damaged(place, "the index of its ring is missing");
  }
  const data = encodeRingHeader({ id: fresh.id, ringBytes: sizeBytes, group });
  await store.writeBatch([{ offsetBytes: 0, lengthBytes: blockBytes, data }]);
  return createState(database, freshState(group, fresh));
}

/** A ring that is older than its index (restored, or writes that were lost) lacks the newest batch that is known. */
async function checkNewest(ring: Ring, { newest }: RecoveredJournal, place: string): Promise<void> {
  if (newest?.inRing !== true) return;
  const head = readGroupHead(await ring.read(newest.ringStart, blockBytes), ring.id);
  if (head?.number === newest.number && head.crc === newest.crc) return;
  throw damaged(place, `its ring lacks batch ${newest.number}, which its index knows`);
}

interface Search {
  readonly database: JournalDatabase;
  readonly ring: Ring;
  readonly recovered: RecoveredJournal;
  readonly state: JournalState;
  readonly place: string;
}

/** Takes all groups after the checkpoint, and makes a checkpoint that knows them. */
async function takeGroups(search: Search): Promise<{ readonly trimmedThrough: number }> {
  const { database, ring, recovered, state, place } = search;
  const { index, chain, markSum } = recovered;
  const operations: DatabaseOperation[] = [];
  let { trimmedThrough } = recovered;
  let last: Buffer | null = null;
  for (;;) {
    const next = await readNext(search);
    if (next === null) break;
    const { batch, marks: changes } = next.group;
    for (const sequence of batch.cutAfter === null ? [] : index.cutAfter(batch.cutAfter)) {
      operations.push({ type: "del", key: recordKey(sequence) });
    }
    if (batch.cutAfter !== null) {
      chain.cutAfter(batch.cutAfter);
      trimmedThrough = Math.min(trimmedThrough, batch.cutAfter);
    }
    indexBatch(index, batch, place);
    const lastSequence = batch.entries.at(-1)?.sequence ?? null;
    chain.append(next.group.index.readUInt32LE(0), { lastSequence, ringStart: batch.ringStart });
    operations.push({ type: "put", key: batchKey(batch.number), value: next.group.index });
    operations.push(...applyMarks(recovered, changes, place));
    ring.accept(next.bytes.length);
    last = next.bytes;
  }
  if (last === null) return { trimmedThrough };
  await ring.rewrite(ring.head() - last.length, last);
  const after: JournalState = {
    ...state,
    lastBatch: chain.lastNumber(),
    lastBatchCrc: chain.lastCrc(),
    trimmedThrough,
    markCount: markSum.count(),
    markSum: markSum.sum(),
    ring: ring.state(),
  };
  await database.write([...operations, { type: "put", key: stateKey, value: seal(after) }], { sync: true });
  return { trimmedThrough };
}

function applyMarks(
  { marks, markSum }: RecoveredJournal,
  changes: DecodedGroup["marks"],
  place: string,
): DatabaseOperation[] {
  return [...changes].map(([name, value]): DatabaseOperation => {
    const key = markKey(name);
    if (value === null) marks.delete(name);
    else marks.set(name, openMark(name, value, place));
    markSum.set(name, value);
    return value === null ? { type: "del", key } : { type: "put", key, value };
  });
}

interface FoundGroup {
  readonly group: DecodedGroup;
  readonly bytes: Buffer;
}

/** The group at the ring's head; null when the journal ends there. */
async function readNext({ ring, recovered, place }: Search): Promise<FoundGroup | null> {
  const position = ring.head();
  const number = recovered.chain.lastNumber() + 1;
  const head = readGroupHead(await ring.read(position, blockBytes), ring.id);
  if (head !== null && head.number >= number) {
    const follows = head.number === number && head.ringStart === position;
    if (!follows || head.previousCrc !== recovered.chain.lastCrc()) {
      throw damaged(place, `its ring holds batch ${head.number} where batch ${number} should be`);
    }
    // Before memory is made for it. Its first block is whole, so nothing but damage has left that length.
    const group = head.totalBytes > ring.groupBytesMax ? "senseless" : await readGroup(ring, head);
    if (group === "senseless") throw damaged(place, `batch ${number} in its ring makes no sense`);
    if (group !== null) return group;
  }
  await refuseNewerGroups({ ring, position, number, place });
  return null;
}

async function readGroup(ring: Ring, head: GroupHead): Promise<FoundGroup | "senseless" | null> {
  const bytes = await ring.read(ring.head(), head.totalBytes);
  const group = decodeGroup(bytes, head);
  return group === null || group === "senseless" ? group : { group, bytes };
}

interface LookAhead {
  readonly ring: Ring;
  readonly position: number;
  readonly number: number;
  readonly place: string;
}

/** The group after the missing one would begin at most one group's length behind it. */
async function refuseNewerGroups({ ring, position, number, place }: LookAhead): Promise<void> {
  const end = position + ring.groupBytesMax + blockBytes;
  for (let at = position + blockBytes; at < end; at += lookAheadBytes) {
    const bytes = await ring.read(at, Math.min(lookAheadBytes, end - at));
    for (let offset = 0; offset < bytes.length; offset += blockBytes) {
      const head = readGroupHead(bytes.subarray(offset, offset + blockBytes), ring.id);
      if (head === null || head.number <= number || head.ringStart !== at + offset) continue;
      throw damaged(place, `batch ${number} is not whole, though its ring holds batch ${head.number}`);
    }
  }
}
