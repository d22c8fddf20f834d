/**
 * Time is a port: the daemons use the machine's clocks, the simulator its virtual one. Durations are always taken
 * from `nowMs`, which never goes back; `wallMs` is for showing and for record time stamps only.
 */
export interface Clock {
  /** Monotonic milliseconds, with fractions. */
  nowMs(): number;
  /** Milliseconds since 1970, as this node believes. */
  wallMs(): number;
  /** Calls back once, after at least `delayMs`; the function returned cancels it. */
  setTimer(delayMs: number, callback: () => void): () => void;
  /** Calls back once what has arrived by now was handled, before anything is waited for. */
  afterTurn(callback: () => void): void;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  setTimer(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
  afterTurn: (callback) => void setImmediate(callback),
};
