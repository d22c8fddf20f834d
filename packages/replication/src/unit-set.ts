/**
 * Which units of which volumes are in a set, kept in marks: a mark per 256 units, so that a unit that comes in costs a
 * small mark, and a terabyte of units some tens of thousands of them.
 *
 *     PREFIX/VOLUME/WORD -> 64 hexadecimal digits; unit 256 * WORD + 8 * byte + bit
 */
import assert from "node:assert/strict";
import type { Marks } from "./marks.js";
import type { MarkValue, VolumeName } from "./vocabulary.js";

const wordUnits = 256;
const wordBytes = wordUnits / 8;

export interface Unit {
  readonly volume: VolumeName;
  readonly index: number;
}

export interface UnitSet {
  has(unit: Unit): boolean;
  /** Adds them and returns the marks that must be durable with it. */
  add(units: readonly Unit[]): Map<string, MarkValue>;
  /** Empties it and returns the marks to be deleted. */
  clear(): Map<string, undefined>;
}

export function createUnitSet(marks: Marks, prefix: string): UnitSet {
  const words = new Map<string, Uint8Array>();
  for (const [name, value] of marks) {
    if (!name.startsWith(`${prefix}/`)) continue;
    assert(typeof value === "string" && value.length === 2 * wordBytes, `the mark ${name} is damaged`);
    words.set(name, new Uint8Array(Buffer.from(value, "hex")));
  }
  const nameOf = ({ volume, index }: Unit): string => `${prefix}/${volume}/${Math.floor(index / wordUnits)}`;
  const placeOf = ({ index }: Unit) => ({ byte: Math.floor((index % wordUnits) / 8), bit: 1 << (index % 8) });

  return {
    has(unit) {
      const { byte, bit } = placeOf(unit);
      return ((words.get(nameOf(unit))?.[byte] ?? 0) & bit) !== 0;
    },
    add(units) {
      const changed = new Map<string, Uint8Array>();
      for (const unit of units) {
        const name = nameOf(unit);
        const word = words.get(name) ?? new Uint8Array(wordBytes);
        const { byte, bit } = placeOf(unit);
        word[byte] = (word[byte] ?? 0) | bit;
        words.set(name, word);
        changed.set(name, word);
      }
      return new Map([...changed].map(([name, word]) => [name, Buffer.from(word).toString("hex")]));
    },
    clear() {
      const gone = new Map([...words.keys()].map((name) => [name, undefined]));
      words.clear();
      return gone;
    },
  };
}
