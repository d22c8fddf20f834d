/**
 * Opening after a crash: the cells that were being written in place as a whole, past the log. Any sector of them may be
 * old or new; no block in them was not being written. An intent is logged while all disks are there, but some may have
 * gone with the power.
 * - Copies are made equal to the first one.
 * - With all data there, parity is formed from whatever the data is.
 * - With data gone, it follows from the others only if these are all of one write; their checksums tell. If they are not,
 *   it is neither old nor new, and is unreadable until it is written again.
 * - With one unit gone and both parities there, either parity will do; the other is formed again to match, so that the
 *   next disk may go. That holds where the unit is unreadable too: it must be *something*, the same by P and by Q.
 *
 * A crash in the midst leaves the intents where they are: the same is done again, from disks of which only those that are
 * formed again have changed.
 */
import { crc32c } from "@node-rs/crc32";
import { absentUnits, presentCopy, solveUnit, type Absent } from "../core/erasure.js";
import type { Slot, StripeLayout } from "../core/level.js";
import type { LogEntry } from "../core/log-record.js";
import { addRange, type RangeSet } from "../core/range-set.js";
import { createParityArena, type ParityArena } from "../parity/parity-arena.js";
import { weightedSum } from "../parity/weighted-sum.js";
import type { Members } from "./members.js";

export type Intent = Extract<LogEntry, { readonly kind: "intent" }>;

/** Settles one cell, all of whose intents are given. Returns the unreadable ranges with those of this cell. */
export type SettleIntents = (intents: readonly Intent[], lost: RangeSet) => Promise<RangeSet>;

export function createIntentSettler(members: Members): SettleIntents {
  const { geometry } = members;
  const reform = createReformer(members);

  /** Null when a disk failed meanwhile. */
  const attempt = async (intents: readonly Intent[], lost: RangeSet): Promise<RangeSet | null> => {
    const { diskOffsetBytes, lengthBytes } = intents[0] as Intent;
    const inData = diskOffsetBytes - geometry.dataOffsetBytes;
    const stripe = Math.floor(inData / geometry.unitBytes);
    const [layout, absent] = [geometry.layoutOf(stripe), members.absentIn(stripe)];
    const range = { diskOffsetBytes, lengthBytes };
    if (layout.parity.length === 0) {
      for (const copies of layout.data) if (!(await equalise(members, present(copies, absent), range))) return null;
      return lost;
    }
    const parity = present(layout.parity, absent);
    const gone = absentUnits(layout, absent);
    if (parity.length === 0) return lost;
    if (gone.length === 0) return (await reform({ layout, absent, range }, parity)) ? lost : null;

    const matches = await matchesOf(members, intents);
    if (matches === null) return null;
    const data = layout.data.flatMap((copies) => present(copies, absent));
    // So many parities as are needed: both for two units, either one for one.
    const choices = gone.length === parity.length ? [parity] : parity.map((slot) => [slot]);
    const trusted = choices.find((choice) => isOfOneWrite(matches, [...data, ...choice]));
    const distrusted = parity.filter((slot) => !(trusted ?? (choices[0] as Slot[])).includes(slot));
    if (distrusted.length > 0 && !(await reform({ layout, absent, range }, distrusted))) return null;
    if (trusted !== undefined) return lost;
    const column = stripe * geometry.stripeBytes + (inData % geometry.unitBytes);
    return gone.reduce(
      (ranges, unit) => addRange(ranges, { offsetBytes: column + unit * geometry.unitBytes, lengthBytes }),
      lost,
    );
  };

  const settle: SettleIntents = async (intents, lost) => {
    const settled = await attempt(intents, lost);
    if (settled !== null) return settled;
    // A disk failed meanwhile: the question is another one now, unless it was one too many.
    members.checkUsable();
    return settle(intents, lost);
  };
  return settle;
}

interface DiskRange {
  readonly diskOffsetBytes: number;
  readonly lengthBytes: number;
}

function present(slots: readonly Slot[], absent: Absent): Slot[] {
  return slots.filter((slot) => !absent(slot));
}

async function equalise(members: Members, copies: readonly Slot[], range: DiskRange): Promise<boolean> {
  const [source, ...others] = copies;
  if (source === undefined) return true;
  const from = Buffer.alloc(range.lengthBytes);
  if (!(await readRange(members, source, range, from))) return false;
  for (const slot of others) await writeRange(members, slot, range, from);
  return true;
}

/** For each intent, by slot, whether the disk holds what it was to write; null when a disk could not be read. */
async function matchesOf(members: Members, intents: readonly Intent[]): Promise<ReadonlySet<Slot>[] | null> {
  const range = intents[0] as Intent;
  const actual = new Map<Slot, number>();
  const into = Buffer.alloc(range.lengthBytes);
  for (const slot of members.present()) {
    if (!(await readRange(members, slot, range, into))) return null;
    actual.set(slot, crc32c(into));
  }
  return intents.map(({ checksums }) => {
    return new Set([...actual].filter(([slot, checksum]) => checksums[slot] === checksum).map(([slot]) => slot));
  });
}

function isOfOneWrite(matches: readonly ReadonlySet<Slot>[], slots: readonly Slot[]): boolean {
  return matches.some((matching) => slots.every((slot) => matching.has(slot)));
}

interface ReformedRange {
  readonly layout: StripeLayout;
  readonly absent: Absent;
  readonly range: DiskRange;
}

/** Forms the distrusted parity of a range from all that is trusted. False when a disk could not be read. */
type Reform = (what: ReformedRange, distrusted: readonly Slot[]) => Promise<boolean>;

/** All ranges go through one arena: there may be thousands of them, and each arena reserves address space of its own. */
function createReformer(members: Members): Reform {
  const { diskCount, windowBytes } = members.geometry;
  let arena: ParityArena | null = null;

  return async ({ layout, absent, range }, distrusted) => {
    // A window for each disk, and one for each unit that must be worked out.
    arena ??= createParityArena((diskCount + 2) * windowBytes);
    const { bytes } = arena;
    const { lengthBytes } = range;
    const at = (place: number): Buffer => bytes.subarray(place * windowBytes, place * windowBytes + lengthBytes);
    const isOut: Absent = (slot) => absent(slot) || distrusted.includes(slot);
    for (const slot of [...layout.data.flat(), ...layout.parity]) {
      if (!isOut(slot) && !(await readRange(members, slot, range, at(slot)))) return false;
    }
    let solved = diskCount;
    const units = [...layout.data.keys()].map((unit) => {
      const slot = presentCopy(layout, isOut, unit);
      if (slot !== undefined) return slot * windowBytes;
      const place = solved++ * windowBytes;
      const terms = solveUnit(layout, isOut, unit) ?? [];
      const sources = terms.map((term) => ({ at: term.slot * windowBytes, coefficient: term.coefficient }));
      weightedSum(arena as ParityArena, place, sources, lengthBytes);
      return place;
    });
    const [p, q] = layout.parity.map((slot) => (distrusted.includes(slot) ? slot * windowBytes : null));
    arena.formParity({ p: p ?? null, q: q ?? null, units, lengthBytes });
    for (const slot of distrusted) await writeRange(members, slot, range, at(slot));
    return true;
  };
}

function readRange(members: Members, slot: Slot, range: DiskRange, into: Buffer): Promise<boolean> {
  return members.submit(slot, [{ kind: "read", offsetBytes: range.diskOffsetBytes, into }]);
}

function writeRange(members: Members, slot: Slot, range: DiskRange, from: Uint8Array): Promise<boolean> {
  return members.submit(slot, [{ kind: "write", offsetBytes: range.diskOffsetBytes, from, durable: false }]);
}
