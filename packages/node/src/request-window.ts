/**
 * Bounds what is under way on one volume: so many requests and bytes at once, the others in the order of their arrival.
 * Requests that overlap, one of them a write, take place one after the other, first come, first served; so a read never
 * sees half of a write, and the later of two writes wins.
 */
import { createRangeLocks, type LockRequest } from "@waystation/replication/range-lock";
import type { ByteRange } from "@waystation/contracts/byte-range";
import { Failure } from "@waystation/contracts/errors";

export interface WindowLimits {
  readonly requestsMax: number;
  /** A request that is larger than this alone goes when nothing else is under way. */
  readonly bytesMax: number;
  /** Requests that wait; further ones are refused at once. */
  readonly waitingMax: number;
}

/** As the windows of replicated volumes have it. */
export const defaultWindowLimits: WindowLimits = { requestsMax: 1024, bytesMax: 32 * 1024 * 1024, waitingMax: 8192 };

export interface WindowRequest extends LockRequest {
  /** The memory that it takes. */
  readonly heldBytes: number;
}

export interface RequestWindow {
  /** Runs `work` when there is room and nothing that overlaps is before it. Rejects with `IO_ERROR` beyond the limits. */
  run<T>(request: WindowRequest, work: () => Promise<T>): Promise<T>;
  /** Whether a read that is over before anything else happens may take place now. */
  mayRead(range: ByteRange): boolean;
  /** Resolves when nothing that was asked for before the call is waiting or under way. */
  idle(): Promise<void>;
}

interface Waiting {
  readonly bytes: number;
  readonly start: () => void;
}

export function createRequestWindow(name: string, limits: WindowLimits = defaultWindowLimits): RequestWindow {
  const locks = createRangeLocks();
  const waiting: Waiting[] = [];
  const onIdle: (() => void)[] = [];
  let requests = 0;
  let bytes = 0;

  const hasRoom = (moreBytes: number): boolean =>
    requests === 0 || (requests < limits.requestsMax && bytes + moreBytes <= limits.bytesMax);

  const leave = (itsBytes: number): void => {
    requests -= 1;
    bytes -= itsBytes;
    for (let next = waiting[0]; next !== undefined && hasRoom(next.bytes); next = waiting[0]) {
      waiting.shift();
      next.start();
    }
    if (requests > 0) return;
    for (const resolve of onIdle.splice(0)) resolve();
  };

  return {
    run<T>(request: WindowRequest, work: () => Promise<T>): Promise<T> {
      const { heldBytes } = request;
      if (waiting.length >= limits.waitingMax) {
        const text = `${waiting.length} requests to volume ${name} wait already: send fewer at once`;
        return Promise.reject(new Failure("IO_ERROR", text));
      }
      return new Promise<T>((resolve, reject) => {
        const start = (): void => {
          requests += 1;
          bytes += heldBytes;
          // What ends a request comes by a promise, so `lock` is there by then.
          const lock = locks.acquire(request, () => {
            work()
              .finally(() => {
                locks.release(lock);
                leave(heldBytes);
              })
              .then(resolve, reject);
          });
        };
        if (waiting.length === 0 && hasRoom(heldBytes)) start();
        else waiting.push({ bytes: heldBytes, start });
      });
    },
    mayRead: (range) => locks.mayRead(range),
    idle: () => (requests === 0 ? Promise.resolve() : new Promise((resolve) => onIdle.push(resolve))),
  };
}
