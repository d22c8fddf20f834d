/**
 * One shape for every operational failure: a stable code that programs match on, a message that says what to do,
 * and the cause. Each package declares its own codes in its `errors.ts`; each code has a row in docs/errors.md.
 * A bug is not an operational failure: bugs are asserted, and crash.
 */

export interface FailureOptions {
  readonly cause?: unknown;
  /** Facts for a machine: names, offsets, states. Shown in logs and in `--json`. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

/** An operational failure. `code` is stable and in UPPER_SNAKE_CASE; `message` says what failed and what to do. */
export class Failure extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, string | number | boolean>>;

  constructor(code: string, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Failure";
    this.code = code;
    this.details = options.details ?? {};
  }
}

export function isFailure(error: unknown, code?: string): error is Failure {
  return error instanceof Failure && (code === undefined || error.code === code);
}

/** The text of anything that was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * The codes that a block request can fail with, whatever front end carried it. Every front end maps exactly these:
 * NBD to errno, gRPC to status.
 */
export const blockErrorCodes = [
  "OUT_OF_RANGE", // the request leaves the volume
  "READ_ONLY", // a write to a volume that is not writable here (a secondary before takeover)
  "VOLUME_NOT_OPEN", // known here, not open: recovering, fenced, taking over
  "UNKNOWN_VOLUME", // not a volume of this node
  "HELD_TOO_LONG", // fence `data`: no relay stored the write within the hold time
  "GROUP_SUSPENDED", // fence `data`: the group is suspended by a failure, and was not resynced within the hold time
  "IO_ERROR", // the array could not read or write
  "NO_SPACE", // the array has no room
  "SHUTTING_DOWN", // the daemon is being stopped
] as const;
export type BlockErrorCode = (typeof blockErrorCodes)[number];
