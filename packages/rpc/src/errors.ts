/**
 * The failures that this package originates, and those of the control port that it carries. Each has a row in
 * docs/errors.md; `status-table.ts` maps each to a gRPC status.
 */
import { Failure, type FailureOptions } from "@waystation/contracts/errors";

export const rpcErrorCodes = [
  "RPC_LISTEN_FAILED", // the address is in use, or not this machine's
  "RPC_UNREACHABLE", // no answer: refused, dropped or out of time
  "RPC_INTERNAL", // the peer failed in a way that it did not type
  "DEADLINE_REQUIRED", // a call without a deadline
  "DEADLINE_EXCEEDED", // out of time; the outcome of a write is unknown
  "REQUEST_INVALID", // a request that no state of the node would accept
  "REQUEST_TOO_LARGE", // more bytes at once than the limits allow
  "SERVER_BUSY", // more in flight than the limits allow
  "LINK_INVALID", // a link whose metadata are missing or malformed
  "LINK_WRONG_NODE", // a link meant for another node or another cluster
  "LINK_UNKNOWN_NODE", // a link from a node that is not in the cluster
  "LINK_UNKNOWN_GROUP", // a link of a group that this node or the caller is not in
  "LINK_NOT_READY", // the node does not take links yet, or no more
  "FRAME_MALFORMED", // bytes that are not a legal message
] as const;
export type RpcErrorCode = (typeof rpcErrorCodes)[number];

/** Codes of `ControlFront` (`@waystation/replication/control-front`). */
export const controlErrorCodes = ["UNKNOWN_GROUP", "NOT_A_SECONDARY"] as const;
export type ControlErrorCode = (typeof controlErrorCodes)[number];

export function rpcFailure(code: RpcErrorCode, message: string, options?: FailureOptions): Failure {
  return new Failure(code, message, options);
}
