/** A disk that takes its time: each batch completes a while after the disk below has done it. For tests and the simulator. */
import type { Clock } from "@waystation/contracts/clock";
import type { BlockDisk } from "./block-disk.js";

export interface SlowDiskOptions {
  readonly clock: Pick<Clock, "setTimer">;
  /** Asked for each batch. */
  delayMs(): number;
}

export function createSlowDisk(inner: BlockDisk, options: SlowDiskOptions): BlockDisk {
  return {
    file: inner.file,
    sizeBytes: inner.sizeBytes,
    async submit(batch) {
      const completions = await inner.submit(batch);
      await new Promise<void>((resolve) => void options.clock.setTimer(options.delayMs(), resolve));
      return completions;
    },
    readNow: (offsetBytes, into) => options.delayMs() === 0 && inner.readNow(offsetBytes, into),
    close: () => inner.close(),
  };
}
