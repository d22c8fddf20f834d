/** The codes that this package fails with; each has a row in docs/errors.md. The other two are block error codes. */
import { Failure, type FailureOptions } from "@waystation/contracts/errors";

export const volumeErrorCodes = [
  "VOLUME_EXISTS", // a volume of this name is on the array already
  "VOLUME_NAME", // not a legal volume name
  "VOLUME_SIZE", // not a size that a volume can have
  "VOLUME_NOT_FOUND", // no volume of this name on the array
  "VOLUME_IN_USE", // open, so it cannot be deleted
  "VOLUME_TABLE_DAMAGED", // neither copy of the volume table can be read
  "VOLUME_TABLE_VERSION", // the volume table is of another version of the format
  "DOCUMENT_NAME", // not a legal name of a document in the volume table
] as const;
export type VolumeErrorCode = (typeof volumeErrorCodes)[number];

export function volumeFailure(code: VolumeErrorCode | "NO_SPACE", message: string, options?: FailureOptions): Failure {
  return new Failure(code, message, options);
}
