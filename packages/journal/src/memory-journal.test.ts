import { toSequence, type GroupName } from "@waystation/contracts/ids";
import { systemClock, type Clock } from "@waystation/contracts/clock";
import { createRandom, type Random } from "@waystation/contracts/random";
import { describe, expect, it } from "vitest";
import { journalConformance } from "./conformance.js";
import { makeRecord } from "./conformance-harness.js";
import { runAgainstModel } from "./conformance-model.js";
import { createMemoryJournal } from "./memory-journal.js";

const group = "g1" as GroupName;

describe("memory journal", () => {
  for (const { name, run } of journalConformance) {
    it(name, async () => {
      const medium = createMemoryJournal({ group, clock: systemClock });
      await run({
        open: () => medium.open(),
        crash(random) {
          medium.crash(random);
          return Promise.resolve();
        },
      });
    });
  }
});

/** A clock that stands still until told otherwise. */
function manualClock(): Pick<Clock, "nowMs" | "wallMs" | "setTimer"> & { advance(ms: number): void } {
  let now = 0;
  let timers: { at: number; callback: () => void }[] = [];
  return {
    nowMs: () => now,
    wallMs: () => now,
    setTimer(delayMs, callback) {
      const timer = { at: now + delayMs, callback };
      timers.push(timer);
      return () => void (timers = timers.filter((each) => each !== timer));
    },
    advance(ms) {
      now += ms;
      const due = timers.filter((timer) => timer.at <= now);
      timers = timers.filter((timer) => timer.at > now);
      for (const timer of due) timer.callback();
    },
  };
}

it("memory journal: does as a naive model does, with many seeds", async () => {
  const clock: Pick<Clock, "setTimer"> = {
    ...systemClock,
    setTimer: (_delayMs, callback) => clearImmediate.bind(null, setImmediate(callback)),
  };
  for (let seed = 1000; seed < 1300; seed++) {
    const medium = createMemoryJournal({ group, clock });
    const crash = (random: Random) => Promise.resolve(medium.crash(random));
    await runAgainstModel({ open: () => medium.open(), crash }, seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}`, { cause: error });
    });
  }
});

describe("memory journal on a virtual clock", () => {
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

  it("resolves a commit when its sync has taken its time, and what came meanwhile with the next sync", async () => {
    const clock = manualClock();
    const medium = createMemoryJournal({ group, clock, syncMs: (bytes) => (bytes > 0 ? 5 : 1) });
    const journal = await medium.open();
    const done: number[] = [];
    for (const n of [1, 2, 3]) void journal.commit({ records: [makeRecord(n)] }).then(() => done.push(n));
    clock.advance(4);
    await settle();
    expect(done).toEqual([]);
    clock.advance(1);
    await settle();
    expect(done).toEqual([1]);
    clock.advance(5);
    await settle();
    expect(done).toEqual([1, 2, 3]);
  });

  it("a crash without a random generator drops everything that was not synced, and silences the old journal", async () => {
    const clock = manualClock();
    const medium = createMemoryJournal({ group, clock, syncMs: () => 5 });
    const journal = await medium.open();
    let settled = 0;
    void journal.commit({ records: [makeRecord(1)] }).then(() => (settled += 1));
    clock.advance(5);
    await settle();
    void journal.commit({ records: [makeRecord(2)] }).then(() => (settled += 1));
    medium.crash();
    clock.advance(5);
    void journal.commit({ records: [makeRecord(3)] }).then(() => (settled += 1));
    clock.advance(5);
    await settle();
    expect(settled).toBe(1);
    expect((await medium.open()).last()).toBe(1);
  });

  it("a trim is not durable ahead of a cut that gives the trimmed numbers out again", async () => {
    const clock = manualClock();
    const medium = createMemoryJournal({ group, clock, syncMs: () => 5 });
    const journal = await medium.open();
    void journal.commit({ records: [1, 2, 3, 4, 5].map((sequence) => makeRecord(sequence)) });
    void journal.commit({ cutAfter: toSequence(3), records: [makeRecord(4)] });
    journal.trimThrough(toSequence(4));
    clock.advance(5);
    medium.crash();
    const again = await medium.open();
    expect([again.first(), again.last()]).toEqual([1, 5]);
  });

  it("a crash with a random generator keeps a prefix, of every length sooner or later", async () => {
    const lengths = new Set<number>();
    for (let seed = 0; seed < 60; seed++) {
      const medium = createMemoryJournal({ group, clock: manualClock(), syncMs: () => 5 });
      const journal = await medium.open();
      for (const n of [1, 2, 3]) void journal.commit({ records: [makeRecord(n)] });
      medium.crash(createRandom(seed));
      lengths.add((await medium.open()).last());
    }
    expect([...lengths].sort()).toEqual([0, 1, 2, 3]);
  });
});
