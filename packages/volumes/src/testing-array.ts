/** An array for tests: one disk in memory, whose power can be cut at any of its operations. */
import { setImmediate as immediate } from "node:timers/promises";
import type { BlockWrite } from "@waystation/contracts/block-device";
import { Failure } from "@waystation/contracts/errors";
import type { Random } from "@waystation/contracts/random";
import type { BlockDisk, DiskOperation } from "@waystation/raid/io/block-disk";
import type { VolumeArray } from "./volume-array.js";

const zeros = Buffer.alloc(1024 * 1024);

export interface TestArrayOptions {
  readonly stripeBytes?: number;
  /** Awaited before each operation is done, so that others overtake it. */
  readonly delay?: () => Promise<void>;
}

/** Keeps exactly what the port promises: what is not flushed, and no batch, may be lost, sector by sector. */
export function arrayOn(disk: BlockDisk, { stripeBytes, delay }: TestArrayOptions = {}): VolumeArray {
  const submit = async (operations: readonly DiskOperation[]): Promise<void> => {
    await delay?.();
    for (const completion of await disk.submit(operations)) if (completion !== null) throw toBlockError(completion);
  };
  const cached = (writes: readonly BlockWrite[]): DiskOperation[] => writes.flatMap((write) => [...diskWrites(write)]);
  return {
    sizeBytes: disk.sizeBytes,
    ...(stripeBytes === undefined ? {} : { stripeBytes }),
    async read(offsetBytes, lengthBytes) {
      const into = Buffer.alloc(lengthBytes);
      await submit([{ kind: "read", offsetBytes, into }]);
      return into;
    },
    readNow: (offsetBytes, into) => disk.readNow(offsetBytes, into),
    write: (offsetBytes, data) => submit(cached([{ offsetBytes, lengthBytes: data.length, data }])),
    zero: (offsetBytes, lengthBytes) => submit(cached([{ offsetBytes, lengthBytes, data: null }])),
    async writeBatch(writes) {
      // In any order, and torn, until it is over: first all of it at risk, then one after the other safe.
      const operations = cached(writes);
      await submit(operations);
      await submit(
        operations.map((operation) => (operation.kind === "write" ? { ...operation, durable: true } : operation)),
      );
    },
    flush: () => submit([{ kind: "sync" }]),
    close: () => disk.close(),
  };
}

/** Some turns of the event loop, or of the microtasks, or none. */
export function delayBy(random: Random): () => Promise<void> {
  return async () => {
    if (random.chance(0.2)) for (let turns = random.below(4); turns > 0; turns--) await immediate();
    for (let turns = random.below(8); turns > 0; turns--) await Promise.resolve();
  };
}

function* diskWrites({ offsetBytes, lengthBytes, data }: BlockWrite): Generator<DiskOperation> {
  if (data !== null) {
    yield { kind: "write", offsetBytes, from: data, durable: false };
    return;
  }
  for (let at = 0; at < lengthBytes; at += zeros.length) {
    const from = zeros.subarray(0, Math.min(zeros.length, lengthBytes - at));
    yield { kind: "write", offsetBytes: offsetBytes + at, from, durable: false };
  }
}

function toBlockError(cause: Error): Failure {
  return new Failure("IO_ERROR", cause.message, { cause });
}
