/** Writes the log of the chunk maps: records of the current epoch, one behind the other. */
import assert from "node:assert/strict";
import { logOffset, type VolumeLayout } from "./layout.js";
import { encodeRecord, recordBytes, type MapChange } from "./map-log.js";
import type { VolumeArray } from "./volume-array.js";

export interface LogPlace {
  readonly at: number;
  readonly sequence: number;
}

export interface LogWriter {
  hasRoomFor(words: number): boolean;
  reserve(words: number): LogPlace;
  /** Resolves when it is durable. In the order of their places, each after the one before is durable. */
  write(changes: readonly MapChange[], place: LogPlace): Promise<void>;
  /** The epoch has changed: what the log holds counts no more. */
  restart(): void;
}

export function createLogWriter(array: VolumeArray, { logBytes }: VolumeLayout, epoch: () => number): LogWriter {
  let head = 0;
  let sequence = 0;
  return {
    hasRoomFor: (words) => head + recordBytes(words) <= logBytes,
    reserve(words) {
      const place = { at: head, sequence };
      if (words === 0) return place;
      head += recordBytes(words);
      sequence++;
      assert(head <= logBytes, "the log of the chunk maps has no room for a record");
      return place;
    },
    async write(changes, { at, sequence: number }) {
      const data = encodeRecord(changes, { epoch: epoch(), sequence: number });
      await array.writeBatch([{ offsetBytes: logOffset + at, lengthBytes: data.length, data }]);
    },
    restart() {
      head = 0;
      sequence = 0;
    },
  };
}
