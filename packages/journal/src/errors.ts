/** The codes that this package fails with; each has a row in docs/errors.md. */
import { Failure, type FailureOptions } from "@waystation/contracts/errors";

export const journalErrorCodes = [
  "JOURNAL_LOCKED", // another process or another opener uses this journal
  "JOURNAL_DAMAGED", // what is stored is not what was committed: records missing, changed, or out of their chain
  "JOURNAL_FOREIGN", // a sound journal, but of another group or of another version of the format
  "JOURNAL_FAILED", // the medium refuses to work: full, read-only, broken. The journal is dead until it is opened again
] as const;
export type JournalErrorCode = (typeof journalErrorCodes)[number];

export function journalFailure(code: JournalErrorCode, message: string, options: FailureOptions = {}): Failure {
  return new Failure(code, message, options);
}
