/** The failures of wayctl itself, and the exit code of every way to end. Each code has a row in docs/errors.md. */
import { Failure } from "@waystation/contracts/errors";

export const exitCodes = { ok: 0, failed: 1, usage: 2, refused: 3 } as const;

export const wayctlErrorCodes = [
  "USAGE", // the command line asks for something that is not there
  "NO_COORDINATOR", // no node that could coordinate answers
  "TAKEOVER_CUT_OFF", // the coordinator ended without a result
  "NO_RELAY", // the relay that a command is for does not answer as one
  "RELOAD_REFUSED", // a node that answers did not take cluster.yaml
  "NODE_DEAD", // the one node that could do it does not answer
] as const;

export function wayctlFailure(code: (typeof wayctlErrorCodes)[number], message: string): Failure {
  return new Failure(code, message);
}
