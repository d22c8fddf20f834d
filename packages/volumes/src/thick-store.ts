/** A run of the array as a store of its own: what a thick volume is. It begins at a stripe of the array. */
import type { BlockWrite, StripeStore } from "@waystation/contracts/block-device";
import type { ByteRange } from "@waystation/contracts/byte-range";
import type { VolumeArray } from "./volume-array.js";

/** What lies behind an open volume. Ranges have been checked, nothing is closed. */
export type VolumeStore = Omit<StripeStore, "sizeBytes" | "stripeBytes" | "stripeOffsetBytes" | "close">;

export function thickStore(array: VolumeArray, baseBytes: number): VolumeStore {
  const shifted = (write: BlockWrite): BlockWrite => ({ ...write, offsetBytes: baseBytes + write.offsetBytes });
  return {
    read: (offsetBytes, lengthBytes) => array.read(baseBytes + offsetBytes, lengthBytes),
    readNow: (offsetBytes, into) => array.readNow(baseBytes + offsetBytes, into),
    write: (offsetBytes, data) => array.write(baseBytes + offsetBytes, data),
    zero: (offsetBytes, lengthBytes) => array.zero(baseBytes + offsetBytes, lengthBytes),
    writeBatch: (writes) => array.writeBatch(writes.map(shifted)),
    writeStripes(offsetBytes, data, changed) {
      if (array.writeStripes === undefined) {
        return array.writeBatch(changedWrites(offsetBytes, data, changed).map(shifted));
      }
      const ranges = changed.map((range) => ({ ...range, offsetBytes: baseBytes + range.offsetBytes }));
      return array.writeStripes(baseBytes + offsetBytes, data, ranges);
    },
    flush: () => array.flush(),
  };
}

/** For a store whose stripes are not the array's: what changes, as writes. */
export function changedWrites(offsetBytes: number, data: Uint8Array, changed: readonly ByteRange[]): BlockWrite[] {
  return changed.map((range) => {
    const from = range.offsetBytes - offsetBytes;
    return { ...range, data: data.subarray(from, from + range.lengthBytes) };
  });
}
