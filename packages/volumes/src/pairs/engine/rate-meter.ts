/** How fast something goes: bytes a second over the last few seconds. */
import type { Clock } from "@waystation/contracts/clock";

export interface RateMeter {
  count(bytes: number): void;
  totalBytes(): number;
  bytesPerSecond(): number;
}

const windowMs = 5000;
const slotMs = 500;

export function createRateMeter(clock: Pick<Clock, "nowMs">): RateMeter {
  const slots: { startMs: number; bytes: number }[] = [];
  let total = 0;
  const forget = (nowMs: number): void => {
    while (slots.length > 0 && (slots[0]?.startMs ?? nowMs) < nowMs - windowMs) slots.shift();
  };
  return {
    count(bytes) {
      const nowMs = clock.nowMs();
      total += bytes;
      const last = slots.at(-1);
      if (last !== undefined && nowMs - last.startMs < slotMs) last.bytes += bytes;
      else slots.push({ startMs: nowMs, bytes });
      forget(nowMs);
    },
    totalBytes: () => total,
    bytesPerSecond() {
      const nowMs = clock.nowMs();
      forget(nowMs);
      const first = slots[0];
      if (first === undefined) return 0;
      const bytes = slots.reduce((sum, slot) => sum + slot.bytes, 0);
      return (bytes / Math.max(slotMs, nowMs - first.startMs)) * 1000;
    },
  };
}
