/** The control service over `ControlFront`: status, and takeover as a stream of steps that ends with the result. */
import type { ServerWritableStream } from "@grpc/grpc-js";
import type { Log } from "@waystation/contracts/log";
import type { ControlFront } from "@waystation/replication/control-front";
import type { ControlServiceHandlers } from "./generated/waystation/v1/ControlService.js";
import type { TakeoverRequest__Output } from "./generated/waystation/v1/TakeoverRequest.js";
import type { TakeoverResponse } from "./generated/waystation/v1/TakeoverResponse.js";
import { toProtoProgress, toProtoStatus } from "./status-messages.js";
import { answerFor, demandDeadline, unary } from "./unary.js";

type TakeoverCall = ServerWritableStream<TakeoverRequest__Output, TakeoverResponse>;

export function createControlHandlers(control: ControlFront, log: Log): ControlServiceHandlers {
  return {
    GetStatus: unary(log, () => ({ status: toProtoStatus(control.status()) })),
    Takeover(call) {
      stream(call, control).then(
        () => {
          call.end();
        },
        (error: unknown) => {
          call.emit("error", answerFor(error, call.getPath(), log));
        },
      );
    },
  };
}

async function stream(call: TakeoverCall, control: ControlFront): Promise<void> {
  demandDeadline(call);
  const { group, force, without } = call.request;
  for await (const progress of control.takeover({ group, force, without })) {
    // A client that has gone does not stop a takeover.
    if (call.cancelled) return;
    if (!call.write(toProtoProgress(progress))) await drained(call);
  }
}

/** Until the client has read some, or has gone. */
function drained(call: TakeoverCall): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      call.off("drain", done);
      call.off("close", done);
      resolve();
    };
    call.once("drain", done);
    call.once("close", done);
  });
}
