/** Something that loads are run on: a cluster of ours, a peer, or a bare file. */
import type { LoadFigures } from "./fio.js";
import { runFio } from "./fio.js";
import type { Load } from "./loads.js";

export interface Target {
  readonly name: string;
  /** How fio reaches it. */
  readonly fio: readonly string[];
  /** Its daemons, by name. */
  readonly processes: ReadonlyMap<string, number>;
  /** Whether all its writes are durable when they are answered, so that their `O_DSYNC` writes count. */
  readonly ours: boolean;
  /** Waits until nothing of what it was given is still under way, so that the next target has the machine to itself. */
  settle(): Promise<void>;
}

export interface Effort {
  readonly areaBytes: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly abort: AbortSignal;
}

export function runLoad(target: Target, load: Load, { areaBytes, seconds, abort }: Effort): Promise<LoadFigures> {
  return runFio({ target: target.fio, load, areaBytes, seconds, abort });
}
