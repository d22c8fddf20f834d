/**
 * A `DurableBlockStore` in memory that keeps to the letter of the port and to nothing more: at a crash, each sector of a
 * batch that had not completed is old or new by itself, and a plain write that was not flushed may be gone. For tests of
 * durability (DESIGN, rule 3).
 */
import { setImmediate } from "node:timers/promises";
import type { BlockWrite, DurableBlockStore } from "@waystation/contracts/block-device";
import type { Random } from "@waystation/contracts/random";

export interface LossyStore {
  open(): DurableBlockStore;
  /** Power loss. Of stores opened before nothing settles any more. */
  crash(random: Random): void;
  /** What survives power loss, to be looked at or damaged. */
  readonly bytes: Buffer;
  /** Batches so far. */
  batches(): number;
}

const sectorBytes = 512;

export function createLossyStore(sizeBytes: number): LossyStore {
  const stable = Buffer.alloc(sizeBytes);
  const current = Buffer.alloc(sizeBytes);
  let underWay: BlockWrite[] = [];
  let life = 0;
  let batches = 0;

  const copy = (target: Buffer, { offsetBytes, lengthBytes, data }: BlockWrite): void => {
    if (data === null) target.fill(0, offsetBytes, offsetBytes + lengthBytes);
    else target.set(data, offsetBytes);
  };

  const open = (): DurableBlockStore => {
    const mine = ++life;
    current.set(stable);
    const alive = async (): Promise<void> => {
      await setImmediate();
      if (mine !== life) await new Promise(() => {});
    };
    const writeBatch = async (writes: readonly BlockWrite[]): Promise<void> => {
      if (mine === life) underWay.push(...writes);
      batches += 1;
      // Sometimes faster than the database beside it, sometimes slower.
      for (let turn = batches % 4; turn > 0; turn--) await alive();
      await alive();
      for (const write of writes) copy(current, write);
      await alive();
      for (const write of writes) copy(stable, write);
      underWay = underWay.filter((write) => !writes.includes(write));
    };
    return {
      sizeBytes,
      async read(offsetBytes, lengthBytes) {
        await alive();
        return Buffer.from(current.subarray(offsetBytes, offsetBytes + lengthBytes));
      },
      readNow: () => false,
      async write(offsetBytes, data) {
        await alive();
        current.set(data, offsetBytes);
      },
      zero: (offsetBytes, lengthBytes) => writeBatch([{ offsetBytes, lengthBytes, data: null }]),
      async flush() {
        await alive();
        stable.set(current);
      },
      writeBatch,
      close: () => Promise.resolve(),
    };
  };

  return {
    open,
    crash(random) {
      for (const write of underWay) {
        // Some crashes come before the first sector, some after the last.
        const chance = random.pick([0, 0.2, 0.5, 0.8, 1]);
        for (let done = 0; done < write.lengthBytes; done += sectorBytes) {
          const lengthBytes = Math.min(sectorBytes, write.lengthBytes - done);
          const data = write.data?.subarray(done, done + lengthBytes) ?? null;
          if (random.chance(chance)) copy(stable, { offsetBytes: write.offsetBytes + done, lengthBytes, data });
        }
      }
      underWay = [];
      life += 1;
    },
    bytes: stable,
    batches: () => batches,
  };
}
