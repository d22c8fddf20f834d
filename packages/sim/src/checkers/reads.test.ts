import { describe, expect, it } from "vitest";
import type { Observation } from "../observation.js";
import { zeroTag, type Tag } from "../cell.js";
import {
  durable,
  payloadOf,
  record,
  relay1,
  request,
  secondaryA,
  secondaryOf,
  stored,
  tag,
  volA,
  watchHistory,
} from "../testing/history.js";
import { createReadsChecker } from "./reads.js";

function setUp() {
  return watchHistory(({ order, disks, violate }) =>
    createReadsChecker({ order, secondaryOf, contentOf: disks.contentOf, violate }),
  );
}

type Where = Parameters<typeof request>[1];
const readBegins = (id: number, where?: Where): Observation => ({ kind: "read-invoked", request: request(id, where) });
const readReturns = (id: number, content: Tag, where?: Where): Observation => ({
  kind: "read-returned",
  request: request(id, where),
  data: payloadOf(content, volA, 0),
});
const readOf = (id: number, content: Tag, where?: Where): Observation[] => [
  readBegins(id, where),
  readReturns(id, content, where),
];
const opensAtSecondary: Observation = { kind: "opened-for-writing", node: secondaryA, volume: volA };

describe("reads", () => {
  it("may go forward, and a read that began early may return what held then", () => {
    const { found, tell } = setUp();
    tell(durable(relay1, record(1), record(2)), readBegins(1), ...readOf(2, tag(2)), readReturns(1, tag(1)));
    expect(found).toEqual([]);
  });

  it("are found when they go back", () => {
    const { found, tell } = setUp();
    tell(durable(relay1, record(1), record(2)), ...readOf(1, tag(2)), ...readOf(2, tag(1)));
    expect(found[0]).toContain("after writer 1 write 2 had been read or acknowledged");
  });

  it("are found when they do not show what was acknowledged", () => {
    const { found, tell } = setUp();
    tell(durable(relay1, record(1)), { kind: "write-invoked", request: request(1), tag: tag(1) });
    tell({ kind: "write-acknowledged", request: request(1), tag: tag(1) }, ...readOf(2, zeroTag));
    expect(found).toHaveLength(1);
  });

  it("are found when they show what the relay does not durably hold", () => {
    const { found, tell } = setUp();
    tell(...readOf(1, tag(1)));
    expect(found[0]).toContain("which nothing durable holds");
  });

  it("never go back through a takeover", () => {
    const where = { node: secondaryA };
    const { found, tell } = setUp();
    tell(durable(relay1, record(1)), ...readOf(1, tag(1), where), opensAtSecondary);
    expect(found).toEqual(["reads: vol-a cell 0 went back to zeros when secondary-a took over"]);
  });

  it("follow the new writer's order after a takeover", () => {
    const where = { node: secondaryA };
    const { disks, found, tell } = setUp();
    tell(durable(relay1, record(1)));
    disks.set(secondaryA, volA, 0, tag(1));
    tell(opensAtSecondary, ...readOf(1, tag(1), where), stored(secondaryA, 0, tag(7)), ...readOf(2, tag(7), where));
    expect(found).toEqual([]);
    tell(...readOf(3, tag(1), where));
    expect(found).toHaveLength(1);
  });
});
