/**
 * The client's end of a write stream (proto/waystation/v1/block.proto): each write is a promise; those made in one turn
 * of the loop, or while the window is full, travel as one batch. Invariants: data in flight stays within the window;
 * data that waits stays within the queue limit; every promise settles, also when the connection breaks.
 */
import type { VolumeDescription } from "@waystation/contracts/block-front";
import { Failure } from "@waystation/contracts/errors";
import { fromProtoVolume } from "@waystation/rpc/block-messages";
import type { Connection } from "@waystation/rpc/connection";
import { blockServiceDefinition } from "@waystation/rpc/proto";
import { failureOf } from "@waystation/rpc/status-table";
import { clientFailure } from "./errors.js";

export interface WriteStreamOptions {
  readonly volume: string;
  /** Data in flight at most. The server has a window of its own, 8 MiB. */
  readonly windowBytes?: number;
  /** Data that waits for the window at most; writes beyond it reject with `WRITE_QUEUE_FULL`. */
  readonly queueBytesMax?: number;
  /** Each write that the server has not stored within this time fails with `DEADLINE_EXCEEDED`, its outcome unknown. */
  readonly batchTimeoutMs?: number;
}

export interface WriteStream {
  readonly volume: VolumeDescription;
  /**
   * Resolves when the write is durable. Writes end in any order: wait for one before writing over it. `data`, at most
   * 4 MiB, must not change until then.
   */
  write(offsetBytes: number, data: Uint8Array): Promise<void>;
  zero(offsetBytes: number, lengthBytes: number, kind: "zero" | "discard"): Promise<void>;
  /** Resolves when every write has ended. */
  close(): Promise<void>;
}

export interface WriteStreamHost {
  readonly connection: Connection;
  readonly openTimeoutMs: number;
}

interface Operation {
  readonly offsetBytes: number;
  readonly data?: Buffer;
  readonly zeroBytes?: number;
  readonly discardBytes?: number;
}

interface Waiting {
  readonly operation: Operation;
  readonly costBytes: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const mebibyte = 1024 * 1024;
const batchWritesMax = 256;
/** Small enough that the server can start on a batch while the next travels. */
const batchBytesMax = mebibyte;
/** As the server counts: what a write costs beside its data. */
const writeOverheadBytes = 256;

const openCall = (connection: Connection) => connection.bidiStream(blockServiceDefinition.WriteStream);
type WriteStreamCall = ReturnType<typeof openCall>;
type WriteStreamAnswer = ReturnType<(typeof blockServiceDefinition)["WriteStream"]["responseDeserialize"]>;

const lengthOf = (operation: Operation): number => operation.data?.length ?? 0;

/** Rejects with `UNKNOWN_VOLUME`, `VOLUME_NOT_OPEN`, or that the node cannot be reached. */
export async function openWriteStream(host: WriteStreamHost, options: WriteStreamOptions): Promise<WriteStream> {
  const { volume, windowBytes = 4 * mebibyte, queueBytesMax = 64 * mebibyte, batchTimeoutMs = 30_000 } = options;
  const call = openCall(host.connection);
  const { address } = host.connection;
  const queue: Waiting[] = [];
  const inFlight = new Map<number, Waiting>();
  let settledThrough = 0;
  let lastNumber = 0;
  let queuedBytes = 0;
  let inFlightBytes = 0;
  let pumpQueued = false;
  let ended: Error | undefined;
  let onIdle: (() => void) | undefined;

  /** Nothing more will be heard: every promise rejects. */
  function fail(error: Error): void {
    ended ??= error;
    for (const waiting of [...inFlight.values(), ...queue.splice(0)]) waiting.reject(ended);
    inFlight.clear();
    onIdle?.();
  }

  function enqueue(operation: Operation): Promise<void> {
    if (ended !== undefined) return Promise.reject(ended);
    const costBytes = lengthOf(operation) + writeOverheadBytes;
    if (queuedBytes + costBytes > queueBytesMax) {
      return Promise.reject(clientFailure("WRITE_QUEUE_FULL", `${queuedBytes} bytes wait already: await some writes`));
    }
    return new Promise((resolve, reject) => {
      queue.push({ operation, costBytes, resolve, reject });
      queuedBytes += costBytes;
      if (pumpQueued) return;
      pumpQueued = true;
      setImmediate(() => {
        pumpQueued = false;
        pump();
      });
    });
  }

  function pump(): void {
    let next = queue[0];
    while (next !== undefined && (inFlight.size === 0 || inFlightBytes + next.costBytes <= windowBytes)) {
      call.write({ batch: { writes: takeBatch() } });
      next = queue[0];
    }
  }

  function takeBatch() {
    const writes: (Operation & { readonly number: number })[] = [];
    let batchBytes = 0;
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      const full = writes.length === batchWritesMax || batchBytes + next.costBytes > batchBytesMax;
      if (writes.length > 0 && (full || inFlightBytes + next.costBytes > windowBytes)) break;
      queue.shift();
      queuedBytes -= next.costBytes;
      inFlightBytes += next.costBytes;
      batchBytes += next.costBytes;
      lastNumber += 1;
      inFlight.set(lastNumber, next);
      writes.push({ number: lastNumber, ...next.operation });
    }
    return writes;
  }

  function settle(number: number, failure?: Failure): void {
    const waiting = inFlight.get(number);
    if (waiting === undefined) return;
    inFlight.delete(number);
    inFlightBytes -= waiting.costBytes;
    if (failure === undefined) waiting.resolve();
    else waiting.reject(failure);
  }

  function receive({ acks }: WriteStreamAnswer): void {
    if (!acks) return;
    for (const { number, reason, message } of acks.failures) settle(number, new Failure(reason, message));
    for (; settledThrough < acks.settledThrough; settledThrough += 1) settle(settledThrough + 1);
    for (const number of acks.settledBeyond) settle(number);
    pump();
    if (inFlight.size === 0 && queue.length === 0) onIdle?.();
  }

  async function close(): Promise<void> {
    if (ended === undefined) {
      ended = clientFailure("WRITE_STREAM_CLOSED", `the write stream of ${volume} has been closed`);
      if (inFlight.size > 0 || queue.length > 0) await new Promise<void>((resolve) => (onIdle = resolve));
    }
    call.end();
  }

  call.write({ open: { volume, batchTimeoutMs } });
  const opened = await firstAnswer(call, host);
  call.on("data", receive);
  call.on("error", (error) => {
    fail(failureOf(error, address));
  });
  call.once("end", () => {
    fail(clientFailure("WRITE_STREAM_CLOSED", `${address} has ended the write stream of ${volume}`));
  });
  return {
    volume: opened,
    write: (offsetBytes, data) =>
      enqueue({ offsetBytes, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength) }),
    zero: (offsetBytes, lengthBytes, kind) =>
      enqueue(kind === "zero" ? { offsetBytes, zeroBytes: lengthBytes } : { offsetBytes, discardBytes: lengthBytes }),
    close,
  };
}

/** The stream has no deadline as a whole, so its opening gets one here. */
function firstAnswer(
  call: WriteStreamCall,
  { connection, openTimeoutMs }: WriteStreamHost,
): Promise<VolumeDescription> {
  const { address } = connection;
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => {
      call.cancel();
      reject(new Failure("DEADLINE_EXCEEDED", `${address}: no answer within ${openTimeoutMs} ms`));
    }, openTimeoutMs);
    call.once("error", (error) => {
      clearTimeout(deadline);
      reject(failureOf(error, address));
    });
    call.once("data", ({ opened }: WriteStreamAnswer) => {
      clearTimeout(deadline);
      if (opened) resolve(fromProtoVolume(opened.volume));
      else reject(new Failure("RPC_INTERNAL", `${address} did not open the write stream first`));
    });
  });
}
