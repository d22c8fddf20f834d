/**
 * The block service over `BlockFront`: translates requests and bounds them. Range checks, replication and fencing lie
 * behind the port. The unary calls in flight share one budget; each write stream has a window of its own.
 */
import type { BlockFront } from "@waystation/contracts/block-front";
import { Failure } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import { checkRange, toProtoVolume } from "./block-messages.js";
import { rpcFailure } from "./errors.js";
import type { BlockServiceHandlers } from "./generated/waystation/v1/BlockService.js";
import { requestBytesMax, unaryBytesMax, unaryRequestsMax } from "./limits.js";
import { unary } from "./unary.js";
import { createVolumeHandles } from "./volume-handles.js";
import { serveWriteStream } from "./write-stream.js";

function checkSize(lengthBytes: number): void {
  if (lengthBytes > requestBytesMax) {
    throw rpcFailure(
      "REQUEST_TOO_LARGE",
      `${lengthBytes} bytes in one request: the limit is ${requestBytesMax}; split it`,
    );
  }
}

export interface BlockService {
  readonly handlers: BlockServiceHandlers;
  close(): void;
}

export function createBlockService(front: BlockFront, log: Log): BlockService {
  const handles = createVolumeHandles(front);
  let requestsInFlight = 0;
  let bytesInFlight = 0;

  /** Runs `work` within the budget of the unary calls; `lengthBytes` is what it holds in memory. */
  async function within<T>(lengthBytes: number, work: () => Promise<T>): Promise<T> {
    if (requestsInFlight >= unaryRequestsMax || bytesInFlight + lengthBytes > unaryBytesMax) {
      throw rpcFailure("SERVER_BUSY", `${requestsInFlight} requests with ${bytesInFlight} bytes in flight; try again`);
    }
    requestsInFlight += 1;
    bytesInFlight += lengthBytes;
    try {
      return await work();
    } finally {
      requestsInFlight -= 1;
      bytesInFlight -= lengthBytes;
    }
  }

  function zero(volume: string, offsetBytes: number, lengthBytes: number, kind: "zero" | "discard"): Promise<object> {
    checkRange(offsetBytes, lengthBytes);
    return within(0, async () => {
      const handle = await handles.use(volume);
      await handle.zero(offsetBytes, lengthBytes, kind);
      await handle.flush();
      return {};
    });
  }

  const handlers: BlockServiceHandlers = {
    ListVolumes: unary(log, () => ({ volumes: front.list().map(toProtoVolume) })),
    GetVolume: unary(log, ({ volume }) => {
      const found = front.list().find(({ name }) => name === volume);
      if (found === undefined) throw unknownVolume(front, volume);
      return { volume: toProtoVolume(found) };
    }),
    Read: unary(log, ({ volume, offsetBytes, lengthBytes }) => {
      checkRange(offsetBytes, lengthBytes);
      checkSize(lengthBytes);
      return within(lengthBytes, async () => ({
        data: await (await handles.use(volume)).read(offsetBytes, lengthBytes),
      }));
    }),
    Write: unary(log, ({ volume, offsetBytes, data }) => {
      checkRange(offsetBytes, data.length);
      checkSize(data.length);
      return within(data.length, async () => {
        const handle = await handles.use(volume);
        await handle.write(offsetBytes, data);
        // What the service answers is durable, whatever kind of volume it is.
        await handle.flush();
        return {};
      });
    }),
    Flush: unary(log, ({ volume }) =>
      within(0, async () => {
        await (await handles.use(volume)).flush();
        return {};
      }),
    ),
    Discard: unary(log, ({ volume, offsetBytes, lengthBytes }) => zero(volume, offsetBytes, lengthBytes, "discard")),
    WriteZeroes: unary(log, ({ volume, offsetBytes, lengthBytes }) => zero(volume, offsetBytes, lengthBytes, "zero")),
    WriteStream: (call) => {
      serveWriteStream(call, front, log);
    },
  };
  return { handlers, close: () => handles.close() };
}

function unknownVolume(front: BlockFront, volume: string): Error {
  const names = front.list().map(({ name }) => name);
  const served = names.length === 0 ? "no volume" : names.join(", ");
  return new Failure("UNKNOWN_VOLUME", `no volume ${JSON.stringify(volume)} is open here; this node serves ${served}`);
}
