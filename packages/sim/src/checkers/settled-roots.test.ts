import { describe, expect, it } from "vitest";
import type { GroupName } from "@waystation/contracts/ids";
import type { JournalRecord, MarkValue } from "@waystation/contracts/journal";
import { naiveAnchor, naiveCommitment, naiveRecordDigest, sha256 } from "@waystation/replication/testing/chain-model";
import type { Observation } from "../observation.js";
import { collectFindings, record, relay1, secondaryA, sent, seq, volA, volB } from "../testing/history.js";
import { createSettledRootsChecker } from "./settled-roots.js";

const g1 = "g1" as GroupName;

function setUp() {
  const { found, violate } = collectFindings();
  return { found, checker: createSettledRootsChecker({ group: g1, volumes: [volA, volB], violate }) };
}

function committed(node: typeof relay1, marks: Record<string, MarkValue>, ...records: JournalRecord[]): Observation {
  return { kind: "journal-durable", node, commit: { records, marks: new Map(Object.entries(marks)) } };
}

const anchor = (epoch: number, reason: "term" | "resync", sequence: number) => ({ group: g1, epoch, reason, sequence });

/** The root over two volumes of which only vol-a was written, since this anchor. */
function rootOf(from: ReturnType<typeof anchor>, ...records: JournalRecord[]): Buffer {
  const head = records.reduce((so, each) => sha256(so, naiveRecordDigest(each)), naiveAnchor(from, volA));
  return naiveCommitment(
    new Map([
      [volA, head],
      [volB, naiveAnchor(from, volB)],
    ]),
  );
}

function prepare(sequence: number, root: Buffer): Observation {
  const proof = { leafCount: 2, indexes: [0], hashes: [] };
  return sent(relay1, { kind: "prepare", sequence: seq(sequence), commitment: { root, proof, anchors: [] } });
}

const stored = (sequence: number, root: Buffer, epoch = 1) => ({
  root: { epoch, sequence, root: root.toString("hex"), slot: 0 },
});

describe("settled roots", () => {
  const records = [record(1), record(2), record(3)];
  const right = rootOf(anchor(1, "term", 0), ...records.slice(0, 2));

  it("E4: takes the root of what was stamped, at the relay and at a secondary", () => {
    const { found, checker } = setUp();
    checker.observe(committed(relay1, { stamped: 3 }, ...records));
    checker.observe(prepare(2, right));
    checker.observe(committed(secondaryA, stored(2, right)));
    expect(checker.compared()).toBe(2);
    expect(found).toEqual([]);
  });

  it("E4: finds a root of other records: dropped, or in another order", () => {
    const { found, checker } = setUp();
    checker.observe(committed(relay1, { stamped: 3 }, ...records));
    checker.observe(prepare(2, rootOf(anchor(1, "term", 0), record(2))));
    checker.observe(committed(secondaryA, stored(2, rootOf(anchor(1, "term", 0), record(2), record(1)))));
    expect(found).toEqual([
      "settled-roots: relay-1 has a root at 2 (epoch 1) that the stamped records do not make",
      "settled-roots: secondary-a has a root at 2 (epoch 1) that the stamped records do not make",
    ]);
  });

  it("E4: follows chains that begin anew above a number, and with a term", () => {
    const { found, checker } = setUp();
    checker.observe(committed(relay1, { stamped: 2 }, ...records.slice(0, 2)));
    checker.observe(committed(relay1, { anchors: [2] }));
    checker.observe(committed(relay1, { stamped: 3 }, ...records.slice(2)));
    checker.observe(prepare(2, right));
    checker.observe(prepare(3, rootOf(anchor(1, "resync", 2), record(3))));
    const term = { epoch: { number: 4, takeoverId: "t" }, base: 9, volumes: [{ name: volA }, { name: volB }] };
    checker.observe(committed(relay1, { term }));
    checker.observe(committed(relay1, { stamped: 10 }, record(10)));
    checker.observe(committed(secondaryA, stored(10, rootOf(anchor(4, "term", 9), record(10)), 4)));
    expect([checker.compared(), found]).toEqual([3, []]);
    checker.observe(committed(secondaryA, stored(10, rootOf(anchor(1, "term", 0), record(10)), 4)));
    expect(found).toHaveLength(1);
  });
});
