import { compareOrigin, noOrigin, noSequence } from "@waystation/contracts/ids";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createOriginLedger, orderAfter, type OriginLedger } from "./origin-ledger.js";
import { at, primaryA, seq, volA } from "./testing/fixture.js";

function ledgerAt(high = noOrigin, stamped = 0, journalFirst = 0): OriginLedger {
  const sequences = { stamped: seq(stamped), journalFirst: seq(journalFirst) };
  return createOriginLedger({ volume: volA, primary: primaryA, high, ...sequences });
}

describe("origin ledger (PROTOCOL 1.4)", () => {
  it("B3: takes the next number, re-acknowledges old ones, refuses gaps, and begins anew with each incarnation", () => {
    const answers = [at(2, 6), at(2, 5), at(2, 1), at(1, 99), at(2, 7), at(3, 1), at(3, 2)].map((origin) =>
      orderAfter(at(2, 5), origin),
    );
    expect(answers).toEqual(["next", "duplicate", "duplicate", "duplicate", "gap", "next", "gap"]);
  });

  it("starts with number 1 of any incarnation when nothing was stamped yet", () => {
    expect(orderAfter(noOrigin, at(1, 1))).toBe("next");
    expect(orderAfter(noOrigin, at(7, 1))).toBe("next");
    expect(orderAfter(noOrigin, at(1, 2))).toBe("gap");
  });

  it("tells stamped from durable: a number on its way to the disk may be acknowledged to nobody", () => {
    const ledger = ledgerAt();
    ledger.stamp(at(1, 1), seq(1));
    expect(ledger.stamped).toEqual(at(1, 1));
    expect(ledger.durable).toEqual(noOrigin);
    ledger.madeDurable(at(1, 1));
    expect(ledger.durable).toEqual(at(1, 1));
  });

  it("says up to which sequence its volume is complete at the origin, as a naive list does", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("stamp" as const), others: fc.nat(3), raise: fc.boolean() }),
      fc.record({ kind: fc.constant("complete" as const), back: fc.nat(4) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const ledger = ledgerAt();
        const naive: { readonly origin: ReturnType<typeof at>; readonly sequence: number; complete: boolean }[] = [];
        let stamped = 0;
        for (const each of steps) {
          if (each.kind === "stamp") {
            // Other volumes of the group take numbers in between.
            stamped += each.others + 1;
            const last = naive.at(-1)?.origin ?? at(1, 0);
            const origin = each.raise ? at(last.incarnation + 1, 1) : at(last.incarnation, last.n + 1);
            ledger.stamp(origin, seq(stamped));
            naive.push({ origin, sequence: stamped, complete: false });
          } else {
            const reached = naive[naive.length - 1 - each.back]?.origin;
            if (reached === undefined) continue;
            ledger.localComplete(reached);
            for (const entry of naive) if (compareOrigin(entry.origin, reached) <= 0) entry.complete = true;
          }
          const open = naive.find((entry) => !entry.complete);
          expect(ledger.completeThrough(seq(stamped))).toBe(open === undefined ? stamped : open.sequence - 1);
        }
      }),
    );
  });

  it("counts a report of the local leg that came before the record: that leg does not wait for the relay's", () => {
    const ledger = ledgerAt();
    ledger.localComplete(at(1, 2));
    ledger.stamp(at(1, 1), seq(1));
    ledger.stamp(at(1, 2), seq(2));
    expect(ledger.completeThrough(seq(2))).toBe(2);
    ledger.stamp(at(1, 3), seq(3));
    expect(ledger.completeThrough(seq(3))).toBe(2);
  });

  it("B2: after a restart holds every record that the journal has, until its primary reports the last of them", () => {
    const ledger = ledgerAt(at(1, 8), 20, 12);
    expect(ledger.completeThrough(seq(20))).toBe(11);
    ledger.localComplete(at(1, 7));
    expect(ledger.completeThrough(seq(20))).toBe(11);
    ledger.localComplete(at(1, 8));
    expect(ledger.completeThrough(seq(20))).toBe(20);
  });

  it("holds nothing after a restart when the journal or the volume is empty", () => {
    expect(ledgerAt(at(1, 8), 20, noSequence).completeThrough(seq(20))).toBe(20);
    expect(ledgerAt(noOrigin, 20, 12).completeThrough(seq(20))).toBe(20);
  });
});
