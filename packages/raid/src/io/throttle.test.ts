import { describe, expect, it } from "vitest";
import { createRateMeter } from "./rate-meter.js";
import { createThrottle } from "./throttle.js";

/** A clock that goes on when it is told to, and notes what was waited for. */
function createTestClock() {
  const waits: number[] = [];
  const clock = {
    ms: 0,
    nowMs: () => clock.ms,
    wallMs: () => clock.ms,
    setTimer(delayMs: number, callback: () => void) {
      waits.push(delayMs);
      clock.ms += delayMs;
      queueMicrotask(callback);
      return () => {};
    },
    afterTurn: (callback: () => void) => {
      waits.push(0);
      queueMicrotask(callback);
    },
  };
  return { clock, waits };
}

describe("A2: work in the background", () => {
  it("goes at full speed while the hosts are idle, and works a fifth of the time while they are not", async () => {
    const { clock, waits } = createTestClock();
    const throttle = createThrottle(clock);
    const work = async (ms: number): Promise<void> => {
      clock.ms += ms;
      await throttle.pause();
    };
    await work(10);
    await work(10);
    expect(waits).toEqual([0, 0]);
    throttle.hostActed();
    await work(10);
    expect(waits.at(-1)).toBe(40);
    await work(10);
    expect(waits.at(-1)).toBe(0);
  });

  it("goes on however busy the hosts are, and takes short turns and long ones", async () => {
    const { clock, waits } = createTestClock();
    const throttle = createThrottle(clock);
    for (const ms of [0, 10_000]) {
      throttle.hostActed();
      clock.ms += ms;
      await throttle.pause();
    }
    expect(waits[0]).toBeGreaterThan(0);
    expect(waits[1]).toBeLessThan(1000);
  });
});

describe("A2: progress", () => {
  it("tells the rate of the last seconds and the time left, and nothing before it knows", () => {
    const { clock } = createTestClock();
    const meter = createRateMeter(clock);
    meter.start(1000);
    expect(meter.progress(1000, 9000)).toEqual({
      doneBytes: 1000,
      totalBytes: 9000,
      bytesPerSecond: 0,
      remainingMs: null,
    });
    clock.ms += 2000;
    meter.note(3000);
    expect(meter.progress(3000, 9000)).toMatchObject({ bytesPerSecond: 1000, remainingMs: 6000 });
    // Slower later: what was long ago counts no more.
    for (let done = 3100; done <= 6000; done += 100) {
      clock.ms += 1000;
      meter.note(done);
    }
    const { bytesPerSecond } = meter.progress(6000, 9000);
    expect(bytesPerSecond).toBeCloseTo(100, 0);
  });
});
