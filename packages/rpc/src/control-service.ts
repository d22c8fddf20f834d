/**
 * The control service over `ControlFront`: status, commands, and takeovers and changes of terms as streams of steps that
 * end with the result.
 */
import type { Log } from "@waystation/contracts/log";
import type { ControlFront } from "@waystation/replication/control-front";
import type { ControlServiceHandlers } from "./generated/waystation/v1/ControlService.js";
import type { ChangeTermRequest__Output } from "./generated/waystation/v1/ChangeTermRequest.js";
import type { TakeoverRequest__Output } from "./generated/waystation/v1/TakeoverRequest.js";
import type { TakeoverResponse } from "./generated/waystation/v1/TakeoverResponse.js";
import { fromProtoCause, fromProtoCommand } from "./command-messages.js";
import { serverStream } from "./server-stream.js";
import { toProtoProgress, toProtoStatus } from "./status-messages.js";
import { unary } from "./unary.js";

export function createControlHandlers(control: ControlFront, log: Log): ControlServiceHandlers {
  // A client that has gone does not stop a takeover or a change of term: leaving the iteration does not.
  async function* takeoverSteps(request: TakeoverRequest__Output): AsyncIterable<TakeoverResponse> {
    const { group, force, without, dryRun } = request;
    for await (const progress of control.takeover({ group, force, without, dryRun })) yield toProtoProgress(progress);
  }
  async function* termSteps(request: ChangeTermRequest__Output): AsyncIterable<TakeoverResponse> {
    const { group, force, dryRun } = request;
    const cause = fromProtoCause(request.cause);
    for await (const progress of control.changeTerm({ group, cause, force, dryRun })) yield toProtoProgress(progress);
  }
  return {
    GetStatus: unary(log, () => ({ status: toProtoStatus(control.status()) })),
    Takeover: serverStream(log, takeoverSteps),
    ChangeTerm: serverStream(log, termSteps),
    Command: unary(log, async (request) => {
      await control.command(request.group, fromProtoCommand(request));
      return {};
    }),
  };
}
