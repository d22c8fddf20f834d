import { Failure, isFailure } from "@waystation/contracts/errors";
import { describe, expect, it } from "vitest";
import { blockBytes, blockOf, epoch, g1, record, secondaryA, seq, valueOf, volA } from "./testing/fixture.js";
import { createMedium } from "./testing/medium.js";
import { createSecondaryBench, followingSecondary, type SecondaryBench } from "./testing/secondary-bench.js";

/** Received 1 and 3 of vol-a; 2 was another's. */
function withTwo(): SecondaryBench {
  const secondary = followingSecondary();
  secondary.ship(0, 3, [record(1, { block: 1 }), record(3, { block: 3 })]);
  secondary.settle();
  secondary.take();
  secondary.told();
  return secondary;
}

function restart(secondary: SecondaryBench): SecondaryBench {
  const again = createSecondaryBench({ medium: secondary.medium });
  again.start();
  return again;
}

describe("a secondary receives (PROTOCOL 3.1)", () => {
  it("B5: keeps batch and watermark in one durable commit before it says that it has them", () => {
    const secondary = followingSecondary();
    secondary.ship(0, 3, [record(1), record(3)]);
    secondary.drain();
    expect(secondary.take()).toEqual(["commit [1:vol-a 3:vol-a] received=3"]);
    expect(secondary.told()).toEqual([]);
    secondary.answer("commit");
    expect(secondary.told()).toEqual(["ship-received 3"]);
  });

  it("B4: a batch of no records raises the watermark all the same", () => {
    const secondary = withTwo();
    secondary.ship(3, 9, []);
    secondary.settle();
    expect(secondary.told()).toEqual(["ship-received 9"]);
    expect(restart(secondary).stages()).toMatchObject({ received: 9 });
  });

  it.each([
    ["that leaves a gap", 4, 5, [record(5)]],
    ["that it has already", 0, 3, [record(1)]],
    ["whose watermark goes back", 3, 2, []],
    ["with a record beyond its watermark", 3, 4, [record(5)]],
    ["with a record that it should have already", 3, 5, [record(3)]],
  ])("refuses a batch %s, and stores nothing of it", (_, after, watermark, records) => {
    const secondary = withTwo();
    secondary.ship(after, watermark, records);
    secondary.settle();
    expect(secondary.take()).toEqual(["send ship relay-1: refusal gap", "close ship relay-1"]);
    expect(secondary.medium.journal.marks.get("received")).toBe(3);
  });

  it("tells a relay that comes back all that is durable, what an earlier link brought included", () => {
    const secondary = withTwo();
    secondary.ship(3, 4, [record(4)]);
    secondary.connect();
    expect(secondary.told()).toEqual([]);
    secondary.settle();
    expect(secondary.told()).toEqual(["ship-welcome received 4 validated 0 applied 0"]);
    secondary.ship(4, 5, [record(5)]);
    secondary.settle();
    expect(secondary.told()).toEqual(["ship-received 5"]);
  });

  it("hears nothing on a link that was replaced, and nothing before the greeting", () => {
    const secondary = withTwo();
    const old = secondary.link();
    secondary.connect();
    secondary.settle();
    secondary.receive(old, { kind: "ship-batch", after: seq(3), watermark: seq(4), records: [] });
    secondary.settle();
    expect(secondary.stages()).toMatchObject({ received: 3 });

    const strange = createSecondaryBench();
    strange.start();
    const link = strange.open("relay-1" as never, "ship", "peer");
    strange.receive(link, { kind: "ship-batch", after: seq(0), watermark: seq(1), records: [record(1)] });
    expect(strange.take().slice(-2)).toEqual(["send ship relay-1: refusal gap", "close ship relay-1"]);
  });

  it("B14: refuses a relay whose epoch is over", () => {
    const secondary = withTwo();
    secondary.receive(
      secondary.open("secondary-b" as never, "council", "peer"),
      { kind: "promise", requestId: 1, settle: false, purpose: "takeover" },
      epoch(2),
    );
    secondary.settle();
    secondary.take();
    secondary.ship(3, 4, [record(4)]);
    expect(secondary.take()).toEqual(["send ship relay-1: refusal stale-epoch", "close ship relay-1"]);
    expect(secondary.stages()).toMatchObject({ received: 3, relayConnected: false });
  });
});

describe("a secondary with a full journal", () => {
  const three = 3 * (96 + blockBytes);

  it("holds back what does not fit, and takes it when applied records have made room: it does not deadlock", () => {
    const secondary = followingSecondary({ capacityBytes: three });
    secondary.ship(0, 2, [record(1, { block: 1 }), record(2, { block: 2 })]);
    secondary.ship(2, 4, [record(3, { block: 3 }), record(4, { block: 4 })]);
    secondary.ship(4, 5, [record(5, { block: 5 })]);
    secondary.ship(5, 6, [record(6, { block: 6 })]);
    secondary.settle();
    expect(secondary.told()).toEqual(["ship-received 2"]);
    secondary.point(2);
    // Room for three, not for all that waits.
    expect(secondary.stages().journalUsedBytes).toBe(three);
    expect(secondary.told()).toEqual(["prepared 2", "validated 2", "applied 2", "ship-received 4", "ship-received 5"]);
  });

  it("forgets at its start what it had applied: records that a crash brought back hold no room (sim seed 401542)", () => {
    const medium = createMedium(g1, secondaryA);
    medium.journal.records.push(record(1), record(2));
    medium.journal.highest = 2;
    for (const mark of ["received", "validated", "applying", "applied"]) medium.journal.marks.set(mark, 2);
    const secondary = followingSecondary({ medium, capacityBytes: three });
    secondary.ship(2, 4, [record(3), record(4)]);
    secondary.settle();
    expect(secondary.told()).toEqual(["ship-received 4"]);
  });

  it("takes a batch larger than its journal when the journal is empty, and one of no records always", () => {
    const secondary = followingSecondary({ capacityBytes: blockBytes });
    secondary.ship(0, 2, [record(1), record(2)]);
    secondary.ship(2, 3, []);
    secondary.settle();
    expect(secondary.told()).toEqual(["ship-received 2", "ship-received 3"]);
  });

  it("drops what it held when the link goes: the relay sends it again", () => {
    const secondary = followingSecondary({ capacityBytes: three });
    secondary.ship(0, 3, [record(1), record(2), record(3)]);
    secondary.ship(3, 4, [record(4)]);
    secondary.settle();
    secondary.connect();
    secondary.settle();
    expect(secondary.told()).toEqual(["ship-welcome received 3 validated 0 applied 0"]);
    secondary.point(3);
    expect(secondary.told().at(-1)).toBe("applied 3");
    secondary.ship(3, 4, [record(4)]);
    secondary.settle();
    expect(secondary.told()).toEqual(["ship-received 4"]);
  });
});

describe("a secondary prepares and validates (PROTOCOL 3.2, B5)", () => {
  it("B5: answers Prepare(R) only when it is complete up to R, durably", () => {
    const secondary = withTwo();
    secondary.relay({ kind: "prepare", sequence: seq(4), further: [record(4)] });
    secondary.settle();
    expect(secondary.told()).toEqual([]);
    secondary.ship(3, 4, [record(4)]);
    secondary.settle(["commit"]);
    expect(secondary.told()).toEqual([]);
    secondary.settle();
    expect(secondary.told()).toEqual(["ship-received 4", "prepared 4"]);
  });

  it("B5: answers a Prepare asked again, and one from before its restart", () => {
    const secondary = withTwo();
    for (let times = 0; times < 2; times++) secondary.relay({ kind: "prepare", sequence: seq(3) });
    expect(secondary.told()).toEqual(["prepared 3", "prepared 3"]);
    const again = restart(secondary);
    again.settle();
    again.connect();
    again.settle();
    again.relay({ kind: "prepare", sequence: seq(3) });
    // What lies above its last point is read again first.
    again.settle();
    expect(again.told()).toEqual(["ship-welcome received 3 validated 0 applied 0", "prepared 3"]);
  });

  it("PROTOCOL 3.2: Validate(R) is durable before it is answered, and survives", () => {
    const secondary = withTwo();
    secondary.relay({ kind: "validate", sequence: seq(3) });
    secondary.settle(["commit"]);
    expect(secondary.told()).toEqual([]);
    secondary.settle();
    expect(secondary.told()).toEqual(["validated 3"]);
    expect(restart(secondary).stages()).toMatchObject({ validated: 3 });
    secondary.relay({ kind: "validate", sequence: seq(2) });
    secondary.settle();
    expect(secondary.told()).toEqual(["validated 3"]);
  });

  it("refuses to validate what it does not hold, and a gate that it has not validated", () => {
    const validate = withTwo();
    validate.relay({ kind: "validate", sequence: seq(4) });
    expect(validate.told()).toEqual(["refusal gap"]);
    const gate = withTwo();
    gate.relay({ kind: "gate", sequence: seq(3) });
    gate.settle();
    expect(gate.told()).toEqual(["refusal gap"]);
    expect(gate.stages()).toMatchObject({ applied: 0 });
  });
});

describe("a secondary applies (PROTOCOL 3.3, B5)", () => {
  it("PROTOCOL 3.3: stores nothing above the gate, though it is validated", () => {
    const secondary = withTwo();
    secondary.relay({ kind: "validate", sequence: seq(3) });
    secondary.settle();
    secondary.take();
    secondary.relay({ kind: "gate", sequence: seq(2) });
    secondary.settle();
    expect(secondary.take().filter((line) => line.startsWith("store"))).toEqual(["store vol-a 512+512"]);
    expect(valueOf(secondary.block(volA, 1))).toBe(1);
    expect(valueOf(secondary.block(volA, 3))).toBe(0);
  });

  it("`applying` is durable before a volume is touched, `applied` after its array is, and only then it trims and tells", () => {
    const secondary = withTwo();
    secondary.relay({ kind: "validate", sequence: seq(3) });
    secondary.settle();
    secondary.take();
    secondary.told();
    secondary.relay({ kind: "gate", sequence: seq(3) });
    secondary.drain();
    expect(secondary.take()).toEqual(["commit applying=3"]);
    secondary.answer("commit");
    secondary.answer("read-journal");
    expect(secondary.take()).toEqual(["read 1..3", "store vol-a 512+512 1536+512"]);
    secondary.answer("store");
    expect(secondary.take()).toEqual(["commit applied=3"]);
    secondary.answer("commit");
    expect(secondary.take()).toEqual(["trim 3", "send ship relay-1: applied 3"]);
    expect(secondary.medium.journal.records).toEqual([]);
  });

  it("stores the records of a volume in sequence order: the later of two writes to a block stays", () => {
    const secondary = followingSecondary();
    secondary.ship(0, 2, [record(1, { block: 5, value: 10 }), record(2, { block: 5, value: 20 })]);
    secondary.ship(2, 3, [record(3, { block: 6, kind: "discard" })]);
    secondary.settle();
    secondary.point(3);
    expect([valueOf(secondary.block(volA, 5)), valueOf(secondary.block(volA, 6))]).toEqual([20, 0]);
  });

  it("after a crash in the middle stores the whole span again before anybody may read", () => {
    const secondary = withTwo();
    secondary.relay({ kind: "validate", sequence: seq(3) });
    secondary.settle();
    secondary.relay({ kind: "gate", sequence: seq(3) });
    secondary.settle(["store"]);
    // The crash comes when half of the span is on the array.
    blockOf(1).copy(secondary.medium.volumes.get(volA)!, blockBytes);
    const again = restart(secondary);
    expect(again.access.get(volA)).toBe("closed");
    const early = again.read(volA, 3);
    expect(isFailure(again.replies.get(early), "VOLUME_NOT_OPEN")).toBe(true);
    expect(again.mayReadNow(volA, 3)).toBe(false);
    again.settle(["commit"]);
    expect(again.access.get(volA)).toBe("closed");
    again.settle();
    expect(again.access.get(volA)).toBe("read-only");
    expect([1, 3].map((block) => valueOf(again.block(volA, block)))).toEqual([1, 3]);
    expect(again.stages()).toMatchObject({ applied: 3, gate: 3 });
  });

  it("stays where it was when its array fails, and says so", () => {
    const secondary = withTwo();
    secondary.relay({ kind: "validate", sequence: seq(3) });
    secondary.settle();
    secondary.relay({ kind: "gate", sequence: seq(3) });
    secondary.settle(["store"]);
    secondary.answer("store", new Failure("IO_ERROR", "two disks are gone"));
    secondary.settle();
    expect(secondary.stages()).toMatchObject({ applied: 0 });
    expect(secondary.member.status().detail).toContain("two disks are gone");
    expect(secondary.medium.journal.records).toHaveLength(2);
  });

  it("serves reads of what is applied, and refuses writes until a takeover", () => {
    const secondary = withTwo();
    secondary.point(3);
    const read = secondary.read(volA, 3);
    const write = secondary.write({ volume: volA, block: 3 });
    secondary.settle();
    expect(valueOf(secondary.replies.get(read) as Buffer)).toBe(3);
    expect(secondary.mayReadNow(volA, 3)).toBe(true);
    expect(isFailure(secondary.replies.get(write), "READ_ONLY")).toBe(true);
  });
});
