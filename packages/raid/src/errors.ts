/** The codes that this package fails with; each has a row in docs/errors.md. */
import { Failure, type FailureOptions } from "@waystation/contracts/errors";

export const raidErrorCodes = [
  "ARRAY_SHAPE", // a level, disk count, stripe unit or size that cannot be an array
  "ARRAY_EXISTS", // creation asked for on disks that hold an array
  "ARRAY_NOT_FOUND", // no disk named holds an array
  "ARRAY_HALF_CREATED", // creation was interrupted before the array existed: create again
  "ARRAY_FORMAT", // superblocks of another version of this software
  "ARRAY_MIXED", // disks of different arrays named as one
  "ARRAY_MISMATCH", // the array on the disks is not the one asked for
  "ARRAY_SLOT_TWICE", // two disks claim one place
  "ARRAY_DIVERGED", // two parts of an array were each written without the other
  "ARRAY_TOO_DEGRADED", // more disks gone than the level survives
  "ARRAY_LOG_UNREADABLE", // no copy of the stripe log can be read: what was acknowledged last is not known
  "ARRAY_STATE", // asked for something that is not legal in the array's, or the disk's, present state
  "ARRAY_SCRUBBING", // a scrub asked for while one runs
  "DISK_NOT_EMPTY", // creation asked for on a file that holds something else
  "DISK_TOO_SMALL", // a disk is smaller than its place in the array
  "DISK_IO", // a disk refused a read, a write or a sync; the array ejects it
  "PARITY_KERNEL_MISSING", // the compiled parity kernel is not there: build first
] as const;
export type RaidErrorCode = (typeof raidErrorCodes)[number];

export function raidFailure(code: RaidErrorCode, message: string, options?: FailureOptions): Failure {
  return new Failure(code, message, options);
}
