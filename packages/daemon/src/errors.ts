/** The failures of starting a daemon; see docs/errors.md. */
import { Failure } from "@waystation/contracts/errors";

export const daemonErrorCodes = [
  "DATA_DIRECTORY_FOREIGN",
  "DATA_DIRECTORY_DAMAGED",
  "DATA_DIRECTORY_UNUSABLE",
  "WRONG_ROLE",
  "ARRAY_GONE",
  "BRANCH_FAILED",
  "JOURNAL_GONE",
  "RESTART_DUE",
  "VOLUME_SIZE_CHANGED",
  "VOLUME_STILL_REPLICATED",
] as const;
export type DaemonErrorCode = (typeof daemonErrorCodes)[number];

export function daemonFailure(code: DaemonErrorCode, message: string, cause?: unknown): Failure {
  return new Failure(code, message, cause === undefined ? {} : { cause });
}
