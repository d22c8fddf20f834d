import { describe, expect, it } from "vitest";
import type { Clock } from "@waystation/contracts/clock";
import { silentLog } from "@waystation/contracts/log";
import { noFaults } from "@waystation/raid/io/row-repair";
import type { ScrubReport } from "@waystation/raid/io/scrubber";
import type { OpenArray } from "./array-report.js";
import { createScrubDesk } from "./scrub-desk.js";

const hourMs = 3_600_000;
const clean: ScrubReport = { checkedBytes: 1000, found: noFaults(), places: [], nextStripe: null, failure: null };

interface SetUpOptions {
  readonly scrubEveryMs?: number | null;
  readonly status?: string;
}

/** An array whose scrubs end when the test says so. */
function setUp({ scrubEveryMs = 24 * hourMs, status = "optimal" }: SetUpOptions = {}) {
  const documents = new Map<string, unknown>();
  const begun: { readonly fromStripe: number; end: (report: ScrubReport) => void; stopped: boolean }[] = [];
  const state = { status };
  const array = {
    name: "a1",
    state: () => ({ status: state.status }),
    scrub({ fromStripe }: { fromStripe: number }) {
      const waiting: ((report: ScrubReport) => void)[] = [];
      const done = new Promise<ScrubReport>((resolve) => waiting.push(resolve));
      const scrub = { fromStripe, end: (report: ScrubReport) => waiting[0]!(report), stopped: false };
      begun.push(scrub);
      return {
        progress: () => ({ doneBytes: 250, totalBytes: 1000 }),
        stop: () => {
          scrub.stopped = true;
          scrub.end({ ...clean, nextStripe: 7 });
        },
        done,
      };
    },
  };
  const volumes = {
    documents: {
      get: (name: string) => documents.get(name),
      put: (name: string, value: unknown) => (documents.set(name, value), Promise.resolve()),
    },
  };
  let wallMs = 1_000 * hourMs;
  const clock = { wallMs: () => wallMs, nowMs: () => wallMs } as unknown as Clock;
  const on = { array, volumes, diskPaths: [], scrubEveryMs } as unknown as OpenArray;
  const open = () => createScrubDesk({ arrays: [on], clock, log: silentLog });
  const pass = (hours: number): void => void (wallMs += hours * hourMs);
  return { on, open, begun, documents, state, pass };
}

/** What was ended has been noted. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("scrubs that a node starts by itself", () => {
  it("A2: begin when the period has passed since the array was made, and since the end of the last one", async () => {
    const { open, begun, pass } = setUp();
    const desk = open();
    desk.startDue();
    pass(23);
    desk.startDue();
    expect(begun).toHaveLength(0);
    pass(1);
    desk.startDue();
    desk.startDue();
    expect(begun).toHaveLength(1);
    pass(5);
    begun[0]!.end(clean);
    await settled();
    pass(23);
    desk.startDue();
    expect(begun).toHaveLength(1);
    // The time goes on over a restart.
    pass(1);
    open().startDue();
    expect(begun).toHaveLength(2);
  });

  it("A2: one that was stopped goes on where it was, at once", async () => {
    const { open, begun, pass } = setUp();
    const desk = open();
    desk.startDue();
    pass(24);
    desk.startDue();
    await desk.stop();
    expect(begun[0]!.stopped).toBe(true);
    open().startDue();
    expect(begun.map(({ fromStripe }) => fromStripe)).toEqual([0, 7]);
  });

  it.each([
    ["the file says never", { scrubEveryMs: null }],
    ["the array is being rebuilt", { status: "rebuilding" }],
    ["the array has failed", { status: "failed" }],
  ])("do not begin while %s", (_, options) => {
    const { open, begun, pass } = setUp(options);
    const desk = open();
    desk.startDue();
    pass(1000);
    desk.startDue();
    expect(begun).toEqual([]);
  });

  it("are not put off for years by a clock that was ahead", async () => {
    const { open, begun, pass } = setUp();
    const desk = open();
    pass(100_000);
    desk.startDue();
    pass(-100_000);
    desk.startDue();
    expect(begun).toHaveLength(0);
    pass(24);
    desk.startDue();
    await settled();
    expect(begun.length).toBeLessThanOrEqual(1);
  });
});

describe("scrubs by command", () => {
  it("A2, A4, F4: are joined, tell how far they are, and report what was found", async () => {
    const { on, open, begun } = setUp();
    const desk = open();
    expect([desk.start(on), desk.start(on), begun.length]).toEqual([1, 1, 1]);
    expect(desk.running(on)).toMatchObject({ run: 1, progress: { doneBytes: 250, totalBytes: 1000 } });
    begun[0]!.end({
      ...clean,
      found: { data: 2, parity: 1, checksum: 1, unknown: 1 },
      places: [
        { slot: 1 as never, offsetBytes: 8192, kind: "parity", file: "/d/1" },
        { slot: 2 as never, offsetBytes: 4096, kind: "unknown", file: null },
      ],
      nextStripe: null,
    });
    await settled();
    expect(desk.running(on)).toBeNull();
    expect(desk.last(on)).toMatchObject({
      ...{ run: 1, scannedBytes: 1000, repairedBlocks: 4, unrepairableBlocks: 1, failure: "" },
      findings: [
        { disk: "/d/1", offsetBytes: 8192, kind: "parity", repaired: true },
        { disk: "slot 2", offsetBytes: 4096, kind: "data", repaired: false },
      ],
    });
    expect(desk.start(on)).toBe(2);
    begun[1]!.end({ ...clean, failure: "the array failed", nextStripe: 3 });
    await settled();
    expect(desk.last(on)).toMatchObject({ run: 2, failure: "the array failed" });
  });
});
