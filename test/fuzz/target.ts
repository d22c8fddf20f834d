/** What is fuzzed, and what counts as a finding. */
import type { Random } from "@waystation/contracts/random";
import { isFailure } from "@waystation/contracts/errors";

export interface FuzzTarget {
  readonly name: string;
  /** A changed input. */
  readonly mutate: (random: Random) => Buffer;
  /** Reads it. May end with a `Failure`; anything else that is thrown is a finding. */
  readonly read: (input: Buffer) => void | Promise<void>;
  /** Inputs to read as they are: the corpus, and what was found before. */
  readonly samples: readonly Buffer[];
}

/** What one input may make a reader allocate beyond a multiple of its own size. */
const allocatedBytesMax = 96 * 1024 * 1024;

/** Null when all is well. */
export async function findingOf(target: FuzzTarget, input: Buffer): Promise<string | null> {
  const before = process.memoryUsage();
  try {
    await target.read(input);
  } catch (error) {
    if (!isFailure(error)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const after = process.memoryUsage();
  const allocatedBytes = after.arrayBuffers - before.arrayBuffers + (after.heapUsed - before.heapUsed);
  return allocatedBytes > allocatedBytesMax + 8 * input.length ? `allocated ${allocatedBytes} bytes` : null;
}
