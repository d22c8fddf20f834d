/**
 * Judges an image of a group, all its volumes as they were at one point, by the history of its hosts (B6, B11): no
 * effect without its cause, nothing that was never written, nothing dead; and, where nothing may be lost, everything that
 * was acknowledged. Knows nothing of sequence numbers: that is what hosts would find, whoever promised it to them.
 */
import type { VolumeName } from "@waystation/contracts/ids";
import { garbageTag, showTag, zeroTag, type Tag } from "../cell.js";
import { surelyBefore, type History, type HostWrite } from "./history.js";

/** What a volume held at a moment, cells of zeros left out. */
export interface VolumeImage {
  readonly takenAt: number;
  readonly cells: ReadonlyMap<number, Tag>;
}

export type Image = ReadonlyMap<VolumeName, VolumeImage>;

export interface Judgement {
  /** What is wrong with the image itself; null when it is one that hosts could have left. */
  readonly wrong: string | null;
  /** Acknowledged before the image of their volume was taken, and surely newer than what it shows. */
  readonly missing: readonly HostWrite[];
}

export function judgeImage(history: History, image: Image): Judgement {
  const shown = new Map<string, HostWrite | null>();
  let lastCause = { at: -1, what: "nothing" };
  for (const [volume, { cells }] of image) {
    for (const [cell, tag] of cells) {
      const place = `cell ${cell} of ${volume}`;
      if (tag === garbageTag) return wrongly(`${place} holds a mixture of writes`);
      const write = history.find(volume, cell, tag);
      if (write === undefined) return wrongly(`${place} shows ${showTag(tag)}, which nobody wrote there`);
      if (write.dead) return wrongly(`${place} shows ${showTag(tag)}, which an image that hosts wrote to did not have`);
      shown.set(`${volume}/${cell}`, write);
      if (write.invokedAt > lastCause.at) lastCause = { at: write.invokedAt, what: `${showTag(tag)} in ${place}` };
    }
  }
  const missing: HostWrite[] = [];
  for (const [volume, { takenAt }] of image) {
    for (const cell of history.cells(volume)) {
      const seen = shown.get(`${volume}/${cell}`) ?? null;
      for (const write of history.of(volume, cell)) {
        if (write.dead || write === seen || write.acknowledgedAt > takenAt || !isNewer(write, seen)) continue;
        missing.push(write);
        if (write.acknowledgedAt >= lastCause.at) continue;
        const older = seen === null ? showTag(zeroTag) : showTag(seen.tag);
        return wrongly(
          `cell ${cell} of ${volume} shows ${older} and not ${showTag(write.tag)}, which was acknowledged before ` +
            `${lastCause.what} was asked for: an effect without its cause`,
        );
      }
    }
  }
  return { wrong: null, missing };
}

function wrongly(wrong: string): Judgement {
  return { wrong, missing: [] };
}

function isNewer(write: HostWrite, seen: HostWrite | null): boolean {
  return seen === null || surelyBefore(seen, write);
}

/** What the image does not show, and others than its own node were asked for, may never be seen again. */
export function buryWhatIsMissing(history: History, image: Image): void {
  for (const [volume, { cells, takenAt }] of image) {
    for (const cell of history.cells(volume)) {
      for (const write of history.of(volume, cell)) {
        if (write.askedAt <= takenAt && cells.get(cell) !== write.tag) write.dead = true;
      }
    }
  }
}
