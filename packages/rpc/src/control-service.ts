/**
 * The control service over `ControlFront`: status, commands, and takeovers and changes of terms as streams of steps that
 * end with the result.
 */
import type { Sequence } from "@waystation/contracts/ids";
import type { Log } from "@waystation/contracts/log";
import type { ConfigurationFront, ControlFront } from "@waystation/replication/control-front";
import type { ControlServiceHandlers } from "./generated/waystation/v1/ControlService.js";
import type { ChangeTermRequest__Output } from "./generated/waystation/v1/ChangeTermRequest.js";
import type { TakeoverRequest__Output } from "./generated/waystation/v1/TakeoverRequest.js";
import type { TakeoverResponse } from "./generated/waystation/v1/TakeoverResponse.js";
import { toProtoAttestation } from "./attestation-messages.js";
import { fromProtoCause, fromProtoCommand } from "./command-messages.js";
import { serverStream } from "./server-stream.js";
import { toProtoProgress, toProtoStatus } from "./status-messages.js";
import { unary } from "./unary.js";

export function createControlHandlers(control: ControlFront & ConfigurationFront, log: Log): ControlServiceHandlers {
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
    AttestGroup: unary(log, ({ group, sequence }) =>
      toProtoAttestation(control.attest(group, sequence === undefined ? null : asSequence(sequence))),
    ),
    Reload: unary(log, async () => ({ changes: [...(await control.reload())] })),
  };
}

/** What is above 2^53 was never stamped: anything that high asks for the last point. */
function asSequence(wire: number): Sequence {
  return Math.min(wire, Number.MAX_SAFE_INTEGER) as Sequence;
}
