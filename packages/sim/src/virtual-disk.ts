/**
 * A disk of an array on virtual time. What is written reaches the platter, or the cache in front of it, when it is asked
 * for, and is answered a while later: a crash in between keeps it, loses it, or tears it by sectors. Once `alive` says
 * no, nothing is done and nothing is answered any more.
 */
import type { Random } from "@waystation/contracts/random";
import type { BlockDisk, DiskOperation } from "@waystation/raid/io/block-disk";
import type { MemoryDisk } from "@waystation/raid/io/memory-disk";
import { drawLatency, type Latency } from "./latency.js";
import type { World } from "./world.js";

export interface VirtualDiskOptions {
  readonly platter: MemoryDisk;
  /** The platter behind whatever faults it has. */
  readonly faulty: BlockDisk;
  readonly alive: () => boolean;
  readonly latency: Latency;
  readonly random: Random;
}

export function createVirtualDisk(world: World, options: VirtualDiskOptions): BlockDisk {
  const { platter, faulty, alive, latency, random } = options;
  const passes = (): Promise<void> =>
    new Promise((resolve) => {
      world.after(drawLatency(latency, random), () => {
        if (alive()) resolve();
      });
    });

  return {
    file: platter.file,
    sizeBytes: platter.sizeBytes,
    async submit(batch) {
      if (!alive()) await new Promise<never>(() => {});
      const isEarly = random.chance(0.5);
      const completions = await faulty.submit(isEarly ? batch : batch.map(asVolatile));
      await passes();
      const done = batch.filter((_, index) => completions[index] === null);
      if (!isEarly) await platter.submit(done.filter(isDurable));
      return completions;
    },
    readNow: (offsetBytes, into) => alive() && faulty.readNow(offsetBytes, into),
    close: () => Promise.resolve(),
  };
}

function isDurable(operation: DiskOperation): boolean {
  return operation.kind === "write" && operation.durable;
}

function asVolatile(operation: DiskOperation): DiskOperation {
  return operation.kind === "write" ? { ...operation, durable: false } : operation;
}
