import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createHeadHistory, type HeadHistory } from "./head-history.js";
import { anchorOf, readPoint } from "./chain-marks.js";
import { naiveHead, type NaiveAnchor } from "../testing/chain-model.js";
import { someRecords } from "../testing/some-records.js";
import { g1, record, seq, volA, volB } from "../testing/fixture.js";
import type { JournalRecord, VolumeName } from "../vocabulary.js";

const origin = { group: g1.group, term: null };
const volumes: VolumeName[] = [volA, volB];
const { from } = readPoint({ marks: new Map(), origin, volumes, counter: seq(0) });
const birth: NaiveAnchor = { group: g1.group, epoch: 1, reason: "term", sequence: 0 };

function expectHeads(
  history: HeadHistory,
  records: readonly JournalRecord[],
  anchors: readonly NaiveAnchor[],
  at: number,
): void {
  const heads = history.at(seq(at));
  expect(history.recordsAt(seq(at))).toBe(records.filter(({ sequence }) => sequence <= at).length);
  for (const volume of volumes) expect(heads.get(volume)).toEqual(naiveHead({ volume, records, anchors, at }));
}

/** What may happen to a history, over and over. */
const happening = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("take" as const),
      back: fc.nat(5),
      count: fc.integer({ min: 1, max: 30 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("leave a gap" as const), ahead: fc.integer({ min: 1, max: 9 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("settle" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("anchor" as const), ahead: fc.nat(12) }) },
);

describe("E4, PROTOCOL 8: heads between the last settled point and the newest record", () => {
  it("E4: are those of the naive chain at every number, whatever was taken twice, left out, anchored or settled", () => {
    fc.assert(
      fc.property(someRecords(volumes, 200), fc.array(happening, { maxLength: 40 }), (records, happenings) => {
        const history = createHeadHistory({ from, records: 0, entriesMax: 40 });
        const anchors = [birth];
        const span = (after: number, through: number): Parameters<HeadHistory["take"]>[0] => ({
          after: seq(after),
          through: seq(Math.min(through, records.length)),
          records: records.slice(after, through),
        });
        for (const each of happenings) {
          const through = history.through();
          if (each.kind === "take") history.take(span(Math.max(0, through - each.back), through + each.count));
          if (each.kind === "leave a gap") {
            history.take(span(through + each.ahead, through + each.ahead + 5));
            expect(history.through()).toBe(through);
          }
          if (each.kind === "settle") {
            const settled = history.settled();
            history.settle(seq(settled + Math.floor(each.share * (through - settled))));
          }
          if (each.kind === "anchor") {
            const sequence = seq(Math.max(through, anchors.at(-1)!.sequence) + each.ahead);
            history.anchor(anchorOf(origin, "resync", sequence));
            anchors.push({ ...birth, reason: "resync", sequence });
          }
          const { settled, through: now } = { settled: history.settled(), through: history.through() };
          for (const at of [settled, Math.floor((settled + now) / 2), now]) expectHeads(history, records, anchors, at);
        }
      }),
    );
  });

  it("E4: are bounded in number, and go on where the room ended", () => {
    const records = Array.from({ length: 100 }, (_, index) => record(index + 1));
    const history = createHeadHistory({ from, records: 0, entriesMax: 10 });
    const all = { after: seq(0), through: seq(100), records };
    history.take(all);
    expect([history.through(), history.isFull()]).toEqual([10, true]);
    history.settle(seq(7));
    expect(history.isFull()).toBe(false);
    history.take(all);
    expect([history.settled(), history.through()]).toEqual([7, 17]);
    expectHeads(history, records, [birth], 17);
    expect(() => history.at(seq(6))).toThrow("not known");
    expect(() => history.at(seq(18))).toThrow("not known");
  });

  it("E4: come to a number without records of their own", () => {
    const history = createHeadHistory({ from, records: 0, entriesMax: 10 });
    history.take({ after: seq(0), through: seq(50), records: [record(20)] });
    expectHeads(history, [record(20)], [birth], 19);
    expectHeads(history, [record(20)], [birth], 50);
  });

  it("E4: an anchor lies above the heads at its number and below the next record, also at the last settled point", () => {
    const records = [record(1), record(2), record(3)];
    const anchors = [birth, { ...birth, reason: "resync" as const, sequence: 2 }];
    const history = createHeadHistory({ from, records: 0, entriesMax: 10 });
    history.take({ after: seq(0), through: seq(2), records: records.slice(0, 2) });
    history.settle(seq(2));
    history.anchor(anchorOf(origin, "resync", seq(2)));
    history.take({ after: seq(2), through: seq(3), records: records.slice(2) });
    expectHeads(history, records, anchors, 2);
    expectHeads(history, records, anchors, 3);
  });

  it("E4: a chain cannot go back before what it has come to", () => {
    const history = createHeadHistory({ from, records: 0, entriesMax: 10 });
    history.take({ after: seq(0), through: seq(5), records: [] });
    expect(() => history.anchor(anchorOf(origin, "resync", seq(4)))).toThrow("have come to 5");
  });
});
