import type { GroupName } from "@waystation/contracts/ids";
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
});
