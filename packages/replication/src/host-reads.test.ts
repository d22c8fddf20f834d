import { initialEpoch } from "@waystation/contracts/ids";
import { describe, expect, it } from "vitest";
import { createDesk } from "./effects.js";
import { createHostReads } from "./host-reads.js";
import { createRangeLocks } from "./range-lock.js";
import { createScopedDesk } from "./scoped-desk.js";
import { volA } from "./testing/fixture.js";

const range = { offsetBytes: 0, lengthBytes: 4096 };

describe("host reads (PROTOCOL 1.2)", () => {
  it("B12: a read whose range comes free as a term ends is handed over, not forgotten (seed 81 of the journeys)", () => {
    const collecting = createDesk({ epoch: () => initialEpoch, term: () => 0, uniqueId: () => "x", onCommit() {} });
    const scope = createScopedDesk(collecting);
    const { desk } = scope;
    const locks = createRangeLocks();
    const reads = createHostReads(desk, 1000);
    const write = locks.acquire({ ...range, exclusive: true }, () => {});
    const read = { kind: "host-read", request: 7, volume: volA, ...range } as const;
    reads.read(read, locks);
    // The write's array has not answered yet: the term waits for it, and takes no new orders.
    let ended = false;
    desk.store(volA, [], () => locks.release(write));
    scope.end(() => (ended = true));
    expect(ended).toBe(false);
    const [store] = collecting.takeEffects();
    collecting.answer({ kind: "stored", token: (store as { token: number }).token, failure: null });
    expect(ended).toBe(true);
    expect(reads.takeUnanswered()).toEqual([read]);
  });
});
