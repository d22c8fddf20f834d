/**
 * The calling side of the services: a connection of its own, a deadline on every call that can have one, and errors as
 * `Failure`. `@waystation/client` builds on it.
 */
import { Client, credentials, Metadata, type ClientDuplexStream } from "@grpc/grpc-js";
import { clientOptions } from "./limits.js";
import { failureOf } from "./status-table.js";

/** A method of a definition in `proto.ts`, as far as a caller needs it. */
export interface CallableMethod<Request, Answer> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Answer;
}

export interface Connection {
  /** "host:port". */
  readonly address: string;
  /** Rejects with a `Failure`: the server's code, or `RPC_UNREACHABLE`, `DEADLINE_EXCEEDED`, `RPC_INTERNAL`. */
  unary<Request, Answer>(method: CallableMethod<Request, Answer>, request: Request, timeoutMs: number): Promise<Answer>;
  /** Throws like `unary`. Leaving the loop cancels the call. */
  serverStream<Request, Answer>(
    method: CallableMethod<Request, Answer>,
    request: Request,
    timeoutMs: number,
  ): AsyncIterable<Answer>;
  /** Its errors are grpc-js's: see `failureOf`. */
  bidiStream<Request, Answer>(method: CallableMethod<Request, Answer>): ClientDuplexStream<Request, Answer>;
  close(): void;
}

/** Connects on the first call. Close it, or the connection stays. */
export function connect(address: string): Connection {
  const client = new Client(address, credentials.createInsecure(), clientOptions);
  const within = (timeoutMs: number) => ({ deadline: Date.now() + timeoutMs });
  return {
    address,
    unary: <Request, Answer>(
      { path, requestSerialize, responseDeserialize }: CallableMethod<Request, Answer>,
      request: Request,
      timeoutMs: number,
    ) =>
      new Promise<Answer>((resolve, reject) => {
        const options = within(timeoutMs);
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          new Metadata(),
          options,
          (error, answer) => {
            if (error === null) resolve(answer as Answer);
            else reject(failureOf(error, address));
          },
        );
      }),
    async *serverStream<Request, Answer>(
      { path, requestSerialize, responseDeserialize }: CallableMethod<Request, Answer>,
      request: Request,
      timeoutMs: number,
    ) {
      const options = within(timeoutMs);
      const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, options);
      try {
        for await (const answer of call as AsyncIterable<Answer>) yield answer;
      } catch (error) {
        throw failureOf(error, address);
      } finally {
        call.cancel();
      }
    },
    bidiStream: ({ path, requestSerialize, responseDeserialize }) =>
      client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize),
    close() {
      client.close();
    },
  };
}
