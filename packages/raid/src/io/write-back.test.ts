import type { BlockWrite } from "@waystation/contracts/block-device";
import { silentLog } from "@waystation/contracts/log";
import { createRandom, type Random } from "@waystation/contracts/random";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createGeometry } from "../core/geometry.js";
import { createStandingClock } from "./testing-clock.js";
import { writesOf } from "./write-groups.js";
import { createWriteBack, type WriteBack } from "./write-back.js";

const kib = 1024;
/** Two cells in a stripe. */
const geometry = createGeometry({
  ...{ level: "raid5", diskCount: 3, unitBytes: 16 * kib, checksums: false },
  ...{ dataBytesPerDisk: 16 * 16 * kib, logBytes: 1024 * kib },
});
const cellBytes = geometry.windowBytes * geometry.dataUnits;

/** An array whose writes arrive when the test says so. */
function createSlowStore() {
  const content = Buffer.alloc(geometry.sizeBytes);
  interface Submission {
    readonly writes: readonly BlockWrite[];
    readonly resolve: () => void;
    readonly reject: (error: unknown) => void;
  }
  let waiting: Submission[] = [];
  /** Ranges of which a write fails. */
  const bad: { offsetBytes: number; lengthBytes: number }[] = [];
  const isBad = ({ offsetBytes, lengthBytes }: BlockWrite): boolean => {
    return bad.some((range) => offsetBytes < range.offsetBytes + range.lengthBytes && range.offsetBytes < offsetBytes + lengthBytes); // prettier-ignore
  };
  const touch = (writes: readonly BlockWrite[], other: readonly BlockWrite[]): boolean => {
    return writes.some((a) => other.some((b) => a.offsetBytes < b.offsetBytes + b.lengthBytes && b.offsetBytes < a.offsetBytes + a.lengthBytes)); // prettier-ignore
  };
  const settle = async (submission: Submission): Promise<void> => {
    waiting = waiting.filter((other) => other !== submission);
    if (submission.writes.some(isBad)) submission.reject(new Error("bad range"));
    else {
      for (const { offsetBytes, lengthBytes, data } of submission.writes) {
        if (data === null) content.fill(0, offsetBytes, offsetBytes + lengthBytes);
        else content.set(data, offsetBytes);
      }
      submission.resolve();
    }
    await turn();
  };
  return {
    content,
    bad,
    waiting: () => waiting,
    /** One of those that wait for no earlier one that it overlaps arrives. False when nothing waits. */
    async settleOne(random?: Random): Promise<boolean> {
      const free = waiting.filter(({ writes }, index) => {
        return !waiting.slice(0, index).some((earlier) => touch(earlier.writes, writes));
      });
      const chosen = free[random === undefined ? 0 : random.below(free.length)];
      if (chosen === undefined) return false;
      await settle(chosen);
      return true;
    },
    async settleAll(): Promise<void> {
      do await turn();
      while (await this.settleOne());
    },
    submit: (writes: readonly BlockWrite[]) =>
      new Promise<void>((resolve, reject) => waiting.push({ writes, resolve, reject })),
  };
}

/** All that is ready to run in this turn has run. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp(limitBytes = 64 * cellBytes) {
  const store = createSlowStore();
  const clock = createStandingClock();
  const buffered = createWriteBack({
    ...{ geometry, limitBytes, clock, log: silentLog },
    submit: (writes) => store.submit(writes),
    submitCell: (update) => store.submit(writesOf(geometry, update)),
    sync: () => Promise.resolve(),
    async read(offsetBytes, into) {
      await turn();
      store.content.copy(into, 0, offsetBytes);
    },
    readNow(offsetBytes, into) {
      store.content.copy(into, 0, offsetBytes);
      return true;
    },
  });
  return { store, clock, buffered };
}

const writeOf = (offsetBytes: number, lengthBytes: number, fill: number | null): BlockWrite => {
  return { offsetBytes, lengthBytes, data: fill === null ? null : Buffer.alloc(lengthBytes, fill) };
};

async function contentThrough(buffered: WriteBack): Promise<Buffer> {
  const into = Buffer.alloc(geometry.sizeBytes);
  await buffered.read(0, into);
  const now = Buffer.alloc(geometry.sizeBytes);
  expect(buffered.readNow(0, now)).toBe(true);
  expect(now.equals(into)).toBe(true);
  return into;
}

describe("the write-back buffer", () => {
  it("A1: reads see all completed writes, whatever has reached the disks; a flush leaves all there", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1_000_000), async (seed) => {
        const random = createRandom(seed);
        const { store, clock, buffered } = setUp(random.chance(0.5) ? 6 * cellBytes : 64 * cellBytes);
        const model = Buffer.alloc(geometry.sizeBytes);
        const running: Promise<void>[] = [];
        for (let step = 0; step < 60; step++) {
          if (random.chance(0.1)) clock.fire();
          if (random.chance(0.4)) await store.settleOne(random);
          if (random.chance(0.05)) running.push(buffered.flush());
          // Whole blocks mostly: their memory is used again.
          const grain = random.chance(0.7) ? 4096 : 1;
          const offsetBytes = random.below(geometry.sizeBytes / grain) * grain;
          const longest = random.chance(0.2) ? 5 * cellBytes : 5000;
          const wanted = grain * (1 + random.below(Math.ceil(longest / grain)));
          const lengthBytes = Math.min(wanted, geometry.sizeBytes - offsetBytes);
          const write = writeOf(offsetBytes, lengthBytes, random.chance(0.2) ? null : 1 + random.below(255));
          const done = random.chance(0.8) ? buffered.write(write) : buffered.writeBatch([write]);
          while (!(await isSettled(done))) await store.settleOne(random);
          if (write.data === null) model.fill(0, offsetBytes, offsetBytes + lengthBytes);
          else model.set(write.data, offsetBytes);
          // What the caller does with its buffer afterwards is its own business.
          write.data?.fill(0xee);
          const at = random.below(geometry.sizeBytes);
          const into = Buffer.alloc(Math.min(random.below(9000), geometry.sizeBytes - at));
          const reading = buffered.read(at, into);
          if (random.chance(0.5)) await store.settleOne(random);
          await reading;
          expect(into.equals(model.subarray(at, at + into.length)), `step ${step}`).toBe(true);
        }
        expect((await contentThrough(buffered)).equals(model)).toBe(true);
        const flushed = buffered.flush();
        await store.settleAll();
        await Promise.all([...running, flushed]);
        expect(store.content.equals(model)).toBe(true);
        expect(buffered.heldBytes()).toBe(0);
        expect(clock.timerCount()).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it("takes no more memory than it was given, and makes writes wait instead", async () => {
    const limitBytes = 4 * cellBytes;
    const { store, buffered } = setUp(limitBytes);
    let completed = 0;
    const writes = Array.from({ length: 200 }, async (_, index) => {
      await buffered.write(writeOf(((index * 7) % 50) * 8000, 3000, 1));
      completed++;
    });
    await turn();
    expect(completed).toBeGreaterThan(0);
    expect(completed).toBeLessThan(200);
    while (completed < 200) {
      expect(buffered.heldBytes()).toBeLessThanOrEqual(limitBytes);
      expect(await store.settleOne()).toBe(true);
    }
    await Promise.all(writes);
  });

  it("a flush waits for what completed before it, and not for what comes after", async () => {
    const { store, buffered } = setUp();
    await buffered.write(writeOf(0, 1000, 1));
    let isFlushed = false;
    const flushed = buffered.flush().then(() => (isFlushed = true));
    await buffered.write(writeOf(0, 500, 2));
    await buffered.write(writeOf(5 * cellBytes, 500, 3));
    await turn();
    expect(isFlushed).toBe(false);
    expect(store.waiting().map(({ writes }) => writes.length)).toEqual([1]);
    await store.settleOne();
    await flushed;
    expect(store.content.subarray(0, 1000).every((byte) => byte === 1)).toBe(true);
  });

  it("A1: whole stripes go out at once, and the rest when it has gathered for a while", async () => {
    const { store, clock, buffered } = setUp();
    for (let at = 0; at < geometry.stripeBytes + 4096; at += 4096) await buffered.write(writeOf(at, 4096, 7));
    expect(store.waiting().map(({ writes }) => writes.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0))).toEqual([
      ...[cellBytes, cellBytes],
    ]);
    clock.fire();
    clock.fire();
    expect(store.waiting()).toHaveLength(3);
  });

  it("a durable batch comes after the buffered writes that it overlaps, and does not wait for others", async () => {
    const { store, buffered } = setUp();
    await buffered.write(writeOf(0, 1000, 1));
    await buffered.write(writeOf(9 * cellBytes, 1000, 1));
    const batch = buffered.writeBatch([writeOf(500, 1000, 2)]);
    expect(store.waiting()).toHaveLength(1);
    await store.settleOne();
    expect(store.waiting().map(({ writes }) => writes[0]!.offsetBytes)).toEqual([500]);
    await store.settleOne();
    await batch;
    expect([store.content[499], store.content[500]]).toEqual([1, 2]);
    // Over more cells than the buffer has.
    const zeros = buffered.writeBatch([writeOf(0, geometry.sizeBytes, null)]);
    await store.settleAll();
    await zeros;
    expect(store.content.every((byte) => byte === 0)).toBe(true);
  });

  it("a read under way shows what it saw, although the memory of that is used again", async () => {
    const { store, buffered } = setUp();
    await buffered.write(writeOf(0, 4096, 1));
    const into = Buffer.alloc(8192);
    const reading = buffered.read(0, into);
    const flushed = buffered.flush();
    // Arrives before the read has its turn; what is below shows nothing of it.
    store.waiting()[0]!.resolve();
    await flushed;
    await buffered.write(writeOf(9 * 4096, 4096, 2));
    await reading;
    expect([into[0], into[4095], into[4096]]).toEqual([1, 1, 0]);
  });

  it("a long run of zeros takes no memory", async () => {
    const { store, buffered } = setUp();
    const long = { ...writeOf(0, 2 * 1024 * kib, null) };
    void buffered.write(long);
    expect(store.waiting().map(({ writes }) => writes)).toEqual([[long]]);
    expect(buffered.heldBytes()).toBe(0);
  });

  it("A2: what cannot be stored fails every flush, is still read, and is stored when that is possible again", async () => {
    const { store, buffered } = setUp();
    store.bad.push({ offsetBytes: 100, lengthBytes: 1 });
    await buffered.write(writeOf(0, 200, 1));
    await buffered.write(writeOf(20 * cellBytes, 200, 2));
    for (let attempt = 0; attempt < 2; attempt++) {
      const flushed = expect(buffered.flush()).rejects.toThrow("bad range");
      await store.settleAll();
      await flushed;
    }
    const other = store.content.subarray(20 * cellBytes);
    expect(other.subarray(0, 200).every((byte) => byte === 2)).toBe(true);
    expect((await contentThrough(buffered)).subarray(0, 200).every((byte) => byte === 1)).toBe(true);
    // A batch must not be undone by what is stored later.
    const batch = expect(buffered.writeBatch([writeOf(0, 50, 9)])).rejects.toThrow("bad range");
    await store.settleAll();
    await batch;
    store.bad.pop();
    await buffered.write(writeOf(150, 100, 3));
    const flushed = buffered.flush();
    await store.settleAll();
    await flushed;
    expect([store.content[0], store.content[149], store.content[150], store.content[249]]).toEqual([1, 1, 3, 3]);
    expect(buffered.heldBytes()).toBe(0);
  });

  it("A2: what gathered behind a cell that fails stays over it", async () => {
    const { store, buffered } = setUp();
    store.bad.push({ offsetBytes: 100, lengthBytes: 1 });
    await buffered.write(writeOf(0, 200, 1));
    const flushed = expect(buffered.flush()).rejects.toThrow("bad range");
    await buffered.write(writeOf(50, 10, 2));
    await store.settleAll();
    await flushed;
    store.bad.pop();
    const again = buffered.flush();
    await store.settleAll();
    await again;
    expect([store.content[49], store.content[50], store.content[60]]).toEqual([1, 2, 1]);
  });

  it("A2: writes fail once what cannot be stored fills half of the buffer, and are taken again after", async () => {
    const { store, buffered } = setUp(4 * cellBytes);
    store.bad.push({ offsetBytes: 0, lengthBytes: 4 * cellBytes });
    const fillUp = async (): Promise<void> => {
      for (let at = 0; at < 4 * cellBytes; at += 4096) await buffered.write(writeOf(at, 4096, 1));
    };
    const filled = expect(fillUp()).rejects.toThrow("bad range");
    await store.settleAll();
    await filled;
    await expect(buffered.write(writeOf(30 * cellBytes, 512, 1))).rejects.toThrow("bad range");
    store.bad.pop();
    const flushed = buffered.flush();
    await store.settleAll();
    await flushed;
    await buffered.write(writeOf(30 * cellBytes, 512, 1));
  });

  it("without memory of its own, every write is durable when it completes", async () => {
    const { store, buffered } = setUp(0);
    void buffered.write(writeOf(0, 512, 1));
    expect(store.waiting()).toHaveLength(1);
  });
});

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol("open");
  await turn();
  return (await Promise.race([promise, Promise.resolve(open)])) !== open;
}
