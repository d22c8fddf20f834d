import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JournalReadOptions, JournalReadResult } from "@waystation/contracts/journal";
import { createChainAuthor, type ChainAuthor } from "./chain-author.js";
import { createChainFollower, type ChainFollower, type Verdict } from "./chain-follower.js";
import { createChainLedger, type ChainLedger } from "./chain-ledger.js";
import { rootsKeptMax } from "./chain-marks.js";
import { commitTo, type PointCommitment } from "./commitment.js";
import { naiveAnchor, naiveCommitment, naiveHead, type NaiveAnchor } from "../testing/chain-model.js";
import { someRecords } from "../testing/some-records.js";
import { epoch, g1, record, seq, volA, volB } from "../testing/fixture.js";
import type { Term } from "../term.js";
import type { JournalRecord, MarkValue, Sequence, VolumeName } from "../vocabulary.js";

const [volC, volD] = ["vol-c", "vol-d"] as [VolumeName, VolumeName];
const volumes: VolumeName[] = [volA, volB, volC, volD];
const birth = { group: g1.group, epoch: 1, reason: "term" as const, sequence: 0 };

/** A node's journal, marks and counter of points, which outlive its machines. */
interface Keeper {
  readonly own: readonly VolumeName[];
  readonly marks: Map<string, MarkValue>;
  readonly journal: JournalRecord[];
  counter: Sequence;
  ledger: ChainLedger;
  onMissing?: (sequence: Sequence) => void;
}

interface Relay extends Keeper {
  author: ChainAuthor;
}

interface Secondary extends Keeper {
  follower: ChainFollower;
}

function open(keeper: Omit<Keeper, "ledger">, term: Term | null = null): ChainLedger {
  const { own, marks, counter, onMissing = () => {} } = keeper;
  // A read stops early, as one of many bytes would.
  const read = ({ from, through }: JournalReadOptions): JournalReadResult => {
    const all = keeper.journal.filter(({ sequence }) => sequence >= from && sequence <= through);
    const records = all.slice(0, 7);
    return { records, completeThrough: records.length < all.length ? records.at(-1)!.sequence : through };
  };
  const desk = {
    readJournal: (options: JournalReadOptions, then: (result: JournalReadResult) => void) => then(read(options)),
  };
  return createChainLedger({
    desk,
    marks: new Map(marks),
    origin: { group: g1.group, term },
    volumes: own,
    counter,
    onMissing,
  });
}

function newKeeper(own: readonly VolumeName[], journal: JournalRecord[] = []): Keeper {
  const kept = { own, marks: new Map<string, MarkValue>(), journal, counter: seq(0) };
  return Object.assign(kept, { ledger: open(kept) });
}

function newRelay(journal: JournalRecord[] = []): Relay {
  const kept = newKeeper(volumes, journal);
  return Object.assign(kept, { author: createChainAuthor(kept) });
}

function newSecondary(own: readonly VolumeName[], journal: JournalRecord[] = []): Secondary {
  const kept = newKeeper(own, journal);
  return Object.assign(kept, { follower: createChainFollower(kept.ledger) });
}

function restartRelay(relay: Relay): void {
  relay.ledger = open(relay);
  relay.author = createChainAuthor(relay);
}

function restart(secondary: Secondary): void {
  secondary.ledger = open(secondary);
  secondary.follower = createChainFollower(secondary.ledger);
}

function catchUp({ ledger }: Keeper, durable: number): void {
  for (let before = -1; ledger.through() > before;) {
    before = ledger.through();
    ledger.catchUp(seq(durable));
  }
}

function store(keeper: Keeper, marks: Iterable<readonly [string, MarkValue]>, counter = keeper.counter): void {
  for (const [name, value] of marks) keeper.marks.set(name, value);
  keeper.counter = counter;
}

/** What the secondary's machine does: a point that it has validated is nothing new; records are read again as needed. */
function verdict(secondary: Secondary, at: Sequence, commitment: PointCommitment): Verdict {
  if (secondary.follower.verify(at, commitment) === "wait") catchUp(secondary, at);
  return secondary.follower.verify(at, commitment);
}

/** It has lost everything, or lacks what is trimmed: it goes on above `begin`, with nothing that lies below. */
function jump(secondary: Secondary, begin: Sequence): void {
  secondary.marks.clear();
  secondary.journal.length = 0;
  secondary.counter = begin;
  secondary.ledger.jumpTo(begin);
}

const step = fc.record({
  take: fc.nat(20),
  /** Which of the nodes take records as they come, and which read them later. */
  live: fc.subarray([0, 1, 2]),
  restarts: fc.subarray([0, 1, 2]),
  /** Which of them die right before the commit that settles the point. */
  dies: fc.subarray([0, 1, 2]),
  point: fc.nat(20),
  run: fc.constantFrom("no", "no", "no", "run", "jump"),
});

describe("E4, PROTOCOL 8: chains at the relay and at the secondaries", () => {
  it("E4: the roots are the naive ones, and every secondary verifies its share, through restarts, runs and joins of any", () => {
    fc.assert(
      fc.property(someRecords(volumes, 150), fc.array(step, { maxLength: 14 }), (records, steps) => {
        const [relay, west, east] = [newRelay(), newSecondary([volA, volD]), newSecondary([volB, volC])];
        const keepers = [relay, west, east];
        const anchors: NaiveAnchor[] = [birth];
        let durable = seq(0);
        for (const { take, live, restarts, dies, point, run } of steps) {
          const through = seq(Math.min(records.length, durable + take));
          for (const [index, keeper] of keepers.entries()) {
            const own = records.slice(durable, through).filter(({ volume }) => keeper.own.includes(volume));
            keeper.journal.push(...own);
            if (live.includes(index)) keeper.ledger.take({ after: durable, through, records: own });
          }
          durable = through;
          if (run !== "no") {
            store(relay, [relay.author.beginRun(durable)]);
            const resync: NaiveAnchor = { ...birth, reason: "resync", sequence: durable };
            if (!isDeepStrictEqual(anchors.at(-1), resync)) anchors.push(resync);
          }
          if (run === "jump") jump(east, durable);
          if (restarts.includes(0)) restartRelay(relay);
          if (restarts.includes(1)) restart(west);
          if (restarts.includes(2)) restart(east);
          catchUp(relay, durable);
          const at = seq(Math.min(durable, relay.ledger.settled() + point));
          const naive = naiveCommitment(
            new Map(volumes.map((volume) => [volume, naiveHead({ volume, records, anchors, at })])),
          );
          const gate = seq(Math.min(...keepers.map(({ counter }) => counter)));
          for (const [index, secondary] of [west, east].entries()) {
            if (at <= secondary.counter) continue;
            const commitment = relay.author.commitmentAt(at, secondary.own);
            expect(commitment.root).toEqual(naive);
            expect(verdict(secondary, at, commitment)).toBe("verified");
            const marks = secondary.follower.settle(at);
            expect(secondary.ledger.roots().at(-1)).toMatchObject({ sequence: at, root: naive });
            if (dies.includes(index + 1)) restart(secondary);
            else store(secondary, marks, at);
          }
          if ([west, east].some(({ counter }) => counter < at)) continue;
          const marks = relay.author.settle(at, gate);
          if (dies.includes(0)) restartRelay(relay);
          else store(relay, marks, at);
        }
      }),
    );
  });

  it("E4: one record dropped, changed, doubled or moved is noticed at the next point", () => {
    const damage = fc.constantFrom("dropped", "changed", "doubled", "moved");
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), damage, (count, pick, what) => {
        const records = Array.from({ length: count }, (_, index) => record(index + 1));
        const relay = newRelay([...records]);
        const whole = newSecondary([volA], [...records]);
        const west = newSecondary([volA], damaged(records, pick % (count - 1), what));
        catchUp(relay, count);
        const commitment = relay.author.commitmentAt(seq(count), [volA]);
        expect(verdict(whole, seq(count), commitment)).toBe("verified");
        expect(verdict(west, seq(count), commitment)).toBe("mismatch");
        expect([whole, west].map(({ follower }) => follower.isVerified(seq(count)))).toEqual([true, false]);
      }),
    );
  });

  it("E4: a new term begins other chains than any before it, at its base, and remembers older points", () => {
    const [base, atBase] = [seq(70), []];
    const term: Term = { epoch: epoch(5), cause: "swap", relay: g1.relay, volumes: [], base, atBase, tail: false };
    const keeper = newRelay(Array.from({ length: 60 }, (_, index) => record(index + 1)));
    catchUp(keeper, 60);
    store(keeper, keeper.author.settle(seq(60), seq(0)), seq(60));
    const first = keeper.ledger;
    const second = open({ ...keeper, counter: seq(70) }, term);
    expect([first.settled(), second.settled(), second.isKnown()]).toEqual([60, 70, true]);
    for (const volume of volumes)
      expect(second.at(seq(70)).get(volume)).toEqual(naiveAnchor({ ...birth, epoch: 5, sequence: 70 }, volume));
    expect(second.roots()).toEqual(first.roots());
    const [root] = first.roots().map((each) => each.root);
    store(keeper, second.settle(seq(70), root!), seq(70));
    const again = open(keeper, term);
    expect(again.at(seq(70))).toEqual(second.at(seq(70)));
    expect(again.roots().map(({ sequence }) => sequence)).toEqual([60, 70]);
  });

  it("E4: a relay notices by the numbers alone that its journal lost a record", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (count, pick) => {
        const lost = (pick % count) + 1;
        const journal = Array.from({ length: count }, (_, index) => record(index + 1));
        const missing: number[] = [];
        const relay = newRelay(journal.toSpliced(lost - 1, 1));
        relay.onMissing = (sequence) => void missing.push(sequence);
        restartRelay(relay);
        catchUp(relay, count);
        expect(missing[0]).toBe(lost);
      }),
    );
  });

  it("E4: a secondary without the records below verifies nothing until an anchor is named", () => {
    const relay = newRelay(Array.from({ length: 30 }, (_, index) => record(index + 1)));
    const joined = newSecondary([volA]);
    jump(joined, seq(20));
    joined.journal.push(...relay.journal.slice(20));
    catchUp(relay, 30);
    expect(verdict(joined, seq(30), relay.author.commitmentAt(seq(30), [volA]))).toBe("mismatch");
  });

  it("E4: chains of a journal from before there were chains begin at its last point", () => {
    const records = Array.from({ length: 30 }, (_, index) => record(index + 1));
    const [relay, west] = [newRelay([...records]), newSecondary([volA], [...records])];
    Object.assign(relay, { counter: seq(12) });
    Object.assign(west, { counter: seq(12) });
    restartRelay(relay);
    restart(west);
    catchUp(relay, 30);
    const commitment = relay.author.commitmentAt(seq(30), [volA]);
    expect(commitment.anchors).toEqual([12]);
    expect(verdict(west, seq(30), commitment)).toBe("verified");
  });

  it("E4: the last few hundred roots are kept, and found again after a restart", () => {
    const keeper = newSecondary([volA]);
    const points = rootsKeptMax + 10;
    for (let n = 1; n <= points; n++) {
      keeper.ledger.take({ after: seq(n - 1), through: seq(n), records: [record(n)] });
      store(keeper, keeper.ledger.settle(seq(n), commitTo(keeper.ledger.at(seq(n))).root), seq(n));
    }
    const before = keeper.ledger.roots();
    const kept = Array.from({ length: rootsKeptMax }, (_, index) => index + 11);
    expect(before.map(({ sequence }) => sequence)).toEqual(kept);
    restart(keeper);
    expect(keeper.ledger.roots()).toEqual(before);
  });

  it("E4: a damaged mark stops the node, instead of a chain that is guessed", () => {
    const keeper = newSecondary([volA]);
    store(keeper, keeper.ledger.settle(seq(0), commitTo(keeper.ledger.at(seq(0))).root));
    keeper.marks.delete(`chain/${volA}`);
    expect(() => restart(keeper)).toThrow("damaged");
  });
});

function damaged(records: readonly JournalRecord[], index: number, what: string): JournalRecord[] {
  const victim = records[index]!;
  const next = records[index + 1]!;
  if (what === "dropped") return records.toSpliced(index, 1);
  if (what === "changed") return records.with(index, { ...victim, payload: Buffer.alloc(victim.payload.length, 1) });
  if (what === "doubled") return records.with(index + 1, { ...victim, sequence: next.sequence });
  return records
    .with(index, { ...next, sequence: victim.sequence })
    .with(index + 1, { ...victim, sequence: next.sequence });
}
