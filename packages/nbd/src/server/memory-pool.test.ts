import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMemoryPool, type MemoryAccount } from "./memory-pool.js";

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Member {
  readonly account: MemoryAccount;
  heldBytes: number;
  rooms: number;
}

function createMembers(count: number, options: { reserveBytes: number; sharedBytesMax: number }) {
  const pool = createMemoryPool(options);
  const members = Array.from({ length: count }, () => {
    const member: Member = { account: pool.open(() => (member.rooms += 1)), heldBytes: 0, rooms: 0 };
    return member;
  });
  const take = (member: Member, bytes: number): boolean => {
    if (!member.account.admits(bytes)) return false;
    member.heldBytes += bytes;
    member.account.set(member.heldBytes);
    return true;
  };
  const give = (member: Member, bytes: number): void => {
    member.heldBytes -= bytes;
    member.account.set(member.heldBytes);
  };
  return { pool, members, take, give };
}

describe("the memory pool", () => {
  it("holds no more than all reserves and the shared part, whatever is asked for, and nobody is left waiting", async () => {
    const action = fc.record({ who: fc.nat(3), bytes: fc.integer({ min: -300, max: 300 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        const { pool, members, take, give } = createMembers(4, { reserveBytes: 50, sharedBytesMax: 400 });
        for (const { who, bytes } of actions) {
          const member = members[who]!;
          if (bytes < 0) give(member, Math.min(member.heldBytes, -bytes));
          else take(member, bytes);
          expect(pool.heldBytes()).toBe(members.reduce((sum, { heldBytes }) => sum + heldBytes, 0));
          const shared = members.reduce((sum, { heldBytes }) => sum + Math.max(0, heldBytes - 50), 0);
          expect(shared).toBeLessThanOrEqual(400);
        }
        for (const member of members) give(member, member.heldBytes);
        // The one at the head of the queue is woken, and takes its turn; so everyone comes to the head.
        for (let turn = 0; turn < 4 && pool.isContended(); turn++) {
          const before = members.map(({ rooms }) => rooms);
          await nextTurn();
          await nextTurn();
          const woken = members.find(({ rooms }, i) => rooms > before[i]!)!;
          expect(woken.account.admits(300)).toBe(true);
        }
        expect(pool.isContended()).toBe(false);
      }),
    );
  });

  it("leaves everyone its reserve when the shared part is used up", () => {
    const { members, take } = createMembers(3, { reserveBytes: 50, sharedBytesMax: 100 });
    const [greedy, other, third] = members as [Member, Member, Member];
    expect(take(greedy, 150)).toBe(true);
    expect(take(other, 51)).toBe(false);
    expect(take(other, 50)).toBe(true);
    expect(take(third, 50)).toBe(true);
    expect(take(third, 1)).toBe(false);
  });

  it("lets nobody overtake who waits", async () => {
    const { members, take, give } = createMembers(3, { reserveBytes: 0, sharedBytesMax: 100 });
    const [holder, large, small] = members as [Member, Member, Member];
    take(holder, 60);
    expect(take(large, 90)).toBe(false);
    expect(take(small, 10)).toBe(false);
    give(holder, 50);
    await nextTurn();
    expect([large.rooms, small.rooms]).toEqual([1, 0]);
    expect(take(large, 90)).toBe(true);
    await nextTurn();
    expect(small.rooms).toBe(1);
    expect(take(small, 10)).toBe(false);
    small.account.leaveQueue();
  });

  it("wakes the next when the first wants no more", async () => {
    const { pool, members, take } = createMembers(3, { reserveBytes: 0, sharedBytesMax: 100 });
    const [holder, large, small] = members as [Member, Member, Member];
    take(holder, 60);
    take(large, 90);
    take(small, 10);
    large.account.leaveQueue();
    await nextTurn();
    expect(small.rooms).toBe(1);
    expect(take(small, 10)).toBe(true);
    expect(pool.isContended()).toBe(false);
  });
});
