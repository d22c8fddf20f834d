import { describe, expect, it } from "vitest";
import { createGeometry } from "../core/geometry.js";
import type { Slot } from "../core/level.js";
import { recordHeaderBytes } from "../core/log-record.js";
import { createStripeLog, type LogDisks } from "./stripe-log.js";

const geometry = createGeometry({
  level: "raid5",
  diskCount: 3,
  unitBytes: 4096,
  dataBytesPerDisk: 4096 * 16,
  logBytes: 512 * 1024,
  checksums: false,
});

/** Disks whose writes complete when the test says so, in the order in which they were submitted. */
function createSlowMembers(): { readonly members: LogDisks; readonly completions: (() => void)[] } {
  const completions: (() => void)[] = [];
  const members: LogDisks = {
    geometry,
    isAbsent: () => false,
    present: () => [0, 1, 2] as Slot[],
    submit: () => new Promise((resolve) => completions.push(() => resolve(true))),
    settled: async () => {},
    checkUsable() {},
  };
  return { members, completions };
}

/** Lets everything run that waits for nothing from outside. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("the stripe log", () => {
  it("A3: a record is durable only with all before it: replay stops at the first gap", async () => {
    const { members, completions } = createSlowMembers();
    const log = createStripeLog({
      members,
      place: { arrayId: "00000000-0000-4000-8000-000000000000", session: 1, position: 0 },
      head: 0,
      nextTailCopy: new Map(),
      lost: { ranges: [] },
      checksums: null,
    });
    const durable: string[] = [];
    const append = (name: string): void => {
      const content = { payloadEndBytes: recordHeaderBytes, entries: [] };
      void log.append(Buffer.alloc(8192), content).then(() => durable.push(name));
    };
    append("first");
    const first = completions.splice(0);
    append("second");
    for (const complete of completions.splice(0)) complete();
    await turn();
    expect(durable).toEqual([]);
    for (const complete of first) complete();
    await turn();
    expect(durable).toEqual(["first", "second"]);
  });
});
