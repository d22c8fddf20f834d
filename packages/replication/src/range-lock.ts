/**
 * Range locks of one volume (PROTOCOL 1.2). A write holds its range exclusively until both legs have ended, a read
 * shares its range until the data was read: otherwise a read could show a write that the relay never saw, and lose it
 * again when the primary crashes. Granted first come, first served among ranges that overlap, so nobody starves.
 */
import { overlaps, type ByteRange } from "@waystation/contracts/byte-range";

export interface LockRequest extends ByteRange {
  readonly exclusive: boolean;
}

/** A lock asked for or held. */
export interface Lock extends LockRequest {
  granted: boolean;
  readonly onGranted: () => void;
}

export interface RangeLocks {
  /** Calls `onGranted` at once if nothing is in the way, or later from within a `release`. */
  acquire(request: LockRequest, onGranted: () => void): Lock;
  /** Gives a held lock back, or withdraws one that still waits. */
  release(lock: Lock): void;
  /** Whether a read that is over before anything else happens may take place: it would be granted its range at once. */
  mayRead(range: ByteRange): boolean;
}

export function createRangeLocks(): RangeLocks {
  // Holders and waiters in the order of arrival; a few hundred at most (the origin's window), so a scan is cheap.
  const locks: Lock[] = [];

  const blockedBefore = (lock: LockRequest, end: number): boolean => {
    for (let i = 0; i < end; i++) {
      const other = locks[i];
      if (other !== undefined && (lock.exclusive || other.exclusive) && overlaps(lock, other)) return true;
    }
    return false;
  };

  return {
    acquire(request, onGranted) {
      const lock: Lock = { ...request, granted: !blockedBefore(request, locks.length), onGranted };
      locks.push(lock);
      if (lock.granted) onGranted();
      return lock;
    },
    release(lock) {
      const index = locks.indexOf(lock);
      if (index < 0) return;
      locks.splice(index, 1);
      const grantable: Lock[] = [];
      for (let i = index; i < locks.length; i++) {
        const waiter = locks[i];
        if (waiter === undefined || waiter.granted || !overlaps(waiter, lock) || blockedBefore(waiter, i)) continue;
        waiter.granted = true;
        grantable.push(waiter);
      }
      for (const waiter of grantable) waiter.onGranted();
    },
    mayRead: ({ offsetBytes, lengthBytes }) =>
      locks.length === 0 || !blockedBefore({ offsetBytes, lengthBytes, exclusive: false }, locks.length),
  };
}
