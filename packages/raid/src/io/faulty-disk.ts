/**
 * Faults put in front of a disk, to be stacked on any other: an I/O fails, a write is torn, lost or goes to the wrong
 * place, a bit flips, the disk dies, or the power goes. For tests and the simulator.
 */
import { overlaps, type ByteRange } from "@waystation/contracts/byte-range";
import { raidFailure } from "../errors.js";
import type { BlockDisk, DiskCompletion, DiskOperation } from "./block-disk.js";

/**
 * What goes wrong, with which operations.
 * - `fail`: nothing is done, and it says so.
 * - `tear`: the first half of a write, in whole sectors, is done; then it fails. What is no write fails.
 * - `lose`: a write, or a sync, says that it is done and does nothing.
 * - `misdirect`: a write goes `shiftBytes` further and says that it is done.
 * - `flip`: one bit of what is read, or written, is another one.
 */
type Mishap =
  | { readonly fault: "fail"; readonly on: "any" | DiskOperation["kind"] }
  | { readonly fault: "tear"; readonly on: "any" | "write" }
  | { readonly fault: "lose"; readonly on: "write" | "sync" }
  | { readonly fault: "misdirect"; readonly on: "write"; readonly shiftBytes: number }
  | { readonly fault: "flip"; readonly on: "read" | "write" };

export type DiskFault = Mishap & {
  /** The Nth operation from now on that it can concern; 1 is the next. */
  readonly at: number;
  /** That one and all after it. */
  readonly forEver?: boolean;
  /** Only operations that touch this range count. */
  readonly within?: ByteRange;
};

export interface FaultyDisk extends BlockDisk {
  inject(fault: DiskFault): void;
  /** No fault from now on. What has been done stays. */
  heal(): void;
  /** From the Nth operation from now on (1 is the next), everything fails: the disk has died. */
  dieAt(operation: number): void;
  /** The Nth operation from now fails once. A write is torn: its first half, in whole sectors, is done. */
  failOnceAt(operation: number): void;
}

interface Armed {
  readonly fault: DiskFault;
  /** Operations until it strikes; the one for which it comes to 0. */
  left: number;
}

export function createFaultyDisk(inner: BlockDisk): FaultyDisk {
  let armed: Armed[] = [];
  const strikes = ({ fault, left }: Armed): boolean => left === 0 || (left < 0 && fault.forEver === true);

  /** Counts the operation, and finds what is wrong with it. */
  const faultOf = (operation: DiskOperation): DiskFault | null => {
    let found: DiskFault | null = null;
    for (const one of armed) {
      if (!concerns(one.fault, operation)) continue;
      one.left--;
      if (strikes(one)) found ??= one.fault;
    }
    armed = armed.filter(({ left, fault }) => left > 0 || fault.forEver === true);
    return found;
  };
  const perform = async (operation: DiskOperation): Promise<DiskCompletion> => {
    const fault = armed.length === 0 ? null : faultOf(operation);
    const toDo = fault === null ? operation : whatIsDone(operation, fault);
    const completion = toDo === null ? null : ((await inner.submit([toDo]))[0] ?? null);
    if (completion === null && fault?.fault === "flip" && operation.kind === "read") flipFirst(operation.into);
    if (fault?.fault !== "fail" && fault?.fault !== "tear") return completion;
    const text = `${operation.kind} of ${inner.file} failed: injected`;
    return raidFailure("DISK_IO", text, { details: { file: inner.file } });
  };
  const inject = (fault: DiskFault): void => void armed.push({ fault, left: fault.at });

  return {
    file: inner.file,
    sizeBytes: inner.sizeBytes,
    async submit(batch) {
      const completions: DiskCompletion[] = [];
      for (const operation of batch) completions.push(await perform(operation));
      return completions;
    },
    readNow(offsetBytes, into) {
      const operation = { kind: "read", offsetBytes, into } as const;
      // What would go wrong is left to `submit`, which counts it.
      if (armed.some(({ fault, left }) => concerns(fault, operation) && strikes({ fault, left: left - 1 })))
        return false;
      faultOf(operation);
      return inner.readNow(offsetBytes, into);
    },
    close: () => inner.close(),
    inject,
    heal: () => (armed = []),
    dieAt: (operation) => inject({ fault: "fail", on: "any", at: operation, forEver: true }),
    failOnceAt: (operation) => inject({ fault: "tear", on: "any", at: operation }),
  };
}

function concerns({ on, within }: DiskFault, operation: DiskOperation): boolean {
  if (on !== "any" && on !== operation.kind) return false;
  if (within === undefined) return true;
  if (operation.kind === "sync") return false;
  const { length: lengthBytes } = operation.kind === "read" ? operation.into : operation.from;
  return overlaps(within, { offsetBytes: operation.offsetBytes, lengthBytes });
}

/** What the disk below gets to do; null for nothing. */
function whatIsDone(operation: DiskOperation, fault: DiskFault): DiskOperation | null {
  switch (fault.fault) {
    case "fail":
    case "lose":
      return null;
    case "tear":
      return operation.kind === "write" ? firstHalf(operation) : null;
    case "misdirect":
      return operation.kind === "write"
        ? { ...operation, offsetBytes: operation.offsetBytes + fault.shiftBytes }
        : operation;
    case "flip": {
      if (operation.kind !== "write") return operation;
      const from = Buffer.from(operation.from);
      flipFirst(from);
      return { ...operation, from };
    }
  }
}

function flipFirst(bytes: Uint8Array): void {
  if (bytes.length > 0) bytes[0] = (bytes[0] as number) ^ 1;
}

/** Turns one bit of what is stored into the other, durably, as rot does: the disk notices nothing. */
export async function flipStoredBit(disk: BlockDisk, offsetBytes: number): Promise<void> {
  const byte = Buffer.alloc(1);
  const flip: DiskOperation[] = [{ kind: "read", offsetBytes, into: byte }];
  const [unread] = await disk.submit(flip);
  flipFirst(byte);
  const [unwritten] = await disk.submit([{ kind: "write", offsetBytes, from: byte, durable: true }]);
  for (const failure of [unread, unwritten]) if (failure) throw failure;
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
