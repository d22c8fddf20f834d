/**
 * Counts what is under way on a volume, and holds it back while the volume changes its form: a write that began before a
 * snapshot must not end in what the snapshot shows.
 */
import assert from "node:assert/strict";

export interface Gate {
  /** Runs `operation` once the gate is open; while it runs, the gate cannot be closed. */
  pass<T>(operation: () => Promise<T>): Promise<T>;
  /** Waits until nothing is under way, and keeps the gate closed while `change` runs. One change at a time. */
  whileClosed<T>(change: () => Promise<T>): Promise<T>;
}

export function createGate(): Gate {
  let underWay = 0;
  let closed: Promise<void> | null = null;
  let onIdle = (): void => {};
  return {
    async pass(operation) {
      while (closed !== null) await closed;
      underWay++;
      try {
        return await operation();
      } finally {
        underWay--;
        if (underWay === 0) onIdle();
      }
    },
    async whileClosed(change) {
      assert(closed === null, "the gate is closed already");
      let open = (): void => {};
      closed = new Promise((resolve) => (open = resolve));
      try {
        if (underWay > 0) await new Promise<void>((resolve) => (onIdle = resolve));
        return await change();
      } finally {
        closed = null;
        onIdle = () => {};
        open();
      }
    },
  };
}
