/** A handle on a volume: checks ranges and state, and passes on to what the volume is made of at the time. */
import type { BlockWrite, DurableBlockStore } from "@waystation/contracts/block-device";
import { within } from "@waystation/contracts/byte-range";
import { Failure } from "@waystation/contracts/errors";
import type { VolumeName } from "@waystation/contracts/ids";
import { createGate, type Gate } from "./gate.js";
import type { VolumeStore } from "./thick-store.js";

export interface Volume extends DurableBlockStore {
  readonly name: VolumeName;
}

/** What all handles of one volume share. */
export interface Lun {
  readonly name: VolumeName;
  readonly sizeBytes: number;
  readonly gate: Gate;
  /** Replaced, with the gate closed, when a thick volume gets a chunk map. */
  store: VolumeStore;
  readonly isReadOnly: boolean;
  openHandles: number;
}

export function createLun(options: Pick<Lun, "name" | "sizeBytes" | "store" | "isReadOnly">): Lun {
  return { ...options, gate: createGate(), openHandles: 0 };
}

export function openHandle(lun: Lun): Volume {
  const { name, sizeBytes } = lun;
  let isOpen = true;
  lun.openHandles++;

  const check = (offsetBytes: number, lengthBytes: number): void => {
    if (!isOpen) throw new Failure("VOLUME_NOT_OPEN", `Volume ${name} has been closed.`);
    if (within({ offsetBytes, lengthBytes }, sizeBytes)) return;
    const range = `${lengthBytes} bytes at ${offsetBytes}`;
    throw new Failure("OUT_OF_RANGE", `${range} leave volume ${name} of ${sizeBytes} bytes.`);
  };
  const checkWritable = (offsetBytes: number, lengthBytes: number): void => {
    check(offsetBytes, lengthBytes);
    if (!lun.isReadOnly) return;
    const text = `${name} is a snapshot and cannot be written: make a clone of it, and write to that.`;
    throw new Failure("READ_ONLY", text);
  };

  return {
    name,
    sizeBytes,
    async read(offsetBytes, lengthBytes) {
      check(offsetBytes, lengthBytes);
      return lun.gate.pass(() => lun.store.read(offsetBytes, lengthBytes));
    },
    readNow(offsetBytes, into) {
      if (!isOpen || !within({ offsetBytes, lengthBytes: into.length }, sizeBytes)) return false;
      return lun.store.readNow(offsetBytes, into);
    },
    async write(offsetBytes, data) {
      checkWritable(offsetBytes, data.length);
      await lun.gate.pass(() => lun.store.write(offsetBytes, data));
    },
    async zero(offsetBytes, lengthBytes) {
      checkWritable(offsetBytes, lengthBytes);
      await lun.gate.pass(() => lun.store.zero(offsetBytes, lengthBytes));
    },
    async writeBatch(writes: readonly BlockWrite[]) {
      for (const { offsetBytes, lengthBytes } of writes) checkWritable(offsetBytes, lengthBytes);
      await lun.gate.pass(() => lun.store.writeBatch(writes));
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
