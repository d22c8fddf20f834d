/**
 * The one place where failures become gRPC statuses and back. A status carries the failure's code in the trailing
 * metadata `waystation-reason`, so that a client matches on the same code whatever the transport.
 */
import { Metadata, status, type ServiceError, type StatusObject } from "@grpc/grpc-js";
import { Failure, reasonOf, type BlockErrorCode } from "@waystation/contracts/errors";
import type { StorageErrorCode } from "@waystation/contracts/storage-front";
import { rpcFailure, type ControlErrorCode, type RpcErrorCode } from "./errors.js";

export const reasonKey = "waystation-reason";

type KnownCode = BlockErrorCode | RpcErrorCode | ControlErrorCode | StorageErrorCode;

/** gRPC's own rule: FAILED_PRECONDITION until something is done about it, UNAVAILABLE when trying again may help. */
export const statusOfCode: Readonly<Record<KnownCode, status>> = {
  OUT_OF_RANGE: status.OUT_OF_RANGE,
  READ_ONLY: status.FAILED_PRECONDITION,
  VOLUME_NOT_OPEN: status.FAILED_PRECONDITION,
  UNKNOWN_VOLUME: status.NOT_FOUND,
  HELD_TOO_LONG: status.UNAVAILABLE,
  GROUP_SUSPENDED: status.FAILED_PRECONDITION,
  IO_ERROR: status.DATA_LOSS,
  NO_SPACE: status.RESOURCE_EXHAUSTED,
  SHUTTING_DOWN: status.UNAVAILABLE,
  RPC_LISTEN_FAILED: status.INTERNAL,
  RPC_UNREACHABLE: status.UNAVAILABLE,
  RPC_INTERNAL: status.INTERNAL,
  DEADLINE_REQUIRED: status.INVALID_ARGUMENT,
  DEADLINE_EXCEEDED: status.DEADLINE_EXCEEDED,
  REQUEST_INVALID: status.INVALID_ARGUMENT,
  REQUEST_TOO_LARGE: status.INVALID_ARGUMENT,
  SERVER_BUSY: status.RESOURCE_EXHAUSTED,
  LINK_INVALID: status.INVALID_ARGUMENT,
  LINK_WRONG_NODE: status.NOT_FOUND,
  LINK_UNKNOWN_NODE: status.NOT_FOUND,
  LINK_UNKNOWN_GROUP: status.NOT_FOUND,
  LINK_NOT_READY: status.UNAVAILABLE,
  FRAME_MALFORMED: status.INVALID_ARGUMENT,
  UNKNOWN_GROUP: status.NOT_FOUND,
  NOT_A_SECONDARY: status.FAILED_PRECONDITION,
  UNKNOWN_ARRAY: status.NOT_FOUND,
  UNKNOWN_DISK: status.NOT_FOUND,
  UNKNOWN_PAIR: status.NOT_FOUND,
  ARRAY_STATE: status.FAILED_PRECONDITION,
  ARRAY_EXISTS: status.FAILED_PRECONDITION,
  DISK_NOT_EMPTY: status.FAILED_PRECONDITION,
  DISK_TOO_SMALL: status.FAILED_PRECONDITION,
  DISK_IO: status.FAILED_PRECONDITION,
  VOLUME_EXISTS: status.ALREADY_EXISTS,
  VOLUME_NAME: status.INVALID_ARGUMENT,
  VOLUME_SIZE: status.INVALID_ARGUMENT,
  VOLUME_IN_USE: status.FAILED_PRECONDITION,
  VOLUME_NOT_FOUND: status.NOT_FOUND,
  VOLUME_KIND: status.FAILED_PRECONDITION,
  VOLUME_HAS_SNAPSHOTS: status.FAILED_PRECONDITION,
  VOLUME_HAS_CLONES: status.FAILED_PRECONDITION,
  PAIR_STATE: status.FAILED_PRECONDITION,
};

/** The status of anything thrown. What is not a `Failure` is a bug: its text stays in the log of this node. */
export function statusOf(error: unknown): StatusObject {
  const metadata = new Metadata();
  if (!(error instanceof Failure)) {
    metadata.set(reasonKey, "RPC_INTERNAL");
    return { code: status.INTERNAL, details: "internal error: see the log of the node", metadata };
  }
  metadata.set(reasonKey, error.code);
  const known: Readonly<Record<string, status | undefined>> = statusOfCode;
  return { code: known[error.code] ?? status.INTERNAL, details: error.message, metadata };
}

/** What a client throws for a call to `address` that ended with a status other than OK. */
export function failureOf(error: unknown, address: string): Failure {
  const { code, metadata } = (error ?? {}) as Partial<ServiceError>;
  const details = detailsOf(error);
  const reason = metadata?.get(reasonKey)[0];
  if (typeof reason === "string" && reason !== "") return new Failure(reason, details, { cause: error });
  if (code === status.DEADLINE_EXCEEDED) {
    return rpcFailure("DEADLINE_EXCEEDED", `${address}: no answer in time; the outcome is unknown`, { cause: error });
  }
  if (code === status.UNAVAILABLE || code === status.CANCELLED) {
    return rpcFailure("RPC_UNREACHABLE", `${address}: ${details}; is the daemon running there?`, { cause: error });
  }
  return rpcFailure("RPC_INTERNAL", `${address}: ${details} (${status[code ?? status.UNKNOWN]})`, { cause: error });
}

/** For logs and for the reason of a closed link: the code, when there is one, and the text. */
export function describeError(error: unknown): string {
  if (error instanceof Failure) return `${error.code}: ${error.message}`;
  const reason = (error as Partial<ServiceError>).metadata?.get(reasonKey)[0];
  return typeof reason === "string" ? `${reason}: ${detailsOf(error)}` : detailsOf(error);
}

/** The details of a status, without what grpc-js 1.14 wraps around a failed connect, and the text of anything else. */
function detailsOf(error: unknown): string {
  const { details } = (error ?? {}) as Partial<ServiceError>;
  if (details === undefined) return reasonOf(error);
  return details.replace(
    /^No connection established\. Last error: (Error: )?(.*?)( \([^)]*Z\))?\. Resolution note:.*$/,
    "$2",
  );
}
