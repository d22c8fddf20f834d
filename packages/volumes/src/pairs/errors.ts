/** The codes that mirror pairs fail with; each has a row in docs/errors.md. Host I/O fails with block error codes. */
import { Failure, type FailureOptions } from "@waystation/contracts/errors";

export const pairErrorCodes = [
  "UNKNOWN_PAIR", // no pair of these volumes
  "PAIR_STATE", // the command is not legal in the pair's state
  "PAIR_RECORD_DAMAGED", // what is kept of a pair makes no sense
] as const;
export type PairErrorCode = (typeof pairErrorCodes)[number];

/** Two volumes that cannot be a pair are refused as volumes are elsewhere. */
export function pairFailure(
  code: PairErrorCode | "VOLUME_IN_USE" | "VOLUME_SIZE",
  message: string,
  options?: FailureOptions,
): Failure {
  return new Failure(code, message, options);
}
