/**
 * Faults put in front of a disk: the Nth I/O fails, a write is torn, the disk dies, or the power goes. For tests.
 */
import { raidFailure } from "../errors.js";
import type { BlockDisk, DiskCompletion, DiskOperation } from "./block-disk.js";

export interface FaultyDisk extends BlockDisk {
  /** From the Nth operation from now on (1 is the next), everything fails: the disk has died. */
  dieAt(operation: number): void;
  /** The Nth operation from now fails once. A write is torn: its first half, in whole sectors, is done. */
  failOnceAt(operation: number): void;
}

export function createFaultyDisk(inner: BlockDisk): FaultyDisk {
  let dieIn = Infinity;
  let failIn = Infinity;
  const perform = async (operation: DiskOperation): Promise<DiskCompletion> => {
    dieIn--;
    failIn--;
    if (dieIn > 0 && failIn !== 0) return (await inner.submit([operation]))[0] ?? null;
    if (dieIn > 0 && operation.kind === "write") await inner.submit([firstHalf(operation)]);
    return raidFailure("DISK_IO", `${operation.kind} of ${inner.file} failed: injected`, {
      details: { file: inner.file },
    });
  };
  return {
    file: inner.file,
    sizeBytes: inner.sizeBytes,
    async submit(batch) {
      const completions: DiskCompletion[] = [];
      for (const operation of batch) completions.push(await perform(operation));
      return completions;
    },
    readNow(offsetBytes, into) {
      // What would fail is left to `submit`, which counts it and says so.
      if (dieIn <= 1 || failIn === 1) return false;
      dieIn--;
      failIn--;
      return inner.readNow(offsetBytes, into);
    },
    close: () => inner.close(),
    dieAt: (operation) => (dieIn = operation),
    failOnceAt: (operation) => (failIn = operation),
  };
}

/** One power supply for several disks. When it is cut, the operation under way and all later ones never complete. */
export interface PowerSupply {
  connect(inner: BlockDisk): BlockDisk;
  /** Operations so far. */
  count(): number;
  isCut(): boolean;
}

/**
 * Power that goes at the Nth operation over all disks. That operation, if a write, reaches the disk's volatile part,
 * so that the crash that follows may tear it.
 */
export function createPowerSupply(cutAt: number, onCut: () => void = () => {}): PowerSupply {
  let count = 0;
  const perform = async (inner: BlockDisk, operation: DiskOperation): Promise<DiskCompletion> => {
    count++;
    if (count < cutAt) return (await inner.submit([operation]))[0] ?? null;
    if (count === cutAt) {
      if (operation.kind === "write") await inner.submit([{ ...operation, durable: false }]);
      onCut();
    }
    return new Promise<never>(() => {});
  };
  return {
    count: () => count,
    isCut: () => count >= cutAt,
    connect: (inner) => ({
      file: inner.file,
      sizeBytes: inner.sizeBytes,
      async submit(batch) {
        const completions: DiskCompletion[] = [];
        for (const operation of batch) completions.push(await perform(inner, operation));
        return completions;
      },
      readNow(offsetBytes, into) {
        // The operation at which the power goes is left to `submit`.
        if (count + 1 >= cutAt) return false;
        count++;
        return inner.readNow(offsetBytes, into);
      },
      close: () => inner.close(),
    }),
  };
}

function firstHalf(operation: Extract<DiskOperation, { kind: "write" }>): DiskOperation {
  const half = Math.floor(operation.from.length / 2 / 512) * 512;
  return { ...operation, from: operation.from.subarray(0, half) };
}
