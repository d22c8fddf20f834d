/**
 * The write intent of one primary volume (PROTOCOL 1.2, 2c): the units whose content may differ between the local
 * array and the relay's journal if the primary dies now. A unit is durable in the intent before either leg of a write
 * to it starts, and leaves it lazily, least recently used first, only while no write to it is under way. So a hot unit
 * costs one sync, not one per write; a recovering primary re-sends the units that are left.
 */
import assert from "node:assert/strict";
import { endOf, type ByteRange } from "@waystation/contracts/byte-range";

interface Unit {
  /** Writes under way that touch it. */
  active: number;
  state: "wanted" | "committing" | "durable";
}

/** Units to be added to and removed from the durable intent, in one commit. */
export interface IntentChange {
  readonly added: readonly number[];
  readonly removed: readonly number[];
}

export interface WriteIntent {
  /** Counts a write in. True when all its units are durable and its legs may start. */
  enter(range: ByteRange): boolean;
  isDurable(range: ByteRange): boolean;
  /** Counts a write out: both legs are durable, or it never started. */
  exit(range: ByteRange): void;
  /** What must be committed now, if anything. Each unit is handed out once. */
  takeChange(): IntentChange | null;
  confirm(change: IntentChange): void;
  /** Every unit in the intent, ascending. */
  units(): number[];
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
  for (const index of options.recovered) units.set(index, { active: 0, state: "durable" });
  let wanted: number[] = [];

  const touch = (index: number): Unit => {
    const unit = units.get(index) ?? { active: 0, state: "wanted" };
    if (!units.delete(index)) wanted.push(index);
    units.set(index, unit);
    return unit;
  };
  const indexes = function* (range: ByteRange): Generator<number> {
    const last = Math.floor((endOf(range) - 1) / options.unitBytes);
    for (let index = Math.floor(range.offsetBytes / options.unitBytes); index <= last; index++) yield index;
  };
  /** Evicts idle units in one go, an eighth below the limit, so that the deletes ride on few commits. */
  const evict = (): number[] => {
    const removed: number[] = [];
    if (units.size <= options.unitsMax) return removed;
    const target = options.unitsMax - Math.floor(options.unitsMax / 8);
    for (const [index, unit] of units) {
      if (units.size <= target) break;
      if (unit.active > 0 || unit.state !== "durable") continue;
      units.delete(index);
      removed.push(index);
    }
    return removed;
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
    exit(range) {
      for (const index of indexes(range)) {
        const unit = units.get(index);
        assert(unit !== undefined && unit.active > 0, "a write left the intent that never entered it");
        unit.active -= 1;
      }
    },
    takeChange() {
      if (wanted.length === 0) return null;
      const added = wanted;
      wanted = [];
      for (const index of added) {
        const unit = units.get(index);
        assert(unit?.state === "wanted", "an intent unit was handed out twice");
        unit.state = "committing";
      }
      return { added, removed: evict() };
    },
    confirm(change) {
      for (const index of change.added) {
        const unit = units.get(index);
        assert(unit?.state === "committing", "an intent unit was confirmed that was not being committed");
        unit.state = "durable";
      }
    },
    units: () => [...units.keys()].sort((a, b) => a - b),
  };
}
