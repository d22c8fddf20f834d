/**
 * One direction of a link: messages arrive in the order in which they were sent, each after a delay of its own and
 * after the line has carried those before it. While the way is cut nothing arrives; when it is healed what waited
 * goes on, late, as TCP would have it.
 */
import type { World } from "./world.js";

/** The state of the way from one node to another. Shared by all links between the two; faults change it. */
export interface Way {
  cut: boolean;
  minDelayMs: number;
  maxDelayMs: number;
  bytesPerMs: number;
}

interface Parcel<T> {
  readonly item: T;
  readonly bytes: number;
  dueMs: number;
}

export interface Pipe<T> {
  send(item: T, bytes: number): void;
  /** Bytes sent that have not arrived. */
  inFlightBytes(): number;
  /** To be called when the way was cut or healed. */
  wayChanged(): void;
  /** The sender is gone: what is in flight is lost but for its first `survivors` messages. */
  truncate(survivors: number): void;
  inFlightCount(): number;
  /** Nothing arrives any more. */
  destroy(): void;
}

export interface PipeOptions<T> {
  readonly way: Way;
  /** Draws a delay between the way's bounds. */
  readonly drawDelayMs: () => number;
  readonly deliver: (item: T) => void;
}

export function createPipe<T>(world: World, options: PipeOptions<T>): Pipe<T> {
  const { way } = options;
  let parcels: Parcel<T>[] = [];
  let inFlightBytes = 0;
  let lineFreeMs = 0;
  let lastDueMs = 0;
  let cancelNext: (() => void) | null = null;

  const dueOf = (bytes: number): number => {
    const now = world.nowMs();
    lineFreeMs = Math.max(lineFreeMs, now) + bytes / way.bytesPerMs;
    lastDueMs = Math.max(lastDueMs, lineFreeMs + options.drawDelayMs());
    return lastDueMs;
  };

  const arm = (): void => {
    const next = parcels[0];
    if (cancelNext !== null || next === undefined || way.cut) return;
    cancelNext = world.after(next.dueMs - world.nowMs(), () => {
      cancelNext = null;
      const parcel = parcels.shift();
      if (parcel === undefined) return;
      inFlightBytes -= parcel.bytes;
      arm();
      options.deliver(parcel.item);
    });
  };

  const disarm = (): void => {
    cancelNext?.();
    cancelNext = null;
  };

  const keep = (count: number): void => {
    disarm();
    parcels = parcels.slice(0, count);
    inFlightBytes = parcels.reduce((sum, parcel) => sum + parcel.bytes, 0);
    arm();
  };

  return {
    send(item, bytes) {
      parcels.push({ item, bytes, dueMs: dueOf(bytes) });
      inFlightBytes += bytes;
      arm();
    },
    inFlightBytes: () => inFlightBytes,
    inFlightCount: () => parcels.length,
    wayChanged() {
      disarm();
      if (way.cut) return;
      // What waited is sent again from now on.
      lineFreeMs = lastDueMs = world.nowMs();
      for (const parcel of parcels) parcel.dueMs = dueOf(parcel.bytes);
      arm();
    },
    truncate: keep,
    destroy: () => keep(0),
  };
}
