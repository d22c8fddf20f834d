import { describe, expect, it } from "vitest";
import type { CopyOrder } from "./messages.js";
import { g1, secondaryA, secondaryB, seq, volA } from "./testing/fixture.js";
import { between, change, imageOf, PowerLoss, startCopyRunBench, type CopyRunBench } from "./testing/copy-run-bench.js";
import { createMedium } from "./testing/medium.js";
import type { JournalRecord, NodeName } from "./vocabulary.js";

const kib = 1024;

/** 1..6 before the run, of which 4 are the image at its base; 7..10 are never sent; 11..30 are the run. */
const history: JournalRecord[] = [
  change(1, 0, 4 * kib, "write"),
  change(2, 60 * kib, 8 * kib, "write"),
  change(3, 200 * kib, 512, "write"),
  change(4, 0, 512, "write"),
  change(5, 512, 512, "write"),
  change(6, 130 * kib, 4 * kib, "write"),
  change(11, 0, 64 * kib),
  change(12, 130 * kib, 512, "write"),
  change(13, 100 * kib, 60 * kib),
  change(15, 512, 512, "zero"),
  change(18, 250 * kib, 6 * kib),
  change(21, 63 * kib, 2 * kib, "write"),
  change(24, 0, 1024, "discard"),
  change(27, 192 * kib, 64 * kib),
  change(29, 128 * kib, 512, "write"),
];

function orderOf(fields: Partial<CopyOrder> = {}): CopyOrder {
  return { copyId: "run-1", base: seq(4), begin: seq(10), nodes: [secondaryA], end: null, ...fields };
}

const baseImage = imageOf(between(history, 0, 4));
const finalImage = imageOf(between(history, 10, 30), baseImage);

/** The story of a run from its beginning, as its relay would tell it to whoever comes back. */
const chapters: readonly ((bench: CopyRunBench, nodes: readonly NodeName[]) => void)[] = [
  (bench) => bench.follow(null, 6, 4),
  (bench, nodes) => bench.follow(orderOf({ nodes }), 20, 15),
  (bench, nodes) => bench.follow(orderOf({ nodes }), 30, 25),
  (bench, nodes) => bench.follow(orderOf({ nodes, end: seq(30) }), 30, 30),
  (bench) => bench.follow(null, 30, 30),
];

interface Story {
  /** Answers after which the power fails; one by one. */
  readonly failures: readonly number[];
  readonly seed: number;
  readonly preImageBytes?: number;
  readonly losesTrims?: boolean;
}

/** Tells the story up to the end; whenever the power fails the node starts again, and the chapter is told again. */
function tell(story: Story, untilChapter: number = chapters.length): CopyRunBench {
  const medium = createMedium(g1, secondaryA);
  const failures = [...story.failures];
  let chapter = 0;
  for (let lives = 1; ; lives++) {
    const power = { left: failures.shift() ?? Infinity };
    const seed = story.seed + lives;
    const room = story.preImageBytes === undefined ? {} : { preImageBytes: story.preImageBytes };
    try {
      const losesTrims = story.losesTrims ?? false;
      const bench = startCopyRunBench({ history, medium, power, seed, losesTrims, ...room });
      for (; chapter < untilChapter; chapter++) chapters[chapter]?.(bench, [secondaryA]);
      return bench;
    } catch (error) {
      if (!(error instanceof PowerLoss)) throw error;
    }
  }
}

describe("a secondary in a copy run (PROTOCOL 9, B10)", () => {
  it("F4: tells of the run that it is in, and how much it keeps of what the run overwrites; of neither afterwards", () => {
    const during = tell({ failures: [], seed: 1 }, 3).secondary.member.status().secondary;
    expect(during?.copy).toEqual({ ...orderOf(), blank: false });
    expect(during?.preImagesUsedBytes).toBeGreaterThan(0);
    const after = tell({ failures: [], seed: 1 }).secondary.member.status().secondary;
    expect([after?.copy, after?.preImagesUsedBytes]).toEqual([null, 0]);
  });

  it("keeps the image at the base until the end has passed the gate, and holds the new one after that", () => {
    const bench = tell({ failures: [], seed: 1 });
    expect(bench.image().equals(finalImage)).toBe(true);
    expect(bench.secondary.member.status().phase).toBe("following");
    expect(bench.medium.preImages.records).toEqual([]);
    expect([...bench.medium.preImages.marks.keys()]).toEqual(["after"]);
    expect([...bench.medium.journal.marks.keys()]).not.toContain("copy");
  });

  it.each([2, 3])("B10: taken over in the middle, after chapter %i, it yields the image at the base", (chapter) => {
    const bench = tell({ failures: [], seed: 1 }, chapter);
    expect(bench.image().equals(baseImage)).toBe(false);
    expect(bench.takeOver(4)).toBe(true);
    expect(bench.image().equals(baseImage)).toBe(true);
    expect(bench.secondary.access.get(volA)).toBe("read-write");
    expect(bench.medium.journal.marks.get("copy")).toBeUndefined();
    expect(bench.medium.preImages.records).toEqual([]);
  });

  it("with the power failing after any answer, goes on and comes to the same end", () => {
    for (let answers = 0; failedIn(answers); answers++) {
      const bench = tell({ failures: [answers], seed: answers });
      expect(bench.image().equals(finalImage), `after ${answers} answers`).toBe(true);
    }
  });

  it("with the power failing after any answer, a takeover finds the image at the base whole, or the new one", () => {
    const seen = new Set<string>();
    for (let answers = 0; failedIn(answers); answers++) {
      const medium = createMedium(g1, secondaryA);
      crashAt(answers, medium);
      const again = startCopyRunBench({ history, medium, seed: answers });
      const copy = copyOf(again);
      const received = Number(medium.journal.marks.get("received") ?? 0);
      // As a coordinator chooses: the base of an unfinished run, else all that is here.
      const sequence = copy === null || (copy.end !== null && received >= copy.end) ? received : copy.base;
      expect(again.takeOver(sequence), `after ${answers} answers, to ${sequence}`).toBe(true);
      const expected =
        sequence <= 6 ? imageOf(between(history, 0, sequence)) : imageOf(between(history, 10, sequence), baseImage);
      expect(again.image().equals(expected), `after ${answers} answers, at ${sequence}`).toBe(true);
      seen.add(copy === null ? `no run at ${sequence}` : `run to ${String(copy.end)}`);
    }
    expect([...seen]).toEqual(expect.arrayContaining(["no run at 6", "run to null", "run to 30", "no run at 30"]));
  });

  it("with the power failing in the middle of going back, goes back all the same", () => {
    for (let answers = 0; ; answers++) {
      const bench = tell({ failures: [], seed: 1 }, 3);
      const power = { left: answers };
      const first = startCopyRunBench({ history, medium: bench.medium, power, seed: answers });
      const done = attempt(() => first.takeOver(4));
      const again = startCopyRunBench({ history, medium: bench.medium, seed: answers });
      if (!done) expect(again.takeOver(4), `after ${answers} answers`).toBe(true);
      expect(again.image().equals(baseImage), `after ${answers} answers`).toBe(true);
      if (done) break;
    }
  });

  it("any two failures in a row change nothing, whether or not what was trimmed is back after them", () => {
    for (let pair = 0; pair < 300; pair++) {
      const failures = [(pair * 7) % 90, (pair * 13) % 60];
      const bench = tell({ failures, seed: pair, losesTrims: pair % 2 === 1 });
      expect(bench.image().equals(finalImage), `after ${failures.join(", then ")} answers`).toBe(true);
    }
  });
});

function attempt(work: () => boolean): boolean {
  try {
    return work();
  } catch (error) {
    if (error instanceof PowerLoss) return false;
    throw error;
  }
}

/** Whether the story is longer than so many answers. */
function failedIn(answers: number): boolean {
  return crashAt(answers, createMedium(g1, secondaryA));
}

function crashAt(answers: number, medium: ReturnType<typeof createMedium>): boolean {
  return !attempt(() => {
    const bench = startCopyRunBench({ history, medium, power: { left: answers }, seed: answers });
    for (const chapter of chapters) chapter(bench, [secondaryA]);
    return true;
  });
}

function copyOf(bench: CopyRunBench) {
  const link = bench.secondary.open(secondaryB, "council", "peer");
  bench.secondary.takeSent();
  bench.secondary.receive(link, { kind: "inquire", requestId: 7 });
  const [reply] = bench.secondary.takeSent().flatMap(({ body }) => (body.kind === "council-reply" ? [body] : []));
  return reply?.state.copy ?? null;
}
