import { describe, expect, it } from "vitest";
import type { Observation } from "../observation.js";
import {
  durable,
  primaryA,
  record,
  relay1,
  request,
  seq,
  tag,
  takenOver,
  volA,
  watchHistory,
} from "../testing/history.js";
import { createAcknowledgedWritesChecker } from "./acknowledged-writes.js";

function setUp() {
  return watchHistory(({ order, disks, violate }) =>
    createAcknowledgedWritesChecker({
      order,
      primaries: new Set([primaryA]),
      durableCell: disks.durableCell,
      violate,
    }),
  );
}

const invoked = (id: number, count = id): Observation => ({
  kind: "write-invoked",
  request: request(id),
  tag: tag(count),
});
const acknowledged = (id: number, count = id): Observation => ({
  kind: "write-acknowledged",
  request: request(id),
  tag: tag(count),
});

describe("acknowledged writes", () => {
  it("B2: are on the primary's disk and in the relay's journal: then nothing is found", () => {
    const { disks, found, tell } = setUp();
    tell(invoked(1), durable(relay1, record(1)));
    disks.set(primaryA, volA, 0, tag(1));
    tell(acknowledged(1), takenOver({ sequence: seq(1) }));
    expect(found).toEqual([]);
  });

  it("B2: finds one that is not in the relay's journal", () => {
    const { disks, found, tell } = setUp();
    disks.set(primaryA, volA, 0, tag(1));
    tell(invoked(1), acknowledged(1));
    expect(found[0]).toContain("was acknowledged and is not durable at the relay");
  });

  it("B2: finds one that is not on the primary's disk", () => {
    const { found, tell } = setUp();
    tell(invoked(1), durable(relay1, record(1)), acknowledged(1));
    expect(found[0]).toContain("was acknowledged while primary-a holds zeros durably");
  });

  it("B11: finds one that a takeover left out although it says that nothing is lost, whichever comes first", () => {
    for (const late of [false, true]) {
      const { disks, found, tell } = setUp();
      disks.set(primaryA, volA, 0, tag(1));
      tell(invoked(1), durable(relay1, record(1)));
      const takeover = takenOver({ sequence: seq(0) });
      tell(...(late ? [takeover, acknowledged(1)] : [acknowledged(1), takeover]));
      expect(found[0]).toContain("was acknowledged as number 1, but the takeover settled 0");
    }
  });

  it("B11: allows a forced takeover to lose what it does not promise", () => {
    const { disks, found, tell } = setUp();
    disks.set(primaryA, volA, 0, tag(1));
    tell({
      kind: "takeover-commanded",
      node: primaryA,
      request: { group: "g1", force: true, without: [], dryRun: false },
    });
    tell(invoked(1), durable(relay1, record(1)), acknowledged(1), takenOver({ lost: "unknown" }));
    expect(found).toEqual([]);
  });

  it("B14: finds a second writer: a write that was asked for after the takeover and acknowledged at the old site", () => {
    const { disks, found, tell } = setUp();
    tell(takenOver({ sequence: seq(1) }), invoked(1), durable(relay1, record(1)));
    disks.set(primaryA, volA, 0, tag(1));
    tell(acknowledged(1));
    expect(found[0]).toContain("two writers");
  });

  it("B14: finds an old primary that comes back and opens for writing", () => {
    const { found, tell } = setUp();
    tell(takenOver(), { kind: "node-up", node: primaryA });
    tell({ kind: "opened-for-writing", node: primaryA, volume: volA });
    expect(found).toEqual(["acknowledged-writes: primary-a started after the takeover and opened vol-a for writing"]);
  });
});
