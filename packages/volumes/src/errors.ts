/** The codes that this package fails with; each has a row in docs/errors.md. `NO_SPACE` and `IO_ERROR` are block error codes. */
import { Failure, type FailureOptions } from "@waystation/contracts/errors";

export const volumeErrorCodes = [
  "VOLUME_EXISTS", // a volume of this name is on the array already
  "VOLUME_NAME", // not a legal volume name
  "VOLUME_SIZE", // not a size that a volume can have
  "VOLUME_NOT_FOUND", // no volume of this name on the array
  "VOLUME_IN_USE", // open, so it cannot be deleted
  "VOLUME_KIND", // a snapshot of a snapshot, or a clone of what is none
  "VOLUME_HAS_SNAPSHOTS", // so it cannot be deleted
  "VOLUME_HAS_CLONES", // so it cannot be deleted
  "VOLUME_TABLE_DAMAGED", // neither copy of the volume table can be read
  "VOLUME_TABLE_VERSION", // the volume table is of another version of the format
  "VOLUME_MAP_DAMAGED", // the chunk maps, or their log, make no sense
  "DOCUMENT_NAME", // not a legal name of a document in the volume table
] as const;
export type VolumeErrorCode = (typeof volumeErrorCodes)[number];

export function volumeFailure(
  code: VolumeErrorCode | "NO_SPACE" | "IO_ERROR",
  message: string,
  options?: FailureOptions,
): Failure {
  return new Failure(code, message, options);
}
