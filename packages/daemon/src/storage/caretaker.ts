/** What must be looked at every now and then while a node runs: disks that vanish, scrubs that fall due. */
import type { Clock } from "@waystation/contracts/clock";

/** A deleted disk file is noticed within this time. */
const intervalMs = 1_000;

export interface Caretaker {
  stop(): void;
}

/** The rounds must not throw: what they find is told by what they look after. */
export function startCaretaker(clock: Clock, rounds: readonly (() => void)[]): Caretaker {
  let cancel = (): void => {};
  const turn = (): void => {
    for (const round of rounds) round();
    cancel = clock.setTimer(intervalMs, turn);
  };
  turn();
  return { stop: () => cancel() };
}
