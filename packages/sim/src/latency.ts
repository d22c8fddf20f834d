/** How long a simulated device takes: a range to draw from, and a factor that a fault may raise for a while. */
import type { Random } from "@waystation/contracts/random";

export interface Latency {
  readonly minMs: number;
  readonly maxMs: number;
  /** 1 when healthy. */
  slowdown: number;
}

export function drawLatency(latency: Latency, random: Random): number {
  return (latency.minMs + random.next() * (latency.maxMs - latency.minMs)) * latency.slowdown;
}
