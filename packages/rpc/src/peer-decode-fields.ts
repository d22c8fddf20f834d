/** Small parts that several peer messages share. See `peer-decode.ts` for the rules. */
import { noOrigin, type Epoch, type OriginNumber, type Sequence, type VolumeName } from "@waystation/contracts/ids";
import type { VolumeMark } from "@waystation/replication/messages";
import { malformed, type WireReader } from "./wire-reader.js";

/** The first three fields of a message that has only numbers; those that are absent are 0. */
export function readNumbers(reader: WireReader, end: number): [Sequence, Sequence, Sequence] {
  let first = 0;
  let second = 0;
  let third = 0;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8) first = reader.uint();
    else if (tag === 2 * 8) second = reader.uint();
    else if (tag === 3 * 8) third = reader.uint();
    else reader.skip(tag);
  }
  return [first as Sequence, second as Sequence, third as Sequence];
}

/** A message whose only field is a sequence number. */
export function readSequence(reader: WireReader, end: number): Sequence {
  return readNumbers(reader, end)[0];
}

export function checkedVolume(name: string): VolumeName {
  if (name === "") throw malformed("no volume name");
  return name as VolumeName;
}

export function readMark(reader: WireReader): VolumeMark {
  const end = reader.open();
  let volume = "";
  let origin = noOrigin;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) volume = reader.name();
    else if (tag === 2 * 8 + 2) origin = readOrigin(reader);
    else reader.skip(tag);
  }
  return { volume: checkedVolume(volume), origin };
}

export function readEpoch(reader: WireReader): Epoch {
  const end = reader.open();
  let number = 0;
  let takeoverId = "";
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8) number = reader.uint();
    else if (tag === 2 * 8 + 2) takeoverId = reader.text();
    else reader.skip(tag);
  }
  return { number, takeoverId };
}

export function readOrigin(reader: WireReader): OriginNumber {
  const end = reader.open();
  let incarnation = 0;
  let n = 0;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8) incarnation = reader.uint();
    else if (tag === 2 * 8) n = reader.uint();
    else reader.skip(tag);
  }
  return incarnation === 0 && n === 0 ? noOrigin : { incarnation, n };
}
