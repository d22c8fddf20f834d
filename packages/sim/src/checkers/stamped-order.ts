/**
 * The relay's order, as its journal made it durable: the reference that the other checkers measure by. Built from the
 * commits alone, never from what a node says. Checks by the way that the order is one: numbers without gaps, each
 * origin number once and ascending, no cell given older content again (what hosts read would go back), and nothing
 * stamped any more by a relay whose journal lost what it had acknowledged (PROTOCOL 7).
 */
import { compareOrigin, noOrigin, type NodeName, type OriginNumber, type VolumeName } from "@waystation/contracts/ids";
import { hasPayload, type JournalRecord } from "@waystation/contracts/journal";
import { cellBytes, readTag, showTag, zeroTag, type Tag } from "../cell.js";
import type { Checker, Observation, Violate } from "../observation.js";

/** A stamped record, without its payload. */
export interface Stamped {
  readonly sequence: number;
  readonly volume: VolumeName;
  readonly origin: OriginNumber;
  readonly firstCell: number;
  /** What each of its cells holds, from `firstCell` on. */
  readonly tags: readonly Tag[];
}

/** From this number on, a cell holds the tag. */
export interface Version {
  readonly sequence: number;
  readonly tag: Tag;
}

export interface StampedOrder extends Checker {
  /** The last number that is durable. */
  last(): number;
  /** The record with this number. */
  at(sequence: number): Stamped | undefined;
  /** The records of one volume, ascending. */
  of(volume: VolumeName): readonly Stamped[];
  /** What a cell held, oldest first; begins with zeros at 0. A tag stamped twice in a row appears once. */
  versions(volume: VolumeName, cell: number): readonly Version[];
  /** The highest origin number of a volume that is durable. */
  originHigh(volume: VolumeName): OriginNumber;
}

const name = "stamped-order";
const untouched: readonly Version[] = Object.freeze([{ sequence: 0, tag: zeroTag }]);

export function tagsOf(record: JournalRecord): Tag[] {
  const firstCell = record.offsetBytes / cellBytes;
  return Array.from({ length: record.lengthBytes / cellBytes }, (_, index) =>
    hasPayload(record.kind)
      ? readTag(record.payload, index * cellBytes, { volume: record.volume, cell: firstCell + index })
      : zeroTag,
  );
}

export function createStampedOrder(options: { readonly relay: NodeName; readonly violate: Violate }): StampedOrder {
  const records: Stamped[] = [];
  const byVolume = new Map<VolumeName, Stamped[]>();
  const cells = new Map<VolumeName, Map<number, Version[]>>();
  let damaged = false;
  const fail = (message: string): void => {
    options.violate(name, message);
  };

  const addVersion = (record: Stamped, cell: number, tag: Tag): void => {
    let ofVolume = cells.get(record.volume);
    if (ofVolume === undefined) cells.set(record.volume, (ofVolume = new Map<number, Version[]>()));
    let versions = ofVolume.get(cell);
    if (versions === undefined) ofVolume.set(cell, (versions = [...untouched]));
    if (versions.at(-1)?.tag === tag) return;
    if (tag !== zeroTag && versions.some((version) => version.tag === tag)) {
      fail(
        `record ${record.sequence} puts ${showTag(tag)} back into ${record.volume} cell ${cell}, ` +
          `over the newer ${showTag(versions.at(-1)?.tag ?? zeroTag)}`,
      );
    }
    versions.push({ sequence: record.sequence, tag });
  };

  const add = (record: JournalRecord): void => {
    if (damaged) return fail(`the relay stamped ${record.sequence} although its journal had lost records`);
    const sequence = records.length + 1;
    if (record.sequence !== sequence) return fail(`the relay stamped ${record.sequence}, expected ${sequence}`);
    if (record.offsetBytes % cellBytes !== 0 || record.lengthBytes % cellBytes !== 0) {
      return fail(`record ${sequence} covers parts of cells: ${record.offsetBytes} + ${record.lengthBytes}`);
    }
    const ofVolume = byVolume.get(record.volume) ?? [];
    const previous = ofVolume.at(-1);
    if (previous !== undefined && compareOrigin(record.origin, previous.origin) <= 0) {
      fail(`record ${sequence} repeats or reorders origin ${show(record.origin)} after ${show(previous.origin)}`);
    }
    const { volume, origin } = record;
    const stamped: Stamped = {
      sequence,
      volume,
      origin,
      firstCell: record.offsetBytes / cellBytes,
      tags: tagsOf(record),
    };
    records.push(stamped);
    byVolume.set(volume, ofVolume);
    ofVolume.push(stamped);
    stamped.tags.forEach((tag, index) => {
      addVersion(stamped, stamped.firstCell + index, tag);
    });
  };

  return {
    name,
    observe(observation: Observation) {
      if (!("node" in observation) || observation.node !== options.relay) return;
      if (observation.kind === "journal-damaged") damaged = true;
      if (observation.kind !== "journal-durable") return;
      if ((observation.commit.cutAfter ?? Infinity) < records.length)
        fail("the relay cut stamped records from its journal");
      for (const record of observation.commit.records ?? []) add(record);
    },
    last: () => records.length,
    at: (sequence) => records[sequence - 1],
    of: (volume) => byVolume.get(volume) ?? [],
    versions: (volume, cell) => cells.get(volume)?.get(cell) ?? untouched,
    originHigh: (volume) => byVolume.get(volume)?.at(-1)?.origin ?? noOrigin,
  };
}

function show(origin: OriginNumber): string {
  return `${origin.incarnation}.${origin.n}`;
}

/** The number that first gave the cell this content, or null when nothing stamped ever did. */
export function sequenceOf(versions: readonly Version[], tag: Tag): number | null {
  return versions.find((version) => version.tag === tag)?.sequence ?? null;
}
