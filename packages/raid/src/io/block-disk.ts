/**
 * The port to one disk: batches of operations go in, completions come out (PROTOCOL 12), so that an adapter may run
 * inline or in a worker. An adapter never throws: what failed says so in its completion.
 *
 * Rules every adapter keeps, checked by the conformance suite:
 * - Operations of a batch take effect in the order given; batches may overlap, and then their order is not defined.
 * - A write is visible to reads submitted after its batch has completed. It survives power loss once a `sync` that was
 *   submitted after that has completed, or, for a `durable` write, once its own batch has completed. Before that, each
 *   512-byte sector of it may be old or new after a crash.
 * - A sync covers the writes before it in its own batch, and all that completed before.
 * - The buffers of a batch belong to the adapter until the batch has completed.
 */
import type { Failure } from "@waystation/contracts/errors";
import type { Slot } from "../core/level.js";

export type DiskOperation =
  | { readonly kind: "read"; readonly offsetBytes: number; readonly into: Uint8Array }
  | { readonly kind: "write"; readonly offsetBytes: number; readonly from: Uint8Array; readonly durable: boolean }
  | { readonly kind: "sync" };

/** Writes, or reads, by disk. */
export type DiskBatches = Map<Slot, DiskOperation[]>;

/** Null: done. Otherwise a `Failure` with code `DISK_IO` that names the disk. */
export type DiskCompletion = Failure | null;

export interface BlockDisk {
  /** The file, for people. */
  readonly file: string;
  readonly sizeBytes: number;
  /** Resolves with one completion per operation, in order. Never rejects. */
  submit(batch: readonly DiskOperation[]): Promise<readonly DiskCompletion[]>;
  /** Reads inline. False when it was not done, for whatever reason: `into` then holds anything, and `submit` tells. */
  readNow(offsetBytes: number, into: Uint8Array): boolean;
  /** Why the disk is no longer where it was opened; null while it is. A disk without this cannot be taken away. */
  absence?(): string | null;
  close(): Promise<void>;
}

/** The first failure of a batch, or null. */
export function firstFailure(completions: readonly DiskCompletion[]): Failure | null {
  for (const completion of completions) if (completion !== null) return completion;
  return null;
}

/** Rejects with the first failure of a batch: for what has no other disk to turn to. */
export async function mustDo(disk: BlockDisk, batch: readonly DiskOperation[]): Promise<void> {
  const failure = firstFailure(await disk.submit(batch));
  if (failure !== null) throw failure;
}

/** Where a disk is, or will be: what `createArray` and `openArray` are given. */
export interface DiskPlace {
  readonly file: string;
  /** Opens what is there. Throws a `Failure` (`DISK_IO`) when there is nothing, or nothing that can be read. */
  open(): Promise<BlockDisk>;
  /**
   * Makes a disk of at least `sizeBytes`, or opens what is there already. `isNew` says that all of it is known to
   * read as zeros.
   */
  create(sizeBytes: number): Promise<{ readonly disk: BlockDisk; readonly isNew: boolean }>;
}
