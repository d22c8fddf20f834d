/**
 * The server's end of a write stream (proto/waystation/v1/block.proto). Invariants: data in flight stays near the
 * window (reading stops above it, and HTTP/2 holds the client back); every write is acknowledged exactly once, as
 * done, failed or out of time; acks are gathered per turn of the loop and wait while the client does not read them.
 */
import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { BlockFront, VolumeHandle } from "@waystation/contracts/block-front";
import { Failure } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import { checkRange, toProtoVolume } from "./block-messages.js";
import { rpcFailure } from "./errors.js";
import type { NumberedWrite__Output } from "./generated/waystation/v1/NumberedWrite.js";
import type { OpenWriteStream__Output } from "./generated/waystation/v1/OpenWriteStream.js";
import type { WriteStreamRequest__Output } from "./generated/waystation/v1/WriteStreamRequest.js";
import type { WriteStreamResponse } from "./generated/waystation/v1/WriteStreamResponse.js";
import { batchBytesMax, batchTimeoutMsMax, batchWritesMax, requestBytesMax, writeWindowBytes } from "./limits.js";
import { reasonKey } from "./status-table.js";
import { answerFor } from "./unary.js";
import { createWriteAckTracker } from "./write-acks.js";

type WriteStreamCall = ServerDuplexStream<WriteStreamRequest__Output, WriteStreamResponse>;

interface InFlight {
  readonly costBytes: number;
  readonly deadlineMs: number;
}

/** What a write counts for beside its data, so that zeroes are bounded too. */
const writeOverheadBytes = 256;

const lengthOf = (write: NumberedWrite__Output): number =>
  write.data?.length ?? write.zeroBytes ?? write.discardBytes ?? 0;

export function serveWriteStream(call: WriteStreamCall, front: BlockFront, log: Log): void {
  const acks = createWriteAckTracker();
  // In order of arrival, so the first is the first to run out of time.
  const inFlight = new Map<number, InFlight>();
  let handle: VolumeHandle | undefined;
  let state: "new" | "opening" | "open" | "ending" | "over" = "new";
  let timeoutMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let inFlightBytes = 0;
  let lastNumber = 0;
  let ackQueued = false;
  let ackBlocked = false;

  /** Writes under way go on; nobody hears of them any more. */
  function finish(): void {
    state = "over";
    clearTimeout(timer);
    handle?.close();
  }

  function fail(error: unknown): void {
    if (state === "over") return;
    finish();
    call.emit("error", answerFor(error, call.getPath(), log));
  }

  function steer(): void {
    if (state === "over" || (state !== "opening" && !ackBlocked && inFlightBytes <= writeWindowBytes)) call.resume();
    else call.pause();
  }

  async function open({ volume, batchTimeoutMs }: OpenWriteStream__Output): Promise<void> {
    if (batchTimeoutMs < 1 || batchTimeoutMs > batchTimeoutMsMax) {
      throw rpcFailure("DEADLINE_REQUIRED", `batch_timeout_ms must be from 1 to ${batchTimeoutMsMax}`);
    }
    timeoutMs = batchTimeoutMs;
    const opened = await front.open(volume, (reason) => {
      fail(new Failure("VOLUME_NOT_OPEN", `${volume} was closed: ${reason}; open a new stream`));
    });
    handle = opened;
    // The stream may have ended in between.
    if (state !== "opening") {
      opened.close();
      return;
    }
    state = "open";
    call.write({ opened: { volume: toProtoVolume(opened.volume), windowBytes: writeWindowBytes } });
    steer();
  }

  function start(batch: readonly NumberedWrite__Output[], volume: VolumeHandle): void {
    checkBatch(batch, lastNumber + 1);
    const deadlineMs = performance.now() + timeoutMs;
    for (const write of batch) {
      lastNumber = write.number;
      const costBytes = (write.data?.length ?? 0) + writeOverheadBytes;
      inFlight.set(write.number, { costBytes, deadlineMs });
      inFlightBytes += costBytes;
      run(volume, write).then(
        () => {
          settle(write.number);
        },
        (error: unknown) => {
          settle(write.number, error);
        },
      );
    }
    timer ??= setTimeout(expire, timeoutMs);
    steer();
  }

  function settle(number: number, error?: unknown): void {
    const entry = inFlight.get(number);
    // Out of time already, and told so.
    if (entry === undefined) return;
    inFlight.delete(number);
    inFlightBytes -= entry.costBytes;
    if (error === undefined) acks.settle(number);
    else {
      const { details, metadata } = answerFor(error, call.getPath(), log);
      acks.settle(number, { reason: String(metadata.get(reasonKey)[0]), message: details });
    }
    if (ackQueued) return;
    ackQueued = true;
    setImmediate(() => {
      ackQueued = false;
      sendAcks();
    });
  }

  function sendAcks(): void {
    if (state === "over" || ackBlocked) return;
    const message = acks.take();
    if (message !== null && !call.write({ acks: message })) {
      ackBlocked = true;
      call.once("drain", () => {
        ackBlocked = false;
        sendAcks();
      });
    }
    steer();
    if (state === "ending" && inFlight.size === 0 && !ackBlocked) {
      finish();
      call.end();
    }
  }

  /** A write that is out of time is told as failed, its outcome unknown. */
  function expire(): void {
    timer = undefined;
    const nowMs = performance.now();
    for (const [number, { deadlineMs }] of inFlight) {
      if (deadlineMs > nowMs) {
        timer = setTimeout(expire, deadlineMs - nowMs);
        return;
      }
      settle(number, rpcFailure("DEADLINE_EXCEEDED", `not stored within ${timeoutMs} ms; the outcome is unknown`));
    }
  }

  function receive(request: WriteStreamRequest__Output): void {
    if (state === "new" && request.open) {
      state = "opening";
      steer();
      open(request.open).catch(fail);
    } else if (state === "open" && request.batch && handle !== undefined) start(request.batch.writes, handle);
    else if (state !== "over") fail(rpcFailure("REQUEST_INVALID", "a write stream is `open` once, then batches"));
  }

  readOneAhead(call);
  call.on("data", (request: WriteStreamRequest__Output) => {
    try {
      receive(request);
    } catch (error) {
      fail(error);
    }
  });
  call.once("end", () => {
    if (state === "over") return;
    if (state === "open") state = "ending";
    else finish();
    if (state === "ending") sendAcks();
    else call.end();
  });
  call.once("cancelled", () => {
    if (state !== "over") finish();
  });
}

/** Durable when it resolves, as the service promises of every write that it answers. */
async function run(volume: VolumeHandle, write: NumberedWrite__Output): Promise<void> {
  if (write.data) await volume.write(write.offsetBytes, write.data);
  else await volume.zero(write.offsetBytes, lengthOf(write), write.operation === "zeroBytes" ? "zero" : "discard");
  await volume.flush();
}

function checkBatch(batch: readonly NumberedWrite__Output[], firstNumber: number): void {
  let dataBytes = 0;
  for (const [index, write] of batch.entries()) {
    if (write.number !== firstNumber + index) {
      throw rpcFailure("REQUEST_INVALID", `write ${write.number} where ${firstNumber + index} should follow`);
    }
    if (write.operation === undefined) throw rpcFailure("REQUEST_INVALID", `write ${write.number} has no operation`);
    checkRange(write.offsetBytes, lengthOf(write));
    const lengthBytes = write.data?.length ?? 0;
    dataBytes += lengthBytes;
    if (lengthBytes > requestBytesMax) {
      throw rpcFailure(
        "REQUEST_TOO_LARGE",
        `write ${write.number} has ${lengthBytes} bytes: at most ${requestBytesMax}`,
      );
    }
  }
  if (batch.length > batchWritesMax || dataBytes > batchBytesMax) {
    throw rpcFailure(
      "REQUEST_TOO_LARGE",
      `a batch of ${batch.length} writes, ${dataBytes} bytes: at most ${batchWritesMax} and ${batchBytesMax}`,
    );
  }
}

/**
 * grpc-js reads up to 16 messages ahead of the handler, each up to 16 MiB: on a stream that is held back they would be
 * kept in memory. Node has no public way to set the mark of a stream that exists.
 */
function readOneAhead(call: WriteStreamCall): void {
  const readable: unknown = Reflect.get(call, "_readableState");
  Reflect.set(readable as object, "highWaterMark", 1);
}
