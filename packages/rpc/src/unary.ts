/** What every unary call goes through: a deadline is demanded, a failure becomes its status, a bug is logged. */
import { type handleUnaryCall, type ServerUnaryCall } from "@grpc/grpc-js";
import { Failure, reasonOf } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import { rpcFailure } from "./errors.js";
import { statusOf } from "./status-table.js";

/** Throws `DEADLINE_REQUIRED`: a call that waits for ever is a leak at both ends. */
export function demandDeadline(call: { getDeadline(): Date | number; getPath(): string }): void {
  const deadline = call.getDeadline();
  if (deadline instanceof Date || Number.isFinite(deadline)) return;
  throw rpcFailure(
    "DEADLINE_REQUIRED",
    `${call.getPath()} needs a deadline: set one in the client (grpcurl -max-time)`,
  );
}

/** The status for anything thrown by a handler. What is not a `Failure` is a bug, and is logged with its stack. */
export function answerFor(error: unknown, path: string, log: Log): ReturnType<typeof statusOf> {
  if (!(error instanceof Failure)) {
    log.error(
      { path, reason: reasonOf(error), stack: error instanceof Error ? error.stack : "" },
      "call failed: a bug",
    );
  }
  return statusOf(error);
}

export function unary<Request, Response>(
  log: Log,
  handle: (request: Request, call: ServerUnaryCall<Request, Response>) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  async function answer(call: ServerUnaryCall<Request, Response>): Promise<Response> {
    demandDeadline(call);
    return await handle(call.request, call);
  }
  return (call, callback) => {
    answer(call).then(
      (response) => {
        callback(null, response);
      },
      (error: unknown) => {
        callback(answerFor(error, call.getPath(), log));
      },
    );
  };
}
