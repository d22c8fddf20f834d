import fc from "fast-check";
import type { VolumeName } from "@waystation/contracts/ids";
import { describe, expect, it } from "vitest";
import { zeroTag, type Tag } from "../cell.js";
import {
  durable,
  record,
  relay1,
  secondaryA,
  secondaryB,
  secondaryOf,
  seq,
  tag,
  takenOver,
  volA,
  volB,
  watchHistory,
} from "../testing/history.js";
import { createFarPrefixChecker, prefixesOf } from "./far-prefix.js";
import { createStampedOrder } from "./stamped-order.js";

function setUp() {
  return watchHistory(({ order, disks, violate }) =>
    createFarPrefixChecker({ order, secondaryOf, contentOf: disks.contentOf, violate }),
  );
}

const opened = (node: typeof secondaryA, volume: VolumeName) => ({ kind: "opened-for-writing", node, volume }) as const;

describe("far prefix", () => {
  it("B6: takes one prefix over both volumes for right", () => {
    const { disks, found, tell } = setUp();
    tell(durable(relay1, record(1), record(2, { volume: volB }), record(3)));
    disks.set(secondaryA, volA, 0, tag(1));
    disks.set(secondaryB, volB, 0, tag(2));
    tell(opened(secondaryA, volA), opened(secondaryB, volB), takenOver({ sequence: seq(2) }));
    expect(found).toEqual([]);
  });

  it("B6: finds an effect without its cause: each volume a prefix, but not of one number", () => {
    const { disks, found, tell } = setUp();
    tell(durable(relay1, record(1), record(2, { volume: volB }), record(3)));
    disks.set(secondaryA, volA, 0, tag(3));
    tell(opened(secondaryA, volA), opened(secondaryB, volB));
    expect(found).toEqual([
      "far-prefix: vol-b on secondary-b opened: 0..1 does not meet 3..Infinity, which held so far",
    ]);
  });

  it("B5: finds content that is no prefix at all", () => {
    const { disks, found, tell } = setUp();
    tell(durable(relay1, record(1), record(2, { cell: 1 })));
    disks.set(secondaryA, volA, 1, tag(2));
    tell(opened(secondaryA, volA));
    expect(found[0]).toContain("vol-a on secondary-a is no prefix");
  });

  it("finds a takeover that names another number than its volumes show", () => {
    const { disks, found, tell } = setUp();
    tell(durable(relay1, record(1), record(2)));
    disks.set(secondaryA, volA, 0, tag(1));
    tell(opened(secondaryA, volA), takenOver({ sequence: seq(2) }));
    expect(found).toEqual(["far-prefix: the takeover names 2: 2 does not meet 1, which held so far"]);
  });

  it("finds exactly the numbers at which a naive model holds the same content", () => {
    const write = fc.record({ cell: fc.nat(2), kind: fc.nat(3), volume: fc.constantFrom(volA, volB) });
    fc.assert(
      fc.property(fc.array(write, { maxLength: 12 }), fc.nat(12), (writes, at) => {
        const order = createStampedOrder({ relay: relay1, violate: () => {} });
        const models = [new Map<number, Tag>()];
        writes.forEach(({ cell, kind, volume }, index) => {
          // A small choice of contents, so that the same content comes back at several numbers.
          const content = kind === 0 ? zeroTag : tag(kind);
          order.observe(durable(relay1, record(index + 1, { cell, volume, tag: content })));
          const model = new Map(models[index]);
          if (volume === volA) model.set(cell, content);
          if (volume === volA && content === zeroTag) model.delete(cell);
          models.push(model);
        });
        const wanted = models[Math.min(at, writes.length)] ?? new Map<number, Tag>();
        const same = (model: Map<number, Tag>): boolean =>
          model.size === wanted.size && [...model].every(([cell, content]) => wanted.get(cell) === content);
        const intervals = prefixesOf(order, volA, wanted);
        models.forEach((model, n) => {
          expect(intervals.some(({ low, high }) => low <= n && n <= high)).toBe(same(model));
        });
      }),
    );
  });
});
