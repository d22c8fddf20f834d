/**
 * A primary killed after any effect of a story that takes it through every leg (B9, B10, PROTOCOL 2, 9): alone, into a run,
 * copying under writes, joined again. Whatever was durable then, its next life ends with the far side equal to its array,
 * and with every write that a host was told of.
 */
import { describe, expect, it, onTestFinished } from "vitest";
import { limits } from "./limits.js";
import type { Membership } from "./membership.js";
import { createFarSide, type FarSide } from "./testing/far-side.js";
import { blockBytes, g1, primaryA, secondaryA, valueOf, volA } from "./testing/fixture.js";
import { createMedium, volumeOf, type Medium } from "./testing/medium.js";
import { createPrimaryBench, type PrimaryBench } from "./testing/primary-bench.js";

const sizeBytes = 12 * 64 * 1024;
const group: Membership = {
  ...g1,
  fence: "status",
  regionBytes: 64 * 1024,
  volumes: [{ name: volA, sizeBytes, primary: primaryA, secondaries: [secondaryA] }],
};

class Killed extends Error {}

/** One primary after another on one medium, and the far side that outlives them. */
class Story {
  readonly medium: Medium = createMedium(group, primaryA);
  /** What hosts were told of, by block; and what they asked for and were not told of since. */
  readonly told = new Map<number, number>();
  readonly asked = new Map<number, Set<number>>();
  private readonly requests = new Map<number, { readonly block: number; readonly value: number }>();
  primary: PrimaryBench;
  readonly far: FarSide;
  effects = 0;
  private nextValue = 1;
  private runs = 0;

  private killAfter: number;

  constructor(killAfter: number) {
    this.killAfter = killAfter;
    this.primary = this.life();
    this.far = createFarSide(this.primary, [volA], sizeBytes);
  }

  private life(): PrimaryBench {
    return createPrimaryBench({
      membership: group,
      medium: this.medium,
      onEffect: ({ kind }) => {
        // Messages and answers change nothing that is durable here: what is asked of the disk is where it matters.
        if (kind === "wake" || kind === "log") return;
        this.effects += 1;
        if (this.effects === this.killAfter) throw new Killed();
      },
    });
  }

  open(): void {
    const { primary, far } = this;
    primary.start();
    primary.settle();
    primary.connect();
    primary.secondariesSilent();
    far.take();
    far.welcome();
    this.fetchNothing();
    far.settle();
  }

  private fetchNothing(): void {
    this.primary.receive(this.primary.link(), {
      kind: "relay-records",
      volume: volA,
      records: [],
      nextAfter: 0 as never,
    });
  }

  write(block: number): void {
    const value = this.nextValue++;
    this.asked.set(block, (this.asked.get(block) ?? new Set()).add(value));
    this.requests.set(this.primary.write({ volume: volA, block, value }), { block, value });
  }

  /** What hosts have heard by now. */
  hear(): void {
    for (const [request, { block, value }] of this.requests) {
      if (this.primary.replies.get(request) !== null) continue;
      this.told.set(block, Math.max(value, this.told.get(block) ?? 0));
      this.requests.delete(request);
    }
  }

  /** From running to suspended, into a run, and to its end, with hosts writing at every point. */
  run(): void {
    const { far } = this;
    this.open();
    for (const block of [0, 200, 900, 1000]) this.write(block);
    far.settle();
    this.write(0);
    this.write(1300);
    this.primary.drain();
    far.suspend("PSUE");
    this.write(201);
    far.settle();
    for (const block of [0, 400, 1400]) this.write(block);
    far.settle();
    this.write(500);
    this.primary.drain();
    this.resync(() => {
      this.write(0);
      this.write(901);
    });
    this.write(400);
    far.settle();
  }

  private resync(meanwhile: () => void): void {
    const { far } = this;
    far.beginRun(`run-${++this.runs}`);
    far.welcome();
    meanwhile();
    far.settle();
    far.startCopy();
    meanwhile();
    far.settle();
    expect(far.isCopied()).toBe(true);
    far.endRun();
    far.settle();
  }

  /** Another life, until the far side has everything. */
  recover(): void {
    const { far } = this;
    this.hear();
    this.requests.clear();
    this.killAfter = Infinity;
    far.take();
    this.primary = this.life();
    far.follow(this.primary);
    const { primary } = this;
    primary.start();
    primary.settle();
    primary.connect();
    primary.secondariesSilent();
    far.take();
    if (far.hellos.at(-1)?.leg === "alone") {
      far.suspend("PSUE");
      far.settle();
      return this.resync(() => {});
    }
    // Joined, or in a run: the relay takes it in as it is, and a run comes by once it is open.
    far.welcome();
    primary.settle();
    this.fetchNothing();
    far.settle();
    expect(primary.member.status().phase).toBe("open");
    far.suspend("PSUS");
    far.settle();
    this.resync(() => {});
  }
}

function expectTruth({ medium, far, told, asked }: Story, where: string): void {
  const local = volumeOf(medium, volA);
  expect(local.equals(far.images.get(volA)!), `far side ${where}`).toBe(true);
  for (const [block, value] of told) {
    const held = valueOf(local.subarray(block * blockBytes, (block + 1) * blockBytes)) as number;
    expect(held >= value && asked.get(block)!.has(held), `block ${block} holds ${held}, told ${value} ${where}`).toBe(
      true,
    );
  }
}

describe("a primary that is killed on its way through its legs", () => {
  it("B8, B10: after any effect, forgets nothing that hosts were told of, and brings the far side to what it holds", () => {
    const usual = limits.intentUnitsMax;
    limits.intentUnitsMax = 3;
    onTestFinished(() => void (limits.intentUnitsMax = usual));
    const whole = new Story(Infinity);
    whole.run();
    whole.hear();
    expect(whole.told.size).toBeGreaterThan(8);
    expectTruth(whole, "undisturbed");
    for (let killAfter = 1; killAfter <= whole.effects; killAfter++) {
      const story = new Story(killAfter);
      try {
        story.run();
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
      story.recover();
      expectTruth(story, `after ${killAfter} of ${whole.effects} effects`);
      expect(story.primary.member.status().primary).toMatchObject({ leg: "joined", loggedBytes: 0 });
    }
  });
});
