/** Copy runs at a primary (B10, PROTOCOL 9), against a far side that is driven by hand (testing/far-side.ts). */
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { limits } from "./limits.js";
import type { Membership } from "./membership.js";
import { createFarSide, type FarSide } from "./testing/far-side.js";
import { blockBytes, g1, primaryA, secondaryA, secondaryB, volA, volB } from "./testing/fixture.js";
import { volumeOf, type Medium } from "./testing/medium.js";
import { createPrimaryBench, type PrimaryBench } from "./testing/primary-bench.js";

const sizeBytes = 20 * 64 * 1024 - 1024;
const regionBytes = 128 * 1024;
const blocks = sizeBytes / blockBytes;
const group: Membership = {
  ...g1,
  fence: "status",
  regionBytes,
  volumes: [volA, volB].map((name) => ({
    name,
    sizeBytes,
    primary: primaryA,
    secondaries: [name === volA ? secondaryA : secondaryB],
  })),
};

interface Pair {
  primary: PrimaryBench;
  readonly far: FarSide;
}

function start(medium?: Medium): PrimaryBench {
  const primary = createPrimaryBench({ membership: group, ...(medium === undefined ? {} : { medium }) });
  primary.start();
  primary.settle();
  primary.connect();
  primary.secondariesSilent();
  return primary;
}

/** What a relay has above any local mark of a primary that was alone or copying: nothing that is asked for here. */
function answerFetches(primary: PrimaryBench): void {
  for (const volume of [volA, volB]) {
    primary.receive(primary.link(), { kind: "relay-records", volume, records: [], nextAfter: 0 as never });
    primary.settle();
  }
}

function joinedPair(): Pair {
  const primary = start();
  const far = createFarSide(primary, [volA, volB], sizeBytes);
  far.take();
  far.welcome();
  answerFetches(primary);
  far.settle();
  return { primary, far };
}

function write(pair: Pair, block: number, value: number, volume = volA): number {
  const request = pair.primary.write({ volume, block, value });
  pair.far.settle();
  return request;
}

function expectEqual({ primary, far }: Pair): void {
  for (const volume of [volA, volB]) {
    const local = volumeOf(primary.medium, volume);
    const differs = Array.from({ length: blocks }, (_, block) => block).filter((block) => {
      const from = block * blockBytes;
      return !local.subarray(from, from + blockBytes).equals(far.images.get(volume)!.subarray(from, from + blockBytes));
    });
    expect(differs, `blocks of ${volume} that differ`).toEqual([]);
  }
}

/** A pair that was split by an operator, with a few writes since. */
function splitPair(): Pair {
  const pair = joinedPair();
  write(pair, 0, 1);
  pair.far.suspend("PSUS");
  pair.far.settle();
  write(pair, 1, 2);
  write(pair, 700, 3);
  write(pair, 5, 4, volB);
  return pair;
}

function resync(pair: Pair, copyId = "run-1"): void {
  pair.far.beginRun(copyId);
  pair.far.welcome();
  pair.far.settle();
  pair.far.startCopy();
  pair.far.settle();
}

describe("a primary that comes out of a suspension (B9, B10)", () => {
  it("B10: joins a run in a new incarnation, copies what was written alone and no more, and hosts go on writing", () => {
    const pair = splitPair();
    expect(pair.far.images.get(volA)!.readUInt32LE(blockBytes)).toBe(0);
    pair.far.beginRun("run-1");
    pair.far.welcome();
    pair.far.settle();
    expect(pair.primary.member.status().primary).toMatchObject({ leg: "copying", pair: "COPY" });
    const request = write(pair, 900, 9);
    expect(pair.primary.replies.get(request)).toBeNull();
    pair.far.startCopy();
    pair.far.settle();
    expect(pair.far.isCopied()).toBe(true);
    expectEqual(pair);
    // Units 0 and 5 of vol-a, unit 0 of vol-b: the regions' other halves are equal.
    expect(pair.far.copiedBytes()).toBe(3 * 64 * 1024);
    pair.far.endRun();
    pair.far.settle();
    expect(pair.primary.member.status().primary).toMatchObject({ leg: "joined", pair: "PAIR", loggedBytes: 0 });
    expect(pair.primary.medium.journal.marks.has("copy-cursor")).toBe(false);
  });

  it("PROTOCOL 1.1: writes that were under way when it joins get numbers of the new incarnation, from 1 on", () => {
    const pair = splitPair();
    const { primary, far } = pair;
    far.beginRun("run-1");
    const under = primary.write({ volume: volA, block: 1500, value: 7 });
    primary.settle(["store"]);
    primary.take();
    far.take();
    far.welcome();
    const held = primary.write({ volume: volA, block: 4, value: 8 });
    primary.settle(["store", "commit"]);
    // What came while the commit was on its way has started neither way; what was the array's alone stays so.
    expect(primary.take().filter((line) => line.includes("origin-batch"))).toEqual([]);
    primary.settle();
    const sent = primary.take().filter((line) => line.includes("origin-batch"));
    expect(sent).toMatchObject([
      `send ingress relay-1: origin-batch vol-a 2.1 write ${4 * blockBytes}+${blockBytes} local vol-a 2.0 local vol-b 2.0`,
    ]);
    expect([primary.replies.get(under), primary.replies.get(held)]).toEqual([null, undefined]);
    // B8: what the array alone got is the run's, also where the intent had only just learnt of it.
    far.settle();
    far.startCopy();
    far.settle();
    expectEqual(pair);
  });

  it("PROTOCOL 2b: a lazy mark on its way does not bring the old local mark back", () => {
    const { primary, far } = joinedPair();
    primary.write({ volume: volA, block: 0, value: 1 });
    far.settle();
    far.suspend("PSUS");
    far.settle();
    far.beginRun("run-1");
    far.welcome();
    // Its local mark is ahead of the durable one; the time for that comes while the commit is on its way.
    primary.tick(limits.markIntervalMs);
    primary.settle();
    expect(primary.medium.journal.marks.get("local-complete/vol-a")).toEqual([2, 0]);
  });

  it("DESIGN 5: regions that others name are copied too, and whole volumes", () => {
    const pair = splitPair();
    // The far side lost block 1000 of vol-a; all of vol-b is new there.
    const local = volumeOf(pair.primary.medium, volB);
    local.fill(7, 600 * blockBytes, 601 * blockBytes);
    volumeOf(pair.primary.medium, volA).fill(8, 1000 * blockBytes, 1001 * blockBytes);
    pair.far.beginRun("run-1", [{ volume: volA, runs: [[Math.floor((1000 * blockBytes) / regionBytes), 1]] }], [volB]);
    pair.far.welcome();
    pair.far.settle();
    pair.far.startCopy();
    pair.far.settle();
    expectEqual(pair);
    expect(pair.primary.member.status().primary?.copy).toMatchObject({ copyId: "run-1", detail: "" });
  });

  it("B8: a run of another name takes over what the one before had not brought over", () => {
    const pair = splitPair();
    pair.far.beginRun("run-1");
    pair.far.welcome();
    pair.far.settle();
    pair.far.suspend("PSUE");
    pair.far.settle();
    write(pair, 300, 5);
    resync(pair, "run-2");
    expect(pair.far.isCopied()).toBe(true);
    expectEqual(pair);
    expect(pair.far.hellos.map(({ leg, copyId }) => [leg, copyId])).toEqual([
      ["joined", ""],
      ["alone", ""],
      ["alone", ""],
    ]);
  });

  it("B10: joined, it takes part in a run that begins under it, and copies what the far side had not validated", () => {
    const pair = joinedPair();
    write(pair, 1, 1);
    pair.far.farValidated();
    write(pair, 700, 2);
    // The secondary came back without the last write.
    pair.far.images.get(volA)!.fill(0, 700 * blockBytes, 701 * blockBytes);
    pair.far.beginRun("run-1");
    pair.far.startCopy();
    pair.far.settle();
    expectEqual(pair);
    // Unit 0 was validated everywhere: it was neither asked for nor copied.
    expect(pair.far.askedBytes()).toBe(regionBytes);
    pair.far.endRun();
    pair.far.settle();
    expect(pair.primary.member.status().primary?.leg).toBe("joined");
  });

  it("PROTOCOL 9: an old copy never overwrites a newer write, however they meet", () => {
    const pair = splitPair();
    const { primary, far } = pair;
    far.beginRun("run-1");
    far.welcome();
    far.settle();
    far.startCopy();
    primary.settle(["load"]);
    far.take();
    far.answerDigests();
    primary.drain();
    // The copy has its lock and reads; the write waits for it, and comes after it in the stream.
    expect(primary.asked("load").length).toBeGreaterThan(0);
    const request = primary.write({ volume: volA, block: 1, value: 99 });
    primary.settle(["load", "store"]);
    expect(primary.asked("store")).toEqual([]);
    far.settle();
    expect(primary.replies.get(request)).toBeNull();
    expectEqual(pair);
  });
});

describe("what the log remembers across a run (B8)", () => {
  it("B8: extents that a recovery had sent again in vain, because the group was suspended, are copied by the run", () => {
    const pair = joinedPair();
    // The array has it, the relay has not: the primary died before its message left.
    pair.primary.write({ volume: volA, block: 800, value: 5 });
    pair.primary.settle();
    pair.primary.takeSent();
    pair.primary = start(pair.primary.medium);
    pair.far.follow(pair.primary);
    pair.far.take();
    pair.far.welcome();
    answerFetches(pair.primary);
    expect(pair.primary.member.status().phase).toBe("reconciling");
    pair.primary.takeSent();
    pair.far.suspend("PSUE");
    pair.far.settle();
    expect(pair.primary.member.status()).toMatchObject({ phase: "open", primary: { leg: "alone" } });
    resync(pair);
    expectEqual(pair);
  });

  it("PROTOCOL 5: what the run has brought over does not stay in the log as if no number covered it", () => {
    const usual = limits.intentUnitsMax;
    limits.intentUnitsMax = 2;
    onTestFinished(() => void (limits.intentUnitsMax = usual));
    const pair = splitPair();
    resync(pair);
    pair.far.endRun();
    for (const block of [300, 600, 900, 1200, 1500, 1800]) write(pair, block, block);
    expect(pair.primary.member.status().primary?.loggedBytes).toBeGreaterThan(0);
    pair.far.farValidated();
    pair.far.settle();
    expect(pair.primary.member.status().primary?.loggedBytes).toBe(0);
  });
});

describe("bounds of a copy run", () => {
  it("reads no more than may be under way, and less while hosts wait", () => {
    const usual = { ...limits };
    onTestFinished(() => void Object.assign(limits, usual));
    Object.assign(limits, { copyChunkBytes: 256 * 1024, copyPieceBytes: 64 * 1024, copyBytesMax: 128 * 1024 });
    Object.assign(limits, { copyBytesBusyMax: 64 * 1024 });
    const pair = splitPair();
    const { primary, far } = pair;
    far.beginRun("run-1", [], [volA]);
    far.welcome();
    far.settle();
    far.startCopy();
    primary.settle(["load"]);
    far.take();
    far.answerDigests();
    primary.drain();
    expect(primary.asked("load")).toHaveLength(2);
    for (let turns = 0; turns < 100; turns++) {
      primary.write({ volume: volA, block: 0, value: turns });
      primary.settle(["load"]);
      primary.answer("load");
      primary.drain();
      expect(primary.asked("load").length).toBeLessThanOrEqual(2);
      far.take();
      far.answerDigests();
      far.acknowledge();
    }
    far.settle();
    expect(far.isCopied()).toBe(true);
    expectEqual(pair);
  });

  it("asks less and less often where nothing is equal, and again as soon as something is", () => {
    const usual = { ...limits };
    onTestFinished(() => void Object.assign(limits, usual));
    Object.assign(limits, { copyChunkBytes: 64 * 1024, copyChunksMax: 1 });
    const pair = splitPair();
    for (const volume of [volA, volB]) volumeOf(pair.primary.medium, volume).fill(7);
    pair.far.beginRun("run-1", [], [volA, volB]);
    pair.far.welcome();
    pair.far.settle();
    pair.far.startCopy();
    pair.far.settle();
    expectEqual(pair);
    expect(pair.far.askedBytes() / (64 * 1024)).toBeLessThan(10);
  });

  it("B10: leaves half of the relay's room to the hosts, and takes of theirs only after a while, a piece at a time", () => {
    const usual = { ...limits };
    onTestFinished(() => void Object.assign(limits, usual));
    Object.assign(limits, { copyPieceBytes: 64 * 1024 });
    const pair = splitPair();
    const { primary, far } = pair;
    volumeOf(primary.medium, volA).fill(7);
    far.beginRun("run-1", [], [volA]);
    far.welcome(512 * 1024);
    const copy = (): number => {
      primary.settle();
      far.take();
      far.answerDigests();
      primary.settle();
      far.take();
      return far.copiedBytes() / (64 * 1024);
    };
    primary.settle();
    far.startCopy();
    // 512 KiB of room: four units take half of it.
    expect(copy()).toBe(4);
    primary.tick(limits.copyPatienceMs);
    expect(copy()).toBe(4);
    // Durable there, but nothing of it has left the journal: no more credit.
    far.acknowledge(512 * 1024);
    expect(copy()).toBe(5);
    far.acknowledge(512 * 1024);
    expect(copy()).toBe(5);
    primary.tick(limits.copyPatienceMs);
    expect(copy()).toBe(6);
    far.acknowledge();
    far.settle();
    expect(far.isCopied()).toBe(true);
    expectEqual(pair);
  });

  it("goes on in the far side's pace: no faster than it is told to", () => {
    const usual = { ...limits };
    onTestFinished(() => void Object.assign(limits, usual));
    Object.assign(limits, { copyPieceBytes: 64 * 1024, copyBytesPerSecondMax: 64 * 1024 });
    const pair = splitPair();
    pair.far.beginRun("run-1", [], [volA]);
    pair.far.welcome();
    pair.far.settle();
    pair.far.startCopy();
    pair.far.settle();
    expect(pair.far.isCopied()).toBe(false);
    for (let seconds = 0; seconds < 30; seconds++) {
      pair.primary.tick(1_000, 250);
      pair.far.settle();
    }
    expect(pair.far.isCopied()).toBe(true);
    expectEqual(pair);
  });
});

describe("a copy run that is broken off", () => {
  it("B10: goes on after its cursor when the primary is killed, without comparing everything again", () => {
    const usual = { ...limits };
    onTestFinished(() => void Object.assign(limits, usual));
    Object.assign(limits, { copyChunkBytes: 64 * 1024, copyPieceBytes: 64 * 1024, copyBytesMax: 64 * 1024 });
    const pair = splitPair();
    volumeOf(pair.primary.medium, volA).fill(7);
    pair.far.beginRun("run-1", [], [volA]);
    pair.far.welcome();
    pair.far.settle();
    pair.far.startCopy();
    for (let turns = 0; turns < 8; turns++) {
      pair.primary.settle(["load"]);
      pair.far.take();
      pair.far.answerDigests();
      pair.primary.drain();
      pair.primary.answer("load");
      pair.primary.drain();
      pair.far.take();
      pair.far.acknowledge();
    }
    pair.primary.tick(limits.markIntervalMs);
    pair.primary.settle(["load"]);
    expect(pair.primary.medium.journal.marks.get("copy-cursor")).toMatchObject({ copyId: "run-1", volume: volA });
    const copied = pair.far.copiedBytes();
    expect(copied).toBeGreaterThan(0);
    pair.primary = start(pair.primary.medium);
    pair.far.follow(pair.primary);
    const asked = pair.far.askedBytes();
    pair.far.take();
    pair.far.welcome();
    answerFetches(pair.primary);
    pair.far.settle();
    pair.far.startCopy();
    pair.far.settle();
    expect(pair.far.isCopied()).toBe(true);
    expectEqual(pair);
    expect(pair.far.askedBytes() - asked).toBeLessThan(sizeBytes - copied / 2);
  });

  it("PROTOCOL 9: copies nothing before its own recovery is over: its array may be older than the stream", () => {
    const pair = splitPair();
    pair.far.beginRun("run-1");
    pair.far.welcome();
    pair.far.settle();
    const again = start(pair.primary.medium);
    pair.far.follow(again);
    pair.far.take();
    pair.far.welcome();
    pair.far.startCopy();
    again.settle();
    expect(again.takeSent().map(({ body }) => body.kind)).not.toContain("digest-ask");
  });

  it("B8: regions that are named only after the run was copied are copied all the same", () => {
    const pair = splitPair();
    resync(pair);
    expect(pair.far.isCopied()).toBe(true);
    pair.far.images.get(volA)!.fill(3, 5 * regionBytes, 6 * regionBytes);
    pair.primary.lose(pair.primary.link());
    pair.primary.connect();
    pair.far.take();
    pair.far.beginRun("run-1", [{ volume: volA, runs: [[5, 1]] }]);
    pair.far.welcome();
    pair.far.startCopy();
    pair.far.settle();
    expect(pair.far.isCopied()).toBe(true);
    expectEqual(pair);
  });

  it("says copy-done again to a relay that has forgotten it, without copying anything again", () => {
    const pair = splitPair();
    resync(pair);
    const copied = pair.far.copiedBytes();
    pair.primary.lose(pair.primary.link());
    pair.primary.connect();
    pair.far.take();
    pair.far.welcome();
    pair.far.startCopy();
    pair.far.settle();
    expect([pair.far.isCopied(), pair.far.copiedBytes()]).toEqual([true, copied]);
  });
});

const action = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ kind: fc.constant("write" as const), block: fc.nat(blocks - 1), value: fc.nat(1e6) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("steps" as const), steps: fc.nat(12) }) },
  { weight: 3, arbitrary: fc.constant({ kind: "settle" as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: "suspend" as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: "resync" as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: "crash" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "lose" as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: "validated" as const }) },
);

/** A pair under whatever happens; its relay keeps to the protocol. */
class Story {
  readonly pair = joinedPair();
  private runs = 0;
  private suspended = false;
  private copying = false;

  write(block: number, value: number): void {
    if (this.pair.primary.member.status().phase === "open") this.pair.primary.write({ volume: volA, block, value });
  }

  /** Lets some of what waits for an answer have it, oldest first, and the messages go their way now and then. */
  steps(count: number): void {
    const { primary, far } = this.pair;
    for (let step = 0; step < count; step++) {
      primary.drain();
      const oldest = primary.asked()[0];
      if (oldest !== undefined) primary.answer(oldest.kind);
      if (step % 3 !== 2) continue;
      far.take();
      far.answerDigests();
      if (!this.suspended) far.acknowledge();
    }
  }

  suspend(): void {
    if (this.suspended || this.pair.primary.member.status().phase !== "open") return;
    this.suspended = true;
    this.copying = false;
    this.pair.far.suspend("PSUE");
  }

  resync(): void {
    if (!this.suspended) return;
    // The relay welcomes who has greeted since.
    this.pair.far.settle();
    this.suspended = false;
    this.copying = true;
    this.pair.far.beginRun(`run-${++this.runs}`);
    this.greet();
  }

  private greet(): void {
    const { primary, far } = this.pair;
    far.welcome();
    if (primary.member.status().phase === "open") far.settle();
    else answerFetches(primary);
    if (this.copying) far.startCopy();
  }

  crash(): void {
    const { far } = this.pair;
    this.pair.primary = start(this.pair.primary.medium);
    far.follow(this.pair.primary);
    far.take();
    if (this.suspended) far.suspend("PSUE");
    else this.greet();
    far.settle();
  }

  lose(): void {
    const { primary, far } = this.pair;
    far.settle();
    primary.lose(primary.link());
    primary.connect();
    far.take();
    if (this.suspended) far.suspend("PSUE");
    else this.greet();
  }

  end(): void {
    const { far } = this.pair;
    far.settle();
    this.resync();
    far.settle();
    if (!this.copying) return;
    expect(far.isCopied()).toBe(true);
    far.endRun();
    far.settle();
  }
}

describe("whatever happens to a primary (B8, B10)", () => {
  it("B10: a run brings the far side to what the primary holds, after any suspensions, crashes and lost links", () => {
    const usual = { ...limits };
    onTestFinished(() => void Object.assign(limits, usual));
    Object.assign(limits, { intentUnitsMax: 6, copyChunkBytes: 128 * 1024, copyPieceBytes: 64 * 1024 });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60, size: "max" }), (actions) => {
        const story = new Story();
        for (const step of actions)
          switch (step.kind) {
            case "write":
              story.write(step.block, step.value);
              break;
            case "steps":
              story.steps(step.steps);
              break;
            case "settle":
              story.pair.far.settle();
              break;
            case "suspend":
              story.suspend();
              break;
            case "resync":
              story.resync();
              break;
            case "crash":
              story.crash();
              break;
            case "lose":
              story.lose();
              break;
            case "validated":
              story.pair.far.farValidated();
          }
        story.end();
        expectEqual(story.pair);
        expect(story.pair.primary.member.status()).toMatchObject({ phase: "open", primary: { leg: "joined" } });
      }),
      { numRuns: 40 },
    );
  });
});
