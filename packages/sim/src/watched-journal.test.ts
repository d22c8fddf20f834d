import { toSequence, type GroupName } from "@waystation/contracts/ids";
import type { JournalCommit } from "@waystation/contracts/journal";
import { createRandom } from "@waystation/contracts/random";
import { makeRecord } from "@waystation/journal/conformance-harness";
import { describe, expect, it } from "vitest";
import { createWatchedJournal, type WatchedJournal } from "./watched-journal.js";
import { createWorld, type World } from "./world.js";

function makeJournal(world: World): { medium: WatchedJournal; durable: JournalCommit[] } {
  const durable: JournalCommit[] = [];
  const medium = createWatchedJournal(world, {
    group: "g1" as GroupName,
    capacityBytes: 1 << 20,
    latency: { minMs: 1, maxMs: 3, slowdown: 1 },
    random: createRandom(1),
    onDurable: (commit) => durable.push(commit),
    onTrim: () => {},
    onUsage: () => {},
  });
  return { medium, durable };
}

describe("watched journal", () => {
  it("reports a commit durable before it is answered", async () => {
    const world = createWorld();
    const { medium, durable } = makeJournal(world);
    const journal = await medium.open();
    const reported: number[] = [];
    for (const n of [1, 2, 3]) {
      void journal.commit({ records: [makeRecord(n)] }).then(() => reported.push(durable.length));
    }
    expect(durable).toEqual([]);
    await world.runFor(10);
    expect(reported).toHaveLength(3);
    for (const [index, count] of reported.entries()) expect(count).toBeGreaterThan(index);
  });

  it("reports what a crash kept when the journal is opened again, and exactly that", async () => {
    const survivors = new Set<number>();
    for (let seed = 0; seed < 40; seed++) {
      const world = createWorld();
      const { medium, durable } = makeJournal(world);
      const journal = await medium.open();
      void journal.commit({ records: [makeRecord(1)] });
      await world.runFor(5);
      void journal.commit({ records: [makeRecord(2)] });
      void journal.commit({});
      void journal.commit({ records: [makeRecord(3)] });
      medium.crash(createRandom(seed));
      await world.runFor(10);
      expect(durable).toHaveLength(1);
      const reopened = await medium.open();
      expect(durable.flatMap(({ records }) => records ?? []).map(({ sequence }) => sequence)).toEqual(
        [1, 2, 3].slice(0, reopened.last()),
      );
      survivors.add(durable.length);
    }
    expect([...survivors].sort()).toEqual([1, 2, 3, 4]);
  });

  it("fails for good when told to, and is well again once it is opened anew", async () => {
    const world = createWorld();
    const { medium, durable } = makeJournal(world);
    const journal = await medium.open();
    medium.failNext();
    for (const n of [1, 2]) {
      await expect(journal.commit({ records: [makeRecord(n)] })).rejects.toMatchObject({ code: "JOURNAL_FAILED" });
    }
    medium.crash(createRandom(1));
    const again = await medium.open();
    void again.commit({ records: [makeRecord(1)] });
    await world.runFor(10);
    expect([again.last(), durable.length]).toEqual([1, 1]);
  });

  it("loses durable commits when damaged, so many that others can tell, and goes on from there", async () => {
    const world = createWorld();
    const { medium } = makeJournal(world);
    const journal = await medium.open();
    for (let n = 1; n <= 30; n++) void journal.commit({ records: [makeRecord(n)], marks: new Map([["at", n]]) });
    await world.runFor(10);
    journal.trimThrough(toSequence(3));
    medium.crash(createRandom(1));
    const end = medium.loseTail(toSequence(20), createRandom(2));
    expect(end).toBeLessThan(20);
    const opening = medium.open();
    await world.runFor(20);
    const reopened = await opening;
    expect([reopened.first(), reopened.last(), reopened.marks().get("at")]).toEqual([4, end, end]);
  });
});
