/** The failures that the client originates; all others come from the node. Each has a row in docs/errors.md. */
import { Failure } from "@waystation/contracts/errors";

export const clientErrorCodes = [
  "WRITE_QUEUE_FULL", // more waits in a write stream than its limit
  "WRITE_STREAM_CLOSED", // written after `close`
] as const;

export function clientFailure(code: (typeof clientErrorCodes)[number], message: string): Failure {
  return new Failure(code, message);
}
