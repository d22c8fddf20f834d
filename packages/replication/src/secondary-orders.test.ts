import { createHash } from "node:crypto";
import { Failure } from "@waystation/contracts/errors";
import { describe, expect, it } from "vitest";
import type { CopyOrder, ShipBody } from "./messages.js";
import { between, change, imageOf, startCopyRunBench, type CopyRunBench } from "./testing/copy-run-bench.js";
import { g1, secondaryA, secondaryB, seq, volA } from "./testing/fixture.js";
import { createMedium, type Medium } from "./testing/medium.js";
import type { JournalRecord } from "./vocabulary.js";

const kib = 1024;
const history: JournalRecord[] = [
  change(1, 0, 4 * kib, "write"),
  change(2, 70 * kib, 4 * kib, "write"),
  change(3, 140 * kib, 4 * kib, "write"),
  change(5, 4 * kib, 4 * kib, "write"),
  change(11, 0, 64 * kib),
  change(12, 64 * kib, 64 * kib),
  change(13, 128 * kib, 64 * kib),
  change(14, 192 * kib, 64 * kib),
];
const baseImage = imageOf(between(history, 0, 4));

function orderOf(fields: Partial<CopyOrder> = {}): CopyOrder {
  return { copyId: "run-1", base: seq(4), begin: seq(10), nodes: [secondaryA], end: null, ...fields };
}

/** What it says to a relay that greets it. */
function answersTo(bench: CopyRunBench, order: CopyOrder | null): ShipBody[] {
  bench.secondary.takeSent();
  const link = bench.secondary.greet(order);
  bench.settle();
  return bench.secondary.takeSent().flatMap((sent) => (sent.link === link ? [sent.body as ShipBody] : []));
}

/** Follows its relay up to 6, of which 4 are settled. */
function following(medium: Medium = createMedium(g1, secondaryA), preImageBytes?: number): CopyRunBench {
  const room = preImageBytes === undefined ? {} : { preImageBytes };
  const bench = startCopyRunBench({ history, medium, ...room });
  bench.follow(null, 6, 4);
  return bench;
}

function statusOf(bench: CopyRunBench) {
  return bench.secondary.member.status();
}

describe("the order of a copy run, at a secondary that lacks records (PROTOCOL 9)", () => {
  it("B10: it is at the base exactly before it says that it has joined, and goes to where the run begins", () => {
    const bench = startCopyRunBench({ history });
    bench.follow(null, 6, 3);
    const welcome = { kind: "ship-welcome", received: 10, validated: 10, applied: 10, blank: false, copyId: "run-1" };
    expect(answersTo(bench, orderOf())).toEqual([
      welcome,
      { kind: "ship-regions", copyId: "run-1", regions: [], last: true },
    ]);
    expect(bench.image().equals(baseImage)).toBe(true);
    expect(statusOf(bench).phase).toBe("copying");
  });

  it("is greeted in the same run again: it stays where it is, named or not", () => {
    const bench = following();
    bench.follow(orderOf(), 14, 12);
    for (const nodes of [[secondaryA], []])
      expect(answersTo(bench, orderOf({ nodes }))[0]).toMatchObject({ received: 14, applied: 12, copyId: "run-1" });
  });

  it("B10: nobody reads a mixture; read-only hosts are let in again at the end", () => {
    const bench = following();
    bench.follow(orderOf(), 14, 12);
    expect(bench.secondary.access.get(volA)).toBe("closed");
    const request = bench.secondary.read(volA, 0);
    expect(bench.secondary.replies.get(request)).toMatchObject({ code: "VOLUME_NOT_OPEN" });
    expect(String(bench.secondary.replies.get(request))).toContain("copy run run-1");
    expect(bench.secondary.mayReadNow(volA, 0)).toBe(false);
    bench.follow(orderOf({ end: seq(14) }), 14, 14);
    expect(bench.secondary.access.get(volA)).toBe("read-only");
    expect(bench.secondary.mayReadNow(volA, 0)).toBe(true);
  });

  it("takes another run from the same base: what it had validated is stored first, and the image at the base is kept on", () => {
    const bench = following();
    bench.follow(orderOf(), 13, 12);
    bench.secondary.relay({ kind: "validate", sequence: seq(13) });
    bench.settle();
    const [welcome] = answersTo(bench, orderOf({ copyId: "run-2", begin: seq(20) }));
    expect(welcome).toMatchObject({ received: 20, applied: 20, blank: false, copyId: "run-2" });
    expect(bench.image().equals(imageOf(between(history, 10, 13), baseImage))).toBe(true);
    expect(bench.takeOver(4)).toBe(true);
    expect(bench.image().equals(baseImage)).toBe(true);
  });

  it("refuses a new run while a takeover counts: nobody's stages may jump", () => {
    const bench = following();
    const link = bench.secondary.open(secondaryB, "council", "peer");
    const epoch = { number: 2, takeoverId: "t" };
    bench.secondary.receive(link, { kind: "promise", requestId: 1, settle: false, purpose: "takeover" }, epoch);
    bench.settle();
    bench.secondary.takeSent();
    const shipping = bench.secondary.open(g1.relay, "ship", "peer");
    bench.secondary.receive(shipping, { kind: "ship-hello", copy: orderOf() }, epoch);
    bench.settle();
    expect(bench.secondary.takeSent()).toMatchObject([{ body: { kind: "refusal", reason: "fenced" } }]);
    expect(bench.medium.journal.marks.get("received")).toBe(6);
  });
});

describe("the order of a copy run, at a secondary that lacks nothing", () => {
  it("stays where it is, keeps the image at the base all the same, and shows its own, which stays consistent", () => {
    const bench = following();
    const run = orderOf({ nodes: [secondaryB], begin: seq(6) });
    expect(answersTo(bench, run)[0]).toMatchObject({ received: 6, validated: 4, applied: 4, blank: false });
    bench.follow(run, 14, 13);
    expect(bench.secondary.access.get(volA)).toBe("read-only");
    expect(bench.image().equals(imageOf(between(history, 0, 13)))).toBe(true);
    expect(bench.takeOver(4)).toBe(true);
    expect(bench.image().equals(baseImage)).toBe(true);
  });
});

describe("a secondary that is blank", () => {
  it("says so when it is not named, from where it is; named, it begins with the run and keeps no past", () => {
    const bench = startCopyRunBench({ history });
    expect(answersTo(bench, orderOf({ nodes: [] }))[0]).toMatchObject({ received: 0, blank: true, copyId: "run-1" });
    const second = orderOf({ copyId: "run-2" });
    expect(answersTo(bench, second)[0]).toMatchObject({ received: 10, blank: true, copyId: "run-2" });
    bench.follow(second, 14, 13);
    expect(bench.medium.preImages.records).toEqual([]);
    expect(statusOf(bench).phase).toBe("needs-resync");
    expect(bench.secondary.access.get(volA)).toBe("closed");
  });

  it("B11: cannot follow a takeover to the base, and is whole at the end", () => {
    const inTheMiddle = startCopyRunBench({ history });
    inTheMiddle.follow(orderOf(), 14, 13);
    expect(inTheMiddle.takeOver(4)).toBe(false);
    const atTheEnd = startCopyRunBench({ history });
    atTheEnd.follow(orderOf({ end: seq(14) }), 14, 13);
    expect(atTheEnd.takeOver(14)).toBe(true);
    expect(atTheEnd.image().equals(imageOf(between(history, 10, 14)))).toBe(true);
  });

  it("is one too when its pre-images were lost: there is no way back any more, and it says so", () => {
    const bench = following();
    bench.follow(orderOf(), 14, 13);
    Object.assign(bench.medium, { preImages: createMedium(g1, secondaryA).preImages });
    const again = startCopyRunBench({ history, medium: bench.medium });
    expect(statusOf(again).phase).toBe("needs-resync");
    expect(again.takeOver(4)).toBe(false);
  });
});

describe("a secondary that its relay will not go on with", () => {
  const refusal = { kind: "refusal", reason: "gap", detail: "a copy run is due: its data was lost" } as const;

  it("B10: is read by nobody until the relay goes on, or a run was joined", () => {
    const bench = following();
    bench.secondary.relay(refusal);
    expect(bench.secondary.access.get(volA)).toBe("closed");
    expect(statusOf(bench)).toMatchObject({ phase: "needs-resync" });
    bench.secondary.greet(null);
    bench.settle();
    expect(bench.secondary.access.get(volA)).toBe("closed");
    bench.secondary.relay({ kind: "gate", sequence: seq(4) });
    expect(bench.secondary.access.get(volA)).toBe("read-only");
    bench.secondary.relay(refusal);
    bench.follow(orderOf({ end: seq(14) }), 14, 14);
    expect(statusOf(bench)).toMatchObject({ phase: "following" });
    expect(bench.secondary.access.get(volA)).toBe("read-only");
  });
});

describe("a secondary without room for more of the past", () => {
  const twoUnits = 2 * (64 * kib + 96);

  it("B10: stops applying, says why, and never touches the image at the base", () => {
    const bench = following(undefined, twoUnits);
    bench.follow(orderOf(), 14, 14);
    expect(bench.secondary.stages()).toMatchObject({ received: 14, applied: 10 });
    expect(statusOf(bench).detail).toContain("journal.preImages");
    expect(bench.takeOver(4)).toBe(true);
    expect(bench.image().equals(baseImage)).toBe(true);
  });

  it("goes on once the end has passed the gate: the image at the base is of no use any more", () => {
    const bench = following(undefined, twoUnits);
    bench.follow(orderOf(), 14, 13);
    bench.follow(orderOf({ end: seq(14) }), 14, 14);
    expect(bench.secondary.stages()).toMatchObject({ applied: 14 });
    expect(bench.medium.preImages.records).toEqual([]);
    expect(statusOf(bench)).toMatchObject({ phase: "following", detail: "" });
  });

  it("needs hardly any room for the past of a new volume: it is zeros", () => {
    const bench = startCopyRunBench({ history, preImageBytes: 1024 });
    bench.follow(orderOf({ base: seq(0) }), 14, 14);
    expect(bench.secondary.stages()).toMatchObject({ applied: 14 });
    expect(bench.takeOver(0)).toBe(true);
    expect(bench.image().equals(imageOf([]))).toBe(true);
  });
});

describe("digests of a secondary (PROTOCOL 9)", () => {
  const ask = {
    kind: "digest-ask",
    id: 7,
    volume: volA,
    offsetBytes: 0,
    lengthBytes: 10 * kib,
    unitBytes: 4 * kib,
  } as const;

  function answer(bench: CopyRunBench): Buffer | null {
    bench.settle();
    const [reply] = bench.secondary.takeSent().flatMap(({ body }) => (body.kind === "digest-reply" ? [body] : []));
    return reply?.id === 7 ? Buffer.from(reply.digests) : null;
  }

  it("are of each unit, the last one perhaps short", () => {
    const bench = following();
    bench.secondary.relay(ask);
    const image = bench.image();
    const pieces = [image.subarray(0, 4 * kib), image.subarray(4 * kib, 8 * kib), image.subarray(8 * kib, 10 * kib)];
    const expected = pieces.map((piece) => createHash("sha256").update(piece).digest());
    expect(answer(bench)).toEqual(Buffer.concat(expected));
  });

  it("are zeros where the array cannot be read, so that it is copied", () => {
    const bench = following();
    bench.secondary.relay(ask);
    bench.secondary.answer("load", new Failure("IO_ERROR", "lost block"));
    expect(answer(bench)).toEqual(Buffer.alloc(3 * 32));
  });

  it("are not told of what is outside of the volume, or is none of its own", () => {
    for (const wrong of [{ offsetBytes: 250 * kib }, { volume: "vol-b" as never }, { unitBytes: 0 }]) {
      const bench = following();
      bench.secondary.takeSent();
      bench.secondary.relay({ ...ask, ...wrong });
      bench.settle();
      expect(bench.secondary.takeSent()).toMatchObject([{ body: { kind: "refusal", reason: "gap" } }]);
    }
  });
});

describe("a secondary that was a primary (B12)", () => {
  /** As a term leaves it: at the base by its numbers, with the logs of what it wrote. */
  function oldPrimary(branch: string): Medium {
    const medium = createMedium(g1, secondaryA);
    const order = orderOf({ base: seq(10) });
    const { marks } = medium.journal;
    for (const name of ["received", "validated", "applying", "applied"]) marks.set(name, 10);
    marks.set("copy", { ...order, blank: true, unknown: false, mixed: true, images: "", gated: false, branch });
    marks.set(`intent/${volA}/1`, true);
    marks.set(`regions/${volA}/size`, 64 * kib);
    marks.set(`regions/${volA}/0/0`, 0b1000);
    return medium;
  }

  it("names what it wrote, on each link, and forgets it when the run has ended", () => {
    const bench = startCopyRunBench({ history, medium: oldPrimary("") });
    const order = orderOf({ base: seq(10) });
    const named = {
      kind: "ship-regions",
      copyId: "run-1",
      regions: [
        {
          volume: volA,
          runs: [
            [1, 1],
            [3, 1],
          ],
        },
      ],
      last: false,
    };
    for (let links = 0; links < 2; links++) {
      const [welcome, ...regions] = answersTo(bench, order);
      expect(welcome).toMatchObject({ received: 10, blank: false });
      expect(regions).toEqual([named, { ...named, regions: [], last: true }]);
    }
    bench.follow({ ...order, end: seq(14) }, 14, 14);
    expect([...bench.medium.journal.marks.keys()].filter((name) => /^(intent|regions)/.test(name))).toEqual([]);
  });

  it("PROTOCOL 6.4: keeps what nobody else has as a branch, before it joins", () => {
    const medium = oldPrimary("branch-3");
    const before = Buffer.from(medium.volumes.get(volA)!.fill(7));
    const bench = startCopyRunBench({ history, medium });
    bench.follow(orderOf({ base: seq(10) }), 14, 13);
    expect(medium.branches.get(`${volA}/branch-3`)).toEqual(before);
    expect(bench.image().equals(before)).toBe(false);
    expect(medium.journal.marks.get("copy")).toMatchObject({ branch: "" });
  });

  it("PROTOCOL 6.4: does not join without room for it, says so, and tries again when the relay comes back", () => {
    const bench = startCopyRunBench({ history, medium: oldPrimary("branch-3") });
    bench.secondary.takeSent();
    bench.secondary.greet(orderOf({ base: seq(10) }));
    bench.secondary.settle(["branch"]);
    bench.secondary.answer("branch", new Failure("OUT_OF_SPACE", "the array is full"));
    expect(bench.secondary.takeSent()).toMatchObject([{ body: { kind: "refusal" } }]);
    expect(statusOf(bench).detail).toContain("branch-3");
    expect(answersTo(bench, orderOf({ base: seq(10) }))[0]).toMatchObject({ kind: "ship-welcome", received: 10 });
    expect(statusOf(bench).detail).not.toContain("branch-3");
  });
});
