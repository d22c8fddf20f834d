/** A run of the array as a store of its own: what a thick volume is. */
import type { BlockWrite, DurableBlockStore } from "@waystation/contracts/block-device";

/** What lies behind an open volume. Ranges have been checked, nothing is closed. */
export type VolumeStore = Omit<DurableBlockStore, "sizeBytes" | "close">;

export function thickStore(array: DurableBlockStore, baseBytes: number): VolumeStore {
  const shifted = (write: BlockWrite): BlockWrite => ({ ...write, offsetBytes: baseBytes + write.offsetBytes });
  return {
    read: (offsetBytes, lengthBytes) => array.read(baseBytes + offsetBytes, lengthBytes),
    readNow: (offsetBytes, into) => array.readNow(baseBytes + offsetBytes, into),
    write: (offsetBytes, data) => array.write(baseBytes + offsetBytes, data),
    zero: (offsetBytes, lengthBytes) => array.zero(baseBytes + offsetBytes, lengthBytes),
    writeBatch: (writes) => array.writeBatch(writes.map(shifted)),
    flush: () => array.flush(),
  };
}
