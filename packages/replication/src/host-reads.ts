/**
 * Host reads at a primary: each shares its range's lock until the data was read, so that it waits for the writes
 * under way (PROTOCOL 1.2). One that waits longer than the hold time fails as those writes do.
 */
import type { Failure } from "@waystation/contracts/errors";
import type { Desk, GroupEvent } from "./effects.js";
import { heldTooLong } from "./failures.js";
import type { Lock, RangeLocks } from "./range-lock.js";
import type { VolumeName } from "./vocabulary.js";

type HostRead = Extract<GroupEvent, { kind: "host-read" }>;

interface OpenRead {
  readonly read: HostRead;
  readonly deadlineMs: number;
  /** Null from the moment on at which the range is its own, and it only waits for the array. */
  withdraw: (() => void) | null;
}

export interface HostReads {
  read(read: HostRead, locks: RangeLocks): void;
  tick(): void;
  /** The reads that were not answered; from here they are not any more. */
  takeUnanswered(): HostRead[];
  abandon(failureFor: (volume: VolumeName) => Failure): void;
}

export function createHostReads(desk: Desk, holdMs: number): HostReads {
  const open = new Set<OpenRead>();

  const giveUp = (entry: OpenRead, withdraw: () => void, failure: Failure): void => {
    open.delete(entry);
    withdraw();
    desk.reply(entry.read.request, failure);
  };

  return {
    read(read, locks) {
      const range = { offsetBytes: read.offsetBytes, lengthBytes: read.lengthBytes };
      const withdraw = (): void => {
        locks.release(lock);
      };
      const entry: OpenRead = { read, deadlineMs: desk.nowMs() + holdMs, withdraw };
      open.add(entry);
      // Granted as a term ends here, the read gets no answer of the array any more: it stays open, to be handed over.
      const lock: Lock = locks.acquire({ ...range, exclusive: false }, () => {
        entry.withdraw = null;
        desk.load(read.volume, range, (result) => {
          open.delete(entry);
          locks.release(lock);
          desk.reply(read.request, result);
        });
      });
    },
    takeUnanswered() {
      const taken = [...open].map(({ read }) => read);
      open.clear();
      return taken;
    },
    tick() {
      const now = desk.nowMs();
      for (const entry of [...open]) {
        const { deadlineMs, withdraw } = entry;
        if (withdraw !== null && deadlineMs <= now) giveUp(entry, withdraw, heldTooLong(entry.read.volume, holdMs));
      }
    },
    abandon(failureFor) {
      for (const entry of [...open])
        if (entry.withdraw !== null) giveUp(entry, entry.withdraw, failureFor(entry.read.volume));
    },
  };
}
