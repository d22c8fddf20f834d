import { markNames } from "@waystation/replication/marks";
import { describe, expect, it } from "vitest";
import {
  durable,
  primaryA,
  record,
  relay1,
  secondaryA,
  secondaryB,
  sent,
  seq,
  stored,
  tag,
  volA,
  volB,
  volumes,
  watchHistory,
} from "../testing/history.js";
import { createDurableAnswersChecker } from "./durable-answers.js";

function setUp() {
  return watchHistory(({ order, disks, violate }) =>
    createDurableAnswersChecker({
      order,
      relay: relay1,
      volumes,
      durableCell: disks.durableCell,
      promoted: () => false,
      violate,
    }),
  );
}

const marks = (n: number) => [{ volume: volA, origin: { incarnation: 1, n } }];

describe("durable answers (DESIGN rule 3)", () => {
  it("finds a relay that acknowledges what is not durable", () => {
    const { found, tell } = setUp();
    tell(durable(relay1, record(1)), sent(relay1, { kind: "relay-ack", marks: marks(1), creditBytes: 0 }));
    expect(found).toEqual([]);
    tell(sent(relay1, { kind: "relay-ack", marks: marks(2), creditBytes: 0 }));
    expect(found).toEqual(["durable-answers: the relay acknowledges vol-a 1.2, but only 1.1 is durable there"]);
  });

  it("finds a relay that ships what is not durable, or not what it stamped", () => {
    const { found, tell } = setUp();
    const batch = (watermark: number, ...records: ReturnType<typeof record>[]) =>
      sent(relay1, { kind: "ship-batch", after: seq(0), watermark: seq(watermark), records });
    tell(durable(relay1, record(1)), batch(1, record(1)));
    expect(found).toEqual([]);
    tell(batch(2));
    expect(found.at(-1)).toContain("ships up to 2, but only 1 is durable there");
    tell(batch(1, record(1, { tag: tag(9) })));
    expect(found.at(-1)).toContain("that is not what was stamped");
  });

  it("finds a secondary that answers for records that its journal does not hold", () => {
    const { found, tell } = setUp();
    tell(durable(relay1, record(1), record(2, { volume: volB }), record(3)), durable(secondaryA, record(1)));
    tell(sent(secondaryA, { kind: "prepared", sequence: seq(2) }));
    expect(found).toEqual([]);
    tell(sent(secondaryA, { kind: "prepared", sequence: seq(3) }));
    expect(found).toEqual(["durable-answers: secondary-a answers prepared 3, but is durably complete only up to 2"]);
  });

  it("finds a secondary that answers validated before that is durable", () => {
    const { found, tell } = setUp();
    const validated = sent(secondaryA, { kind: "validated", sequence: seq(1) });
    tell(durable(relay1, record(1)), durable(secondaryA, record(1)), validated);
    expect(found).toEqual(["durable-answers: secondary-a answers validated 1, but only 0 is durable there"]);
    const right = setUp();
    right.tell(durable(relay1, record(1)), durable(secondaryA, record(1)));
    right.tell({ kind: "journal-durable", node: secondaryA, commit: { marks: new Map([[markNames.validated, 1]]) } });
    right.tell(validated);
    expect(right.found).toEqual([]);
  });

  it("finds a relay that validates what not all have prepared", () => {
    const { found, tell } = setUp();
    tell(durable(relay1, record(1), record(2, { volume: volB })), durable(secondaryA, record(1)));
    tell(sent(relay1, { kind: "validate", sequence: seq(1) }));
    expect(found).toEqual([]);
    tell(sent(relay1, { kind: "validate", sequence: seq(2) }));
    expect(found).toEqual(["durable-answers: secondary-b answers prepared 2, but is durably complete only up to 1"]);
  });

  it("counts what a cut took away as missing", () => {
    const { found, tell } = setUp();
    tell(durable(relay1, record(1), record(2)), durable(secondaryA, record(1), record(2)));
    tell({ kind: "journal-durable", node: secondaryA, commit: { cutAfter: seq(1) } });
    tell(sent(secondaryA, { kind: "ship-received", watermark: seq(2) }));
    expect(found).toHaveLength(1);
  });

  it("finds a secondary that reports applied what is not durable on its disk", () => {
    const { disks, found, tell } = setUp();
    tell(durable(relay1, record(1), record(2)));
    disks.set(secondaryA, volA, 0, tag(2));
    tell(sent(secondaryA, { kind: "applied", sequence: seq(2) }));
    expect(found).toEqual([]);
    tell(durable(relay1, record(3)), sent(secondaryA, { kind: "applied", sequence: seq(3) }));
    expect(found[0]).toContain("reports applied 3, but number 3 is not on its disk");
  });

  it("finds a primary that reports locally complete what is not, and allows newer content that is not stamped yet", () => {
    const { disks, found, tell } = setUp();
    const complete = (n: number) => sent(primaryA, { kind: "origin-batch", writes: [], localComplete: marks(n) });
    tell(stored(primaryA, 0, tag(1)), stored(primaryA, 0, tag(8)), durable(relay1, record(1)));
    disks.set(primaryA, volA, 0, tag(8));
    tell(complete(1));
    expect(found).toEqual([]);
    tell(durable(relay1, record(2, { cell: 1 })), complete(2));
    expect(found[0]).toContain("reports local-complete 1.2 of vol-a, but number 2 is not on its disk");
  });

  it("PROTOCOL 7: finds a relay that forgets what a secondary or the origin may still need", () => {
    const { disks, found, tell } = setUp();
    tell(durable(relay1, record(1)), { kind: "journal-trim", node: relay1, through: 1 });
    expect(found).toHaveLength(3);
    const right = setUp();
    right.tell(durable(relay1, record(1)), stored(primaryA, 0, tag(1)));
    for (const node of [primaryA, secondaryA]) right.disks.set(node, volA, 0, tag(1));
    right.tell(sent(primaryA, { kind: "origin-batch", writes: [], localComplete: marks(1) }));
    for (const node of [secondaryA, secondaryB]) right.tell(sent(node, { kind: "applied", sequence: seq(1) }));
    right.tell({ kind: "journal-trim", node: relay1, through: 1 });
    expect(right.found).toEqual([]);
    expect(disks.contentOf(primaryA, volA).size).toBe(0);
  });
});
