/** A promoted secondary remembers what hosts write there (B12, PROTOCOL 5). */
import type { JournalCommit } from "@waystation/contracts/journal";
import { initialEpoch } from "@waystation/contracts/ids";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDesk, type Effect } from "./effects.js";
import { limits } from "./limits.js";
import { createPromoted } from "./promoted.js";
import { recordedRegions } from "./region-log.js";
import { volA } from "./testing/fixture.js";
import { applyCommit, type JournalState } from "./testing/medium.js";

const sizeBytes = 16 * limits.intentUnitBytes;
const membership = { holdMs: 10_000, regionBytes: 128 * 1024 };

/** A promoted node on a desk of its own: effects are answered by hand. */
function setUp() {
  const live: JournalState = { marks: new Map(), records: [], highest: 0 };
  const durable: JournalState = { marks: new Map(), records: [], highest: 0 };
  const desk = createDesk({
    epoch: () => initialEpoch,
    term: () => 0,
    uniqueId: () => "x",
    onCommit: (change: JournalCommit) => applyCommit(live, change),
  });
  desk.beginStep(1_000, 1_000);
  const volumes = [{ name: volA, sizeBytes, primary: "p" as never, secondaries: [] }];
  const promoted = createPromoted({ desk, volumes, membership, marks: live.marks });
  let nextRequest = 1;
  const take = (): Effect[] => {
    promoted.drain();
    return desk.takeEffects();
  };
  return {
    live,
    durable,
    promoted,
    take,
    write(unit: number) {
      const payload = Buffer.alloc(512, nextRequest);
      const at = { offsetBytes: unit * limits.intentUnitBytes, lengthBytes: 512 };
      promoted.hostWrite({ kind: "host-write", request: nextRequest, volume: volA, write: "write", ...at, payload });
      return nextRequest++;
    },
    read: (unit: number) =>
      promoted.hostRead({
        kind: "host-read",
        request: nextRequest++,
        volume: volA,
        offsetBytes: unit * limits.intentUnitBytes,
        lengthBytes: 512,
      }),
    /** Answers commits and stores; returns the requests that were answered. */
    settle(): number[] {
      const replied: number[] = [];
      for (let effects = take(); effects.length > 0; effects = take())
        for (const effect of effects)
          if (effect.kind === "commit") {
            applyCommit(durable, effect.change);
            desk.answer({ kind: "committed", token: effect.token });
          } else if (effect.kind === "store") desk.answer({ kind: "stored", token: effect.token, failure: null });
          else if (effect.kind === "load") desk.answer({ kind: "loaded", token: effect.token, data: Buffer.alloc(0) });
          else if (effect.kind === "reply") replied.push(effect.request);
      return replied;
    },
    named: () =>
      recordedRegions(durable.marks, volA, { regionBytes: 128 * 1024, unitBytes: limits.intentUnitBytes }).runs,
  };
}

describe("a promoted secondary (SSWS)", () => {
  it("PROTOCOL 5: logs a write durably before its array has it, and answers when the array has", () => {
    const node = setUp();
    const request = node.write(3);
    expect(node.take().map(({ kind }) => kind)).toEqual(["commit"]);
    expect(node.take()).toEqual([]);
    const again = setUp();
    again.write(3);
    expect(again.settle()).toEqual([request]);
    expect(again.named()).toEqual([[1, 1]]);
  });

  it("B8: names every region that was written, whatever leaves the write intent", () => {
    const usual = limits.intentUnitsMax;
    limits.intentUnitsMax = 2;
    onTestFinished(() => void (limits.intentUnitsMax = usual));
    const node = setUp();
    for (const unit of [0, 1, 4, 8, 9, 15]) {
      node.write(unit);
      node.settle();
    }
    expect(node.named()).toEqual([
      [0, 1],
      [2, 1],
      [4, 1],
      [7, 1],
    ]);
    expect([...node.durable.marks.keys()].filter((name) => name.startsWith("intent/")).length).toBeLessThanOrEqual(3);
  });

  it("B8: takes no unit for logged whose mark was cleared before its first write", () => {
    const node = setUp();
    node.live.marks.set("intent/vol-a/3", true);
    node.read(3);
    node.settle();
    // The copy run of an earlier role ended: its log went, here and on the disk.
    node.live.marks.clear();
    node.write(3);
    expect(node.take().map(({ kind }) => kind)).toEqual(["commit"]);
  });

  it("orders overlapping writes, and lets a read wait for the write before it", () => {
    const node = setUp();
    node.write(0);
    node.write(0);
    node.read(0);
    expect(node.promoted.mayReadNow(volA, { offsetBytes: 0, lengthBytes: 512 })).toBe(false);
    const handed = node.promoted.takeUnfinished();
    expect(handed.map(({ kind, request }) => [kind, request])).toEqual([
      ["host-write", 1],
      ["host-write", 2],
      ["host-read", 3],
    ]);
  });
});
