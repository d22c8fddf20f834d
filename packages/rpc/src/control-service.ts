/** The control service over `ControlFront`: status, and takeover as a stream of steps that ends with the result. */
import type { Log } from "@waystation/contracts/log";
import type { ControlFront } from "@waystation/replication/control-front";
import type { ControlServiceHandlers } from "./generated/waystation/v1/ControlService.js";
import type { TakeoverRequest__Output } from "./generated/waystation/v1/TakeoverRequest.js";
import type { TakeoverResponse } from "./generated/waystation/v1/TakeoverResponse.js";
import { serverStream } from "./server-stream.js";
import { toProtoProgress, toProtoStatus } from "./status-messages.js";
import { unary } from "./unary.js";

export function createControlHandlers(control: ControlFront, log: Log): ControlServiceHandlers {
  // A client that has gone does not stop a takeover: leaving the iteration does not.
  async function* steps(request: TakeoverRequest__Output): AsyncIterable<TakeoverResponse> {
    const { group, force, without } = request;
    for await (const progress of control.takeover({ group, force, without })) yield toProtoProgress(progress);
  }
  return {
    GetStatus: unary(log, () => ({ status: toProtoStatus(control.status()) })),
    Takeover: serverStream(log, steps),
  };
}
