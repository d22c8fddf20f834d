/** What every server stream goes through: a deadline is demanded, a slow reader is waited for, a failure becomes its status. */
import type { ServerWritableStream } from "@grpc/grpc-js";
import type { Log } from "@waystation/contracts/log";
import { answerFor, demandDeadline } from "./unary.js";

/** Answers a call with what `answers` brings, and leaves it where the client leaves. */
export function serverStream<Request, Answer>(
  log: Log,
  answers: (request: Request, left: AbortSignal) => AsyncIterable<Answer>,
): (call: ServerWritableStream<Request, Answer>) => void {
  async function stream(call: ServerWritableStream<Request, Answer>, left: AbortSignal): Promise<void> {
    demandDeadline(call);
    for await (const answer of answers(call.request, left)) {
      if (call.cancelled) return;
      if (!call.write(answer)) await drained(call);
    }
  }
  return (call) => {
    const left = new AbortController();
    call.once("cancelled", () => {
      left.abort();
    });
    stream(call, left.signal).then(
      () => {
        call.end();
      },
      (error: unknown) => {
        call.emit("error", answerFor(error, call.getPath(), log));
      },
    );
  };
}

/** Until the client has read some, or has gone. */
function drained<Request, Answer>(call: ServerWritableStream<Request, Answer>): Promise<void> {
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
