/**
 * Range locks of one primary volume and its secondaries, which share their addresses. A write holds its ranges alone, a
 * read shares them, a copy holds whole stripes of its target alone. Granted first come, first served among those that
 * overlap, so nobody starves.
 */
import { overlaps, type ByteRange } from "@waystation/contracts/byte-range";

export interface LockRequest {
  readonly ranges: readonly ByteRange[];
  readonly exclusive: boolean;
}

/** A lock asked for or held. */
interface Lock extends LockRequest {
  granted: boolean;
  readonly onGranted: () => void;
}

export interface RangeLocks {
  /** Resolves, with the release, when nothing that came before overlaps it. */
  acquire(request: LockRequest): Promise<() => void>;
  /** Whether a read that is over before anything else happens may take place now. */
  mayRead(range: ByteRange): boolean;
}

export function createRangeLocks(): RangeLocks {
  // Holders and waiters in the order of arrival.
  const locks: Lock[] = [];

  const isBlockedBefore = (request: LockRequest, end: number): boolean => {
    for (let index = 0; index < end; index++) {
      const other = locks[index] as Lock;
      if ((request.exclusive || other.exclusive) && anyOverlap(request.ranges, other.ranges)) return true;
    }
    return false;
  };
  const release = (lock: Lock): void => {
    const from = locks.indexOf(lock);
    if (from < 0) return;
    locks.splice(from, 1);
    for (let index = from; index < locks.length; index++) {
      const waiter = locks[index] as Lock;
      if (waiter.granted || !anyOverlap(waiter.ranges, lock.ranges) || isBlockedBefore(waiter, index)) continue;
      waiter.granted = true;
      waiter.onGranted();
    }
  };

  return {
    acquire: (request) =>
      new Promise((resolve) => {
        const lock: Lock = {
          ...request,
          granted: !isBlockedBefore(request, locks.length),
          onGranted: () => resolve(() => release(lock)),
        };
        locks.push(lock);
        if (lock.granted) lock.onGranted();
      }),
    mayRead: (range) => locks.length === 0 || !isBlockedBefore({ ranges: [range], exclusive: false }, locks.length),
  };
}

function anyOverlap(a: readonly ByteRange[], b: readonly ByteRange[]): boolean {
  return a.some((one) => b.some((other) => overlaps(one, other)));
}
