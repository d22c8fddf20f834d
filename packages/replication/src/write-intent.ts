/**
 * The write intent of one primary volume (PROTOCOL 1.2, 2c): the units whose content may differ between the local
 * array and the relay's journal if the primary dies now. A unit is durable in the intent before either leg of a write
 * to it starts, and leaves it lazily, least recently used first, only while no write to it is under way. So a hot unit
 * costs one sync, not one per write; a recovering primary re-sends the units that are left.
 *
 * It is the younger part of what the far side may lack, too (B8): a unit that leaves goes into the region log in the same
 * commit, unless every secondary has validated what was last written to it.
 */
import assert from "node:assert/strict";
import { endOf, type ByteRange } from "@waystation/contracts/byte-range";
import { compareOrigin, noOrigin, type OriginNumber } from "@waystation/contracts/ids";
import type { CoveringOrigin } from "./region-log.js";

interface Unit {
  /** Writes under way that touch it. */
  active: number;
  state: "wanted" | "committing" | "durable";
  /** The highest number of a write to it that may have happened; null when no number covers what it holds. */
  last: CoveringOrigin;
}

/** A unit that leaves the intent, and what is written there may be lacking at the far side. */
export interface FoldedUnit {
  readonly unit: number;
  readonly last: CoveringOrigin;
}

/** Units to be added to and removed from the durable intent, in one commit. */
export interface IntentChange {
  readonly added: readonly number[];
  readonly removed: readonly number[];
  /** Those of the removed that go into the region log in the same commit. */
  readonly folded: readonly FoldedUnit[];
}

export interface WriteIntent {
  /** Counts a write in. True when all its units are durable and its legs may start. */
  enter(range: ByteRange): boolean;
  isDurable(range: ByteRange): boolean;
  /** Counts a write out that never started. */
  withdraw(range: ByteRange): void;
  /** Counts a write out whose legs have ended: with its number, or null if it went to the array alone. */
  exit(range: ByteRange, last: CoveringOrigin): void;
  /** The whole unit was sent under this number: whatever was written to it before is covered. */
  cover(unit: number, last: OriginNumber): void;
  /** What must be committed now, if anything. Each unit is handed out once. `validated`: so far by every secondary. */
  takeChange(validated: OriginNumber): IntentChange | null;
  confirm(change: IntentChange): void;
  /** Every unit in the intent, ascending. */
  units(): number[];
  /**
   * The units that the far side may lack, for a copy run to take over: from now on only what is written later counts.
   * Writes under way are among them.
   */
  handOver(validated: OriginNumber): number[];
}

export interface IntentOptions {
  readonly unitBytes: number;
  readonly unitsMax: number;
  /** What the durable intent holds already. */
  readonly recovered: readonly number[];
}

export function createWriteIntent(options: IntentOptions): WriteIntent {
  // In order of last use: the first key is the least recently used.
  const units = new Map<number, Unit>();
  for (const index of options.recovered) units.set(index, { active: 0, state: "durable", last: null });
  let wanted: number[] = [];

  const touch = (index: number): Unit => {
    const unit = units.get(index) ?? { active: 0, state: "wanted", last: noOrigin };
    if (!units.delete(index)) wanted.push(index);
    units.set(index, unit);
    return unit;
  };
  const indexes = function* (range: ByteRange): Generator<number> {
    const last = Math.floor((endOf(range) - 1) / options.unitBytes);
    for (let index = Math.floor(range.offsetBytes / options.unitBytes); index <= last; index++) yield index;
  };
  const leave = (index: number): Unit => {
    const unit = units.get(index);
    assert(unit !== undefined && unit.active > 0, "a write left the intent that never entered it");
    unit.active -= 1;
    return unit;
  };
  const isLacking = ({ last }: Unit, validated: OriginNumber): boolean =>
    last === null || compareOrigin(last, validated) > 0;
  /** Evicts idle units in one go, an eighth below the limit, so that the deletes ride on few commits. */
  const evict = (validated: OriginNumber): { removed: number[]; folded: FoldedUnit[] } => {
    const removed: number[] = [];
    const folded: FoldedUnit[] = [];
    if (units.size <= options.unitsMax) return { removed, folded };
    const target = options.unitsMax - Math.floor(options.unitsMax / 8);
    for (const [index, unit] of units) {
      if (units.size <= target) break;
      if (unit.active > 0 || unit.state !== "durable") continue;
      units.delete(index);
      removed.push(index);
      if (isLacking(unit, validated)) folded.push({ unit: index, last: unit.last });
    }
    return { removed, folded };
  };

  return {
    enter(range) {
      let durable = true;
      for (const index of indexes(range)) {
        const unit = touch(index);
        unit.active += 1;
        durable &&= unit.state === "durable";
      }
      return durable;
    },
    isDurable(range) {
      for (const index of indexes(range)) if (units.get(index)?.state !== "durable") return false;
      return true;
    },
    withdraw(range) {
      for (const index of indexes(range)) leave(index);
    },
    exit(range, last) {
      for (const index of indexes(range)) {
        const unit = leave(index);
        if (last === null) unit.last = null;
        else if (unit.last !== null && compareOrigin(last, unit.last) > 0) unit.last = last;
      }
    },
    cover(index, last) {
      const unit = units.get(index);
      if (unit !== undefined) unit.last = last;
    },
    takeChange(validated) {
      if (wanted.length === 0) return null;
      const added = wanted;
      wanted = [];
      for (const index of added) {
        const unit = units.get(index);
        assert(unit?.state === "wanted", "an intent unit was handed out twice");
        unit.state = "committing";
      }
      return { added, ...evict(validated) };
    },
    confirm(change) {
      for (const index of change.added) {
        const unit = units.get(index);
        assert(unit?.state === "committing", "an intent unit was confirmed that was not being committed");
        unit.state = "durable";
      }
    },
    units: () => [...units.keys()].sort((a, b) => a - b),
    handOver(validated) {
      const lacking: number[] = [];
      for (const [index, unit] of units) {
        // A write that began is counted in when it ends; what it may have done until then, nobody else tells of.
        if (unit.active > 0 || isLacking(unit, validated)) lacking.push(index);
        unit.last = noOrigin;
      }
      return lacking;
    },
  };
}
