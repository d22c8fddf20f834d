import { describe, expect, it } from "vitest";
import { zeroTag } from "../cell.js";
import { collectFindings, durable, record, relay1, secondaryA, tag, volA } from "../testing/history.js";
import { createStampedOrder } from "./stamped-order.js";

function setUp() {
  const { found, violate } = collectFindings();
  return { found, order: createStampedOrder({ relay: relay1, violate }) };
}

describe("stamped order", () => {
  it("remembers what each cell held at which number, and stays silent about a right order", () => {
    const { found, order } = setUp();
    order.observe(durable(relay1, record(1), record(2, { cell: 1 }), record(3), record(4, { tag: zeroTag })));
    order.observe(durable(secondaryA, record(9)));
    expect(order.last()).toBe(4);
    expect(order.versions(volA, 0)).toEqual([
      { sequence: 0, tag: zeroTag },
      { sequence: 1, tag: tag(1) },
      { sequence: 3, tag: tag(3) },
      { sequence: 4, tag: zeroTag },
    ]);
    expect(found).toEqual([]);
  });

  it("finds a number that was left out or used twice", () => {
    const { found, order } = setUp();
    order.observe(durable(relay1, record(1), record(3)));
    expect(found).toEqual(["stamped-order: the relay stamped 3, expected 2"]);
  });

  it("finds an origin number that was stamped twice: a relay without dedupe", () => {
    const { found, order } = setUp();
    const origin = { incarnation: 1, n: 1 };
    order.observe(durable(relay1, record(1, { origin }), record(2, { origin, tag: tag(1) })));
    expect(found).toEqual(["stamped-order: record 2 repeats or reorders origin 1.1 after 1.1"]);
  });

  it("finds older content that was put over newer: a recovery that re-sends what was overwritten", () => {
    const { found, order } = setUp();
    order.observe(durable(relay1, record(1), record(2), record(3, { tag: tag(1) })));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain("puts writer 1 write 1 back into vol-a cell 0");
  });

  it("allows present content to be stamped again, as a recovering primary does", () => {
    const { found, order } = setUp();
    order.observe(durable(relay1, record(1), record(2), record(3, { tag: tag(2), origin: { incarnation: 2, n: 1 } })));
    expect(found).toEqual([]);
  });

  it("finds a relay that cuts what it stamped", () => {
    const { found, order } = setUp();
    order.observe(durable(relay1, record(1), record(2)));
    order.observe({ kind: "journal-durable", node: relay1, commit: { cutAfter: record(1).sequence } });
    expect(found).toEqual(["stamped-order: the relay cut stamped records from its journal"]);
  });

  it("PROTOCOL 7: finds a relay that goes on stamping after its journal lost what others know", () => {
    const { found, order } = setUp();
    order.observe(durable(relay1, record(1), record(2)));
    order.observe({ kind: "journal-damaged", node: relay1 });
    order.observe(durable(relay1, record(2)));
    expect(found).toEqual(["stamped-order: the relay stamped 2 although its journal had lost records"]);
  });
});
