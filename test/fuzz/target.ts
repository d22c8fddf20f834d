/** What is fuzzed, and what counts as a finding. */
import { getHeapStatistics } from "node:v8";
import { isFailure, type Failure } from "@waystation/contracts/errors";
import type { Random } from "@waystation/contracts/random";

export interface FuzzTarget {
  readonly name: string;
  /** A changed input. */
  readonly mutate: (random: Random) => Buffer;
  /** Reads it. May end with a `Failure`; anything else that is thrown is a finding. */
  readonly read: (input: Buffer) => void | Promise<void>;
  /** Which failures may end it; any when left out. */
  readonly mayRefuse?: (failure: Failure) => boolean;
  /** Inputs to read as they are: the corpus, and what was found before. */
  readonly samples: readonly Buffer[];
}

/** What one input may make a reader allocate beyond a multiple of its own size. */
const allocatedBytesMax = 96 * 1024 * 1024;

/** Null when all is well. */
export async function findingOf(target: FuzzTarget, input: Buffer): Promise<string | null> {
  const beforeBytes = usedBytes();
  try {
    await target.read(input);
  } catch (error) {
    if (!isFailure(error)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
    const { mayRefuse = () => true } = target;
    if (!mayRefuse(error)) return `refused as what it is not: ${error.code}: ${error.stack ?? ""}`;
  }
  const allocatedBytes = usedBytes() - beforeBytes;
  return allocatedBytes > allocatedBytesMax + 8 * input.length ? `allocated ${allocatedBytes} bytes` : null;
}

/** Objects and buffers. Not `process.memoryUsage`, which asks the kernel too, and would take most of the time. */
function usedBytes(): number {
  const { used_heap_size: heapBytes, external_memory: bufferBytes } = getHeapStatistics();
  return heapBytes + bufferBytes;
}
