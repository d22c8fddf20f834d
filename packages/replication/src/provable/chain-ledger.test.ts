import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JournalReadOptions, JournalReadResult } from "@waystation/contracts/journal";
import { createChainFollower, type ChainFollower } from "./chain-follower.js";
import { createChainLedger, type ChainLedger } from "./chain-ledger.js";
import { rootsKeptMax } from "./chain-marks.js";
import { commitTo } from "./commitment.js";
import { naiveCommitment, naiveHead, someRecords } from "../testing/chain-model.js";
import { epoch, g1, record, seq, volA, volB } from "../testing/fixture.js";
import type { JournalRecord, MarkValue, VolumeName } from "../vocabulary.js";

const [volC, volD] = ["vol-c", "vol-d"] as [VolumeName, VolumeName];
const volumes: VolumeName[] = [volA, volB, volC, volD];
const origin = { group: g1.group, term: null };
const birth = { group: g1.group, epoch: 1, reason: "term" as const, sequence: 0 };

/** A node's journal and marks, which outlive its machines. */
interface Keeper {
  readonly own: readonly VolumeName[];
  readonly marks: Map<string, MarkValue>;
  readonly journal: JournalRecord[];
  ledger: ChainLedger;
  follower: ChainFollower;
}

function open(keeper: Pick<Keeper, "own" | "marks"> & { readonly journal: readonly JournalRecord[] }): ChainLedger {
  const read = ({ from, through, maxBytes }: JournalReadOptions): JournalReadResult => {
    const all = keeper.journal.filter(({ sequence }) => sequence >= from && sequence <= through);
    // A read that stops early, as one of many bytes would.
    const records = maxBytes > 0 ? all.slice(0, 7) : all;
    return { records, completeThrough: records.length < all.length ? records.at(-1)!.sequence : through };
  };
  const readJournal = (options: JournalReadOptions, then: (result: JournalReadResult) => void): void =>
    then(read(options));
  return createChainLedger({ desk: { readJournal }, marks: new Map(keeper.marks), origin, volumes: keeper.own });
}

function newKeeper(own: readonly VolumeName[], journal: JournalRecord[] = []): Keeper {
  const kept = { own, marks: new Map<string, MarkValue>(), journal };
  const ledger = open(kept);
  return Object.assign(kept, { ledger, follower: createChainFollower(ledger) });
}

function restart(keeper: Keeper): void {
  keeper.ledger = open(keeper);
  keeper.follower = createChainFollower(keeper.ledger);
}

function catchUp({ ledger }: Keeper, durable: number): void {
  for (let before = -1; ledger.through() > before;) {
    before = ledger.through();
    ledger.catchUp(seq(durable));
  }
}

function store(keeper: Keeper, marks: ReadonlyMap<string, MarkValue>): void {
  for (const [name, value] of marks) keeper.marks.set(name, value);
}

describe("E4, PROTOCOL 8: chains at the relay and at the secondaries", () => {
  it("E4: the roots are the naive ones, and every secondary verifies its share, through restarts of anyone", () => {
    const step = fc.record({
      take: fc.nat(20),
      restarts: fc.subarray([0, 1, 2]),
      point: fc.nat(20),
      live: fc.boolean(),
    });
    fc.assert(
      fc.property(someRecords(volumes, 150), fc.array(step, { maxLength: 12 }), (records, steps) => {
        const [relay, west, east] = [newKeeper(volumes), newKeeper([volA, volD]), newKeeper([volB, volC])];
        const keepers = [relay, west, east];
        let durable = 0;
        for (const { take, restarts, point, live } of steps) {
          const fresh = records.slice(durable, durable + take);
          for (const keeper of keepers) {
            const own = fresh.filter(({ volume }) => keeper.own.includes(volume));
            keeper.journal.push(...own);
            if (live) keeper.ledger.take({ after: seq(durable), through: seq(durable + fresh.length), records: own });
          }
          durable += fresh.length;
          for (const each of restarts) restart(keepers[each]!);
          for (const keeper of keepers) catchUp(keeper, durable);
          const at = seq(Math.min(durable, relay.ledger.settled() + point));
          const commitments = commitTo(relay.ledger.at(at).heads);
          const naive = new Map(
            volumes.map((volume) => [volume, naiveHead({ volume, records, anchors: [birth], at })]),
          );
          expect(commitments.root).toEqual(naiveCommitment(naive));
          for (const secondary of [west, east]) {
            expect(secondary.follower.verify(at, commitments.of(secondary.own))).toBe(true);
            store(secondary, secondary.follower.settle(at));
          }
          store(relay, relay.ledger.settle(at, commitments.root));
          for (const keeper of keepers)
            expect(keeper.ledger.roots().at(-1)).toEqual({ sequence: at, root: commitments.root });
        }
      }),
    );
  });

  it("E4: one record dropped, changed, doubled or moved is noticed at the next point", () => {
    const damage = fc.constantFrom("dropped", "changed", "doubled", "moved");
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 40 }),
        fc.nat(),
        damage,
        fc.boolean(),
        (count, pick, what, afterRestart) => {
          const records = Array.from({ length: count }, (_, index) => record(index + 1));
          const relay = newKeeper(volumes, [...records]);
          const whole = newKeeper([volA], [...records]);
          const west = newKeeper([volA], damaged(records, pick % (count - 1), what));
          if (afterRestart) restart(west);
          for (const each of [relay, whole, west]) catchUp(each, count);
          const commitment = commitTo(relay.ledger.at(seq(count)).heads).of([volA]);
          expect(whole.follower.verify(seq(count), commitment)).toBe(true);
          expect(west.follower.verify(seq(count), commitment)).toBe(false);
          expect(west.follower.isVerified(seq(count))).toBe(false);
        },
      ),
    );
  });

  it("E4: a new term begins other chains than any before it, at its base", () => {
    const term = { epoch: epoch(5), cause: "swap" as const, relay: g1.relay, volumes: [], base: seq(70), atBase: [] };
    const desk = { readJournal: () => {} };
    const [first, second] = [null, term].map((each) =>
      createChainLedger({ desk, marks: new Map(), origin: { group: g1.group, term: each }, volumes }),
    );
    expect([first!.settled(), second!.settled()]).toEqual([0, 70]);
    for (const volume of volumes)
      expect(second!.at(seq(70)).heads.get(volume)).not.toEqual(first!.at(seq(0)).heads.get(volume));
  });

  it("E4: a secondary that joins by copy has the heads of one that was there before, from the run's beginning on", () => {
    const records = Array.from({ length: 30 }, (_, index) => record(index + 1));
    const [relay, joined] = [newKeeper(volumes), newKeeper([volA], records.slice(20))];
    relay.ledger.take({ after: seq(0), through: seq(20), records: records.slice(0, 20) });
    relay.ledger.beginRun(seq(20));
    relay.ledger.take({ after: seq(20), through: seq(30), records: records.slice(20) });
    joined.ledger.beginRun(seq(20));
    catchUp(joined, 30);
    expect(joined.follower.verify(seq(30), commitTo(relay.ledger.at(seq(30)).heads).of([volA]))).toBe(true);
  });

  it("E4: the last few hundred roots are kept, and found again after a restart", () => {
    const keeper = newKeeper([volA]);
    const points = rootsKeptMax + 10;
    for (let n = 1; n <= points; n++) {
      keeper.ledger.take({ after: seq(n - 1), through: seq(n), records: [record(n)] });
      store(keeper, keeper.ledger.settle(seq(n), commitTo(keeper.ledger.at(seq(n)).heads).root));
    }
    const before = keeper.ledger.roots();
    expect(before.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: rootsKeptMax }, (_, index) => index + 11),
    );
    restart(keeper);
    expect(keeper.ledger.roots()).toEqual(before);
  });

  it("E4: a damaged mark stops the node, instead of a chain that is guessed", () => {
    const keeper = newKeeper([volA]);
    store(keeper, keeper.ledger.settle(seq(0), commitTo(keeper.ledger.at(seq(0)).heads).root));
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
