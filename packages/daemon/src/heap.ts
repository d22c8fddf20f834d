/**
 * How often the collector and the optimizing compiler run. Payloads live in buffers outside of V8's heap, which counts them all the same: with the
 * small heap of a daemon, a full collection came for every few MiB of traffic, and took a third of the processor. So the
 * heap, buffers counted in, may grow to three times what survived the last collection. V8 begins one by itself when the
 * buffers have grown by 64 MiB.
 *
 * A function is optimized after four times as much work as V8 would have it: for half a minute after a start that took a
 * tenth of the processor, for functions of which most are never worth it. What is hot is optimized a second later.
 */
import { setFlagsFromString } from "node:v8";

const flags = ["--heap-growing-percent=200", "--max-semi-space-size=4", "--interrupt-budget=540672"];

/**
 * What the environment of a daemon's process should hold before it starts: otherwise glibc's allocator keeps an arena
 * per thread, and in each what payloads have left behind.
 */
export const daemonEnvironment = {
  MALLOC_ARENA_MAX: "2",
  MALLOC_MMAP_THRESHOLD_: String(1024 * 1024),
  MALLOC_TRIM_THRESHOLD_: String(2 * 1024 * 1024),
};

/** To be called once, before there is anything on the heap. */
export function tuneHeap(): void {
  for (const flag of flags) setFlagsFromString(flag);
}
