/**
 * What happened in a run, twice: as a hash, by which two runs are compared, and as text for whoever reads along.
 * The text is made only when somebody reads it; the hash does not depend on that.
 */
export interface Trace {
  /** Notes that `what` happened at `who`. `detail` is called only when the text is wanted. */
  add(who: string, what: string, detail?: () => string): void;
  /** 16 hex digits over every note so far, with its time. */
  hash(): string;
}

export interface TraceOptions {
  readonly nowMs: () => number;
  /** Takes the readable lines; absent when nobody reads along. */
  readonly print?: ((line: string) => void) | undefined;
}

export function createTrace(options: TraceOptions): Trace {
  // Two 32-bit lanes (FNV-1a and a multiplicative one): cheap, and 64 bits are plenty to tell two runs apart.
  let lane1 = 0x811c9dc5;
  let lane2 = 0x9e3779b9;
  const mix = (value: number): void => {
    lane1 = Math.imul(lane1 ^ value, 0x01000193) >>> 0;
    lane2 = (Math.imul(lane2 + value, 0x85ebca6b) ^ (lane2 >>> 15)) >>> 0;
  };
  const mixText = (text: string): void => {
    for (let i = 0; i < text.length; i++) mix(text.charCodeAt(i));
    mix(0x10000);
  };
  const { print } = options;
  return {
    add(who, what, detail) {
      const nowMs = options.nowMs();
      mix(Math.floor(nowMs * 1000) >>> 0);
      mixText(who);
      mixText(what);
      if (print !== undefined) {
        const text = detail === undefined ? "" : ` ${detail()}`;
        print(`${nowMs.toFixed(3).padStart(12)}  ${who.padEnd(24)} ${what}${text}`);
      }
    },
    hash: () => lane1.toString(16).padStart(8, "0") + lane2.toString(16).padStart(8, "0"),
  };
}
