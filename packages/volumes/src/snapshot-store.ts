/** A snapshot as a store: it can be read. */
import { Failure } from "@waystation/contracts/errors";
import type { MapPlace } from "./chunk-map.js";
import type { MapSpace } from "./map-space.js";
import { locateNow, readPieces } from "./mapped-reads.js";
import type { VolumeStore } from "./thick-store.js";

export function snapshotStore(space: MapSpace, place: MapPlace, name: string): VolumeStore {
  const refuse = (): Promise<never> => {
    const text = `${name} is a snapshot and cannot be written: make a clone of it, and write to that.`;
    return Promise.reject(new Failure("READ_ONLY", text));
  };
  return {
    read: (offsetBytes, lengthBytes) => space.grace.run(() => readPieces(space, place, { offsetBytes, lengthBytes })),
    readNow: (offsetBytes, into) => locateNow(space, place, offsetBytes, into),
    write: refuse,
    zero: refuse,
    writeBatch: refuse,
    writeStripes: refuse,
    flush: () => Promise.resolve(),
  };
}
