/** The codes that this package fails with; each has a row in docs/errors.md. `NO_SPACE` is a block error code. */
import { Failure, type FailureOptions } from "@waystation/contracts/errors";

export const volumeErrorCodes = [
  "VOLUME_EXISTS", // a volume of this name is on the array already
  "VOLUME_NAME", // not a legal volume name
  "VOLUME_SIZE", // not a size that a volume can have
  "VOLUME_NOT_FOUND", // no volume of this name on the array
  "VOLUME_TABLE_DAMAGED", // neither copy of the volume table can be read
] as const;
export type VolumeErrorCode = (typeof volumeErrorCodes)[number];

export function volumeFailure(code: VolumeErrorCode | "NO_SPACE", message: string, options?: FailureOptions): Failure {
  return new Failure(code, message, options);
}
