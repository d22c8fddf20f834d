/**
 * What a copy run overwrites at a secondary, kept until the run has ended (PROTOCOL 9): before a unit of 64 KiB is changed
 * for the first time in a run, what it held is durable in a journal of its own. So at any instant the image that the run
 * began with can be put back, and a takeover in the middle of a copy yields that image, never a half-copied one.
 *
 *     mark `set`          the run whose pre-images these are; none while there is no run
 *     mark `after`        records up to this number belong to no run any more
 *     mark `saved/V/word` which units are kept (unit-set.ts)
 *     records             one per unit, numbered on and on: volume, place, and what was there
 *
 * Crashes: dying before a commit of records is durable, the units are as they were, because they are overwritten only
 * after it; dying after it, they are kept, and are not kept again, because records and `saved` are one commit. Dropping a
 * set is one commit of marks: records that a crash brings back after their trim are below `after`, and are trimmed again.
 */
import { endOf, type ByteRange } from "@waystation/contracts/byte-range";
import { Failure } from "@waystation/contracts/errors";
import { noOrigin, noSequence } from "@waystation/contracts/ids";
import { recordOverheadBytes, type JournalUsage } from "@waystation/contracts/journal";
import type { Desk } from "./effects.js";
import { limits } from "./limits.js";
import { readSequence, type Marks } from "./marks.js";
import type { GroupVolume } from "./membership.js";
import { createUnitSet, type Unit } from "./unit-set.js";
import { storeRecords } from "./store-records.js";
import type { JournalRecord, MarkValue, Sequence, VolumeName } from "./vocabulary.js";

/** The journal of pre-images, as of the last commit. */
export interface PreImageJournal {
  readonly marks: () => Marks;
  /** The highest number that it holds. */
  readonly last: () => Sequence;
  readonly usage: () => JournalUsage;
}

export type VolumeRange = ByteRange & { readonly volume: VolumeName };

export interface PreImages {
  /** Whether what is kept is of this run. */
  isOf(set: string): boolean;
  /** From now on pre-images are of this run, durably; those of another one are dropped. Then calls back. */
  begin(set: string, then: () => void): void;
  /**
   * Keeps what the ranges hold, as far as it is not kept yet, then calls back: they may be overwritten. Waits for room as
   * long as there is none. A failure: what they hold could not be read.
   */
  keep(ranges: readonly VolumeRange[], then: (failure: Failure | null) => void): void;
  /** Whoever waits for room looks again. */
  retry(): void;
  /** True while somebody waits for room. */
  isFull(): boolean;
  /** Forgets who waits for room. Nothing of his is under way. */
  abandon(): void;
  /** Puts everything back that is kept, then calls back: the volumes hold what they did when the run began. */
  restore(then: (failure: Failure | null) => void): void;
  /** The run is over: nothing is kept any more. To be called at a start without a run, too. */
  drop(): void;
  usage(): JournalUsage;
}

const setMark = "set";
const afterMark = "after";

export function createPreImages(desk: Desk, journal: PreImageJournal, volumes: readonly GroupVolume[]): PreImages {
  const unitBytes = limits.preImageUnitBytes;
  const sizes = new Map(volumes.map(({ name, sizeBytes }) => [name, sizeBytes]));
  const saved = createUnitSet(journal.marks(), "saved");
  const found = journal.marks().get(setMark);
  /** Whose the records are. */
  let held = typeof found === "string" ? found : "";
  let after = readSequence(journal.marks(), afterMark);
  let last = Math.max(journal.last(), after) as Sequence;
  /** Somebody for whom there was no room; it is looked again once there is another. */
  let waiting: { readonly roomBytes: number; readonly again: () => void } | null = null;
  // Deletions are not synced: what a crash brought back would hold room for ever.
  if (journal.last() > noSequence) desk.preImages.trim(after);

  /** One commit, so that nothing of an earlier run is ever taken for this one's. */
  const turnOver = (set: string, then: () => void): void => {
    const marks = new Map<string, MarkValue | undefined>(saved.clear());
    held = set;
    after = last;
    marks.set(setMark, set === "" ? undefined : set).set(afterMark, after);
    const through = last;
    desk.preImages.commit({ marks }, () => {
      desk.preImages.trim(through);
      then();
    });
  };

  const unsaved = function* (ranges: readonly VolumeRange[]): Generator<Unit> {
    const seen = new Set<string>();
    for (const range of ranges) {
      const { volume } = range;
      for (let index = Math.floor(range.offsetBytes / unitBytes); index * unitBytes < endOf(range); index++) {
        const key = `${volume}/${index}`;
        if (seen.has(key) || saved.has({ volume, index })) continue;
        seen.add(key);
        yield { volume, index };
      }
    }
  };

  const rangeOf = ({ volume, index }: Unit): VolumeRange => {
    const offsetBytes = index * unitBytes;
    return { volume, offsetBytes, lengthBytes: Math.min(unitBytes, (sizes.get(volume) ?? 0) - offsetBytes) };
  };

  const roomBytes = (): number => journal.usage().capacityBytes - journal.usage().usedBytes;

  const keepUnits = (units: readonly Unit[], then: (failure: Failure | null) => void): void => {
    const batch = units.slice(0, limits.preImageUnitsAtOnce);
    if (batch.length === 0) return then(null);
    loadAll(desk, batch.map(rangeOf), (contents) => {
      if (contents instanceof Failure) return then(contents);
      const room = roomBytes();
      const records = fitting(contents, room).map((content) => preImage(content, (last = (last + 1) as Sequence)));
      if (records.length === 0) {
        waiting = { roomBytes: room, again: () => keepUnits(units, then) };
        return;
      }
      desk.preImages.commit({ records, marks: saved.add(batch.slice(0, records.length)) }, () => {
        keepUnits(units.slice(records.length), then);
      });
    });
  };

  const restoreAbove = (from: Sequence, then: (failure: Failure | null) => void): void => {
    if (from >= last) return then(null);
    const range = { from: (from + 1) as Sequence, through: last, maxBytes: limits.applyBatchBytes };
    desk.preImages.readJournal(range, ({ records, completeThrough }) => {
      storeRecords(desk, records, (failure) => {
        if (failure !== null) return then(failure);
        restoreAbove(completeThrough, then);
      });
    });
  };

  return {
    isOf: (set) => held === set,
    begin(set, then) {
      if (held === set) return then();
      turnOver(set, then);
    },
    keep(ranges, then) {
      keepUnits([...unsaved(ranges)], then);
    },
    retry() {
      if (waiting === null || waiting.roomBytes === roomBytes()) return;
      const { again } = waiting;
      waiting = null;
      again();
    },
    isFull: () => waiting !== null,
    abandon() {
      waiting = null;
    },
    restore: (then) => restoreAbove(after, then),
    drop() {
      if (held !== "") turnOver("", () => {});
    },
    usage: () => journal.usage(),
  };
}

interface Content {
  readonly range: VolumeRange;
  readonly data: Buffer;
}

/** As many of them, from the first on, as there is room for. */
function fitting(contents: readonly Content[], roomBytes: number): readonly Content[] {
  let left = roomBytes;
  const tooMuch = contents.findIndex(({ data }) => {
    left -= recordOverheadBytes + (isZero(data) ? 0 : data.length);
    return left < 0;
  });
  return tooMuch < 0 ? contents : contents.slice(0, tooMuch);
}

/** Loads all at once; calls back when the last one has come. */
function loadAll(desk: Desk, ranges: readonly VolumeRange[], then: (contents: Content[] | Failure) => void): void {
  const contents: Content[] = [];
  let failed: Failure | null = null;
  let left = ranges.length;
  ranges.forEach((range, index) => {
    desk.load(range.volume, range, (data) => {
      if (data instanceof Failure) failed = data;
      else contents[index] = { range, data };
      left -= 1;
      if (left === 0) then(failed ?? contents);
    });
  });
}

function preImage({ range, data }: Content, sequence: Sequence): JournalRecord {
  const { volume, offsetBytes, lengthBytes } = range;
  const common = { sequence, volume, origin: noOrigin, epoch: 0, offsetBytes, lengthBytes, hostTimeMs: 0 };
  // A new volume is mostly zeros: they need no room.
  return isZero(data)
    ? { ...common, kind: "zero", payload: new Uint8Array(0) }
    : { ...common, kind: "write", payload: data };
}

function isZero(data: Buffer): boolean {
  return data.length === 0 || (data[0] === 0 && data.compare(data, 1, data.length, 0, data.length - 1) === 0);
}
