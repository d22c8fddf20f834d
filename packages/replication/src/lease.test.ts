import { initialEpoch } from "@waystation/contracts/ids";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDesk, type CollectingDesk } from "./effects.js";
import { createLeaseGrantor, createLeaseHolder } from "./lease.js";

function deskAt(nowMs: number): CollectingDesk {
  const desk = createDesk({ epoch: () => initialEpoch, term: () => 0, uniqueId: () => "x", onCommit() {} });
  desk.beginStep(nowMs, nowMs);
  return desk;
}

const leaseMs = 2_000;

describe("leases (PROTOCOL 4)", () => {
  it("the relay's lease ends before the primary's, whatever the delays, with clocks up to 9 % apart", () => {
    // Mostly short: after a long one the primary's lease ends so late that no drift of its clock matters.
    const delay = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 5_000 }));
    const scenario = fc.record({
      rounds: fc.array(fc.record({ pauseMs: fc.integer({ min: 0, max: 3_000 }), outMs: delay, backMs: delay }), {
        minLength: 1,
        maxLength: 6,
      }),
      // The primary's clock against the relay's; true time is the relay's.
      rate: fc.double({ min: 0.91, max: 1.09, noNaN: true }),
      probesMs: fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(scenario, ({ rounds, rate, probesMs }) => {
        const relay = deskAt(0);
        const primary = deskAt(0);
        const grantor = createLeaseGrantor(relay, leaseMs);
        const holder = createLeaseHolder(primary);
        const happenings: { readonly atMs: number; readonly run: () => void }[] = [];
        const probe = (atMs: number): void => {
          happenings.push({
            atMs,
            run() {
              if (grantor.held()) expect(holder.remainingMs()).toBeGreaterThan(0);
            },
          });
        };
        probesMs.forEach(probe);
        let sendMs = 0;
        for (const { pauseMs, outMs, backMs } of rounds) {
          sendMs += pauseMs;
          const sentMs = sendMs;
          // The last instant at which the relay may count on this round.
          probe(sentMs + leaseMs - 1);
          happenings.push({
            atMs: sentMs,
            run() {
              const challenge = grantor.challenge();
              if (challenge === null) return;
              happenings.push({ atMs: sentMs + outMs, run: () => holder.renew(challenge.leaseMs) });
              happenings.push({ atMs: sentMs + outMs + backMs, run: () => grantor.renewed(challenge.id) });
            },
          });
        }
        while (happenings.length > 0) {
          happenings.sort((a, b) => a.atMs - b.atMs);
          const { atMs, run } = happenings.shift()!;
          relay.beginStep(atMs, atMs);
          primary.beginStep(atMs * rate, atMs * rate);
          run();
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("counts from when the challenge was sent, not from when the answer came", () => {
    const desk = deskAt(0);
    const grantor = createLeaseGrantor(desk, leaseMs);
    const challenge = grantor.challenge()!;
    desk.beginStep(leaseMs - 1, 0);
    grantor.renewed(challenge.id);
    expect(grantor.held()).toBe(true);
    desk.beginStep(leaseMs, 0);
    expect(grantor.held()).toBe(false);
  });

  it("challenges four times per lease, and believes no answer to what it did not ask or to a lost connection", () => {
    const desk = deskAt(0);
    const grantor = createLeaseGrantor(desk, leaseMs);
    const first = grantor.challenge()!;
    expect(grantor.challenge()).toBeNull();
    grantor.renewed(first.id + 7);
    expect(grantor.held()).toBe(false);
    grantor.forgetChallenges();
    grantor.renewed(first.id);
    expect(grantor.held()).toBe(false);
    desk.beginStep(leaseMs / 4, 0);
    const second = grantor.challenge()!;
    grantor.renewed(second.id);
    expect(grantor.held()).toBe(true);
  });

  it("an answer that comes after its lease has run out renews nothing", () => {
    const desk = deskAt(0);
    const grantor = createLeaseGrantor(desk, leaseMs);
    const { id } = grantor.challenge()!;
    desk.beginStep(leaseMs + 1, 0);
    grantor.renewed(id);
    expect(grantor.held()).toBe(false);
  });

  it("an older answer that comes late does not shorten the lease", () => {
    const desk = deskAt(0);
    const grantor = createLeaseGrantor(desk, leaseMs);
    const early = grantor.challenge()!;
    desk.beginStep(600, 0);
    const late = grantor.challenge()!;
    grantor.renewed(late.id);
    grantor.renewed(early.id);
    desk.beginStep(2_500, 0);
    expect(grantor.held()).toBe(true);
  });
});
