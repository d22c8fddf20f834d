/** A handle on a volume: checks ranges and state, and passes on to what the volume is made of at the time. */
import type { BlockWrite, StripeStore } from "@waystation/contracts/block-device";
import { within } from "@waystation/contracts/byte-range";
import { Failure } from "@waystation/contracts/errors";
import type { VolumeName } from "@waystation/contracts/ids";
import { createGate, type Gate } from "./gate.js";
import type { VolumeStore } from "./thick-store.js";

/** While it is thick, its whole stripes are the array's; once it has a chunk map, `writeStripes` is a batch as any other. */
export interface Volume extends StripeStore {
  readonly name: VolumeName;
}

/** What all handles of one volume share. */
export interface Lun {
  readonly name: VolumeName;
  readonly sizeBytes: number;
  readonly stripeBytes: number;
  readonly gate: Gate;
  /** Replaced, with the gate closed, when a thick volume gets a chunk map. */
  store: VolumeStore;
  openHandles: number;
}

export function createLun(options: Pick<Lun, "name" | "sizeBytes" | "stripeBytes" | "store">): Lun {
  return { ...options, gate: createGate(), openHandles: 0 };
}

export function openHandle(lun: Lun): Volume {
  const { name, sizeBytes, stripeBytes } = lun;
  let isOpen = true;
  lun.openHandles++;

  const check = (offsetBytes: number, lengthBytes: number): void => {
    if (!isOpen) throw new Failure("VOLUME_NOT_OPEN", `Volume ${name} has been closed.`);
    if (within({ offsetBytes, lengthBytes }, sizeBytes)) return;
    const range = `${lengthBytes} bytes at ${offsetBytes}`;
    throw new Failure("OUT_OF_RANGE", `${range} leave volume ${name} of ${sizeBytes} bytes.`);
  };

  return {
    name,
    sizeBytes,
    stripeBytes,
    stripeOffsetBytes: 0,
    async read(offsetBytes, lengthBytes) {
      check(offsetBytes, lengthBytes);
      return lun.gate.pass(() => lun.store.read(offsetBytes, lengthBytes));
    },
    readNow(offsetBytes, into) {
      if (!isOpen || !within({ offsetBytes, lengthBytes: into.length }, sizeBytes)) return false;
      return lun.store.readNow(offsetBytes, into);
    },
    async write(offsetBytes, data) {
      check(offsetBytes, data.length);
      await lun.gate.pass(() => lun.store.write(offsetBytes, data));
    },
    async zero(offsetBytes, lengthBytes) {
      check(offsetBytes, lengthBytes);
      await lun.gate.pass(() => lun.store.zero(offsetBytes, lengthBytes));
    },
    async writeBatch(writes: readonly BlockWrite[]) {
      for (const { offsetBytes, lengthBytes } of writes) check(offsetBytes, lengthBytes);
      await lun.gate.pass(() => lun.store.writeBatch(writes));
    },
    async writeStripes(offsetBytes, data, changed) {
      check(offsetBytes, data.length);
      await lun.gate.pass(() => lun.store.writeStripes(offsetBytes, data, changed));
    },
    async flush() {
      check(0, 0);
      await lun.gate.pass(() => lun.store.flush());
    },
    close() {
      if (isOpen) lun.openHandles--;
      isOpen = false;
      return Promise.resolve();
    },
  };
}
