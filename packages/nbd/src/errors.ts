/** The failures of the NBD front end. Each code has a row in docs/errors.md. */
import { Failure, reasonOf } from "@waystation/contracts/errors";

/** What a client did that ends its session. */
export type ViolationKind =
  "BAD_CLIENT_FLAGS" | "BAD_OPTION_MAGIC" | "OPTION_TOO_LONG" | "BAD_REQUEST_MAGIC" | "PAYLOAD_TOO_LONG";

/** The client broke the protocol in a way after which its stream cannot be read on. */
export function protocolViolation(kind: ViolationKind, message: string): Failure {
  return new Failure("NBD_PROTOCOL_ERROR", message, { details: { violation: kind } });
}

const listenAdvice: Readonly<Record<string, string>> = {
  EADDRINUSE: "something else uses this address; stop it, or give this node another nbd port",
  EACCES: "this user may not use that port; take one above 1023",
  EADDRNOTAVAIL: "the address is not one of this machine; correct the host",
};

export function listenFailed(address: string, error: unknown): Failure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const advice = listenAdvice[code] ?? reasonOf(error);
  return new Failure("NBD_LISTEN_FAILED", `NBD cannot listen on ${address}: ${advice}`, {
    cause: error,
    details: { address, errno: code },
  });
}
