/**
 * What the payloads of all connections together may take. Each connection has a reserve of its own, which no other can
 * use up, and draws what it needs beyond it from one shared part:
 *
 *     held by all  <=  connections x reserveBytes + sharedBytesMax
 *
 * So clients that hold on to as much as they can leave the others smaller requests, but never none. Whoever finds the
 * shared part used up waits in a queue, first come first served: a large request is not overtaken for ever by small ones.
 */
import assert from "node:assert/strict";

export interface MemoryPool {
  /** `onRoom` is called, in a turn of its own, when an account that was refused may ask again. */
  open(onRoom: () => void): MemoryAccount;
  heldBytes(): number;
  /** True while somebody waits for room. */
  isContended(): boolean;
}

/** The part of one connection. */
export interface MemoryAccount {
  /** Says what is held now. */
  set(heldBytes: number): void;
  /** May it hold so much more? If not, it is in the queue now. It takes nothing yet: `set` does, once it is held. */
  admits(moreBytes: number): boolean;
  /** Waits no more: what it waited for is not wanted at present. */
  leaveQueue(): void;
}

interface Member {
  heldBytes: number;
  readonly onRoom: () => void;
}

export interface MemoryPoolOptions {
  readonly reserveBytes: number;
  /** At least the largest request: alone, every connection gets what it asks for. */
  readonly sharedBytesMax: number;
}

export function createMemoryPool({ reserveBytes, sharedBytesMax }: MemoryPoolOptions): MemoryPool {
  let heldBytes = 0;
  let sharedBytes = 0;
  const queue = new Set<Member>();
  let waking: NodeJS.Immediate | null = null;

  const sharedPart = (bytes: number): number => Math.max(0, bytes - reserveBytes);
  const firstInQueue = (): Member | undefined => queue.values().next().value;

  const wake = (): void => {
    if (queue.size === 0 || waking !== null) return;
    waking = setImmediate(() => {
      waking = null;
      firstInQueue()?.onRoom();
    });
  };

  const set = (member: Member, bytes: number): void => {
    assert(bytes >= 0, "a connection that holds less than nothing");
    const before = sharedPart(member.heldBytes);
    heldBytes += bytes - member.heldBytes;
    member.heldBytes = bytes;
    const after = sharedPart(bytes);
    sharedBytes += after - before;
    if (after < before) wake();
  };

  const leave = (member: Member): void => {
    // The next one has been waiting for this one only, perhaps.
    if (queue.delete(member)) wake();
  };

  const admits = (member: Member, moreBytes: number): boolean => {
    const wantedBytes = member.heldBytes + moreBytes;
    const others = sharedBytes - sharedPart(member.heldBytes);
    const isNext = queue.size === 0 || firstInQueue() === member;
    const fits = isNext && others + sharedPart(wantedBytes) <= sharedBytesMax;
    if (moreBytes > 0 && wantedBytes > reserveBytes && !fits) {
      queue.add(member);
      return false;
    }
    leave(member);
    return true;
  };

  return {
    open(onRoom) {
      const member: Member = { heldBytes: 0, onRoom };
      return {
        set: (bytes) => {
          set(member, bytes);
        },
        admits: (moreBytes) => admits(member, moreBytes),
        leaveQueue: () => {
          leave(member);
        },
      };
    },
    heldBytes: () => heldBytes,
    isContended: () => queue.size > 0,
  };
}
