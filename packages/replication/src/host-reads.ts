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

interface WaitingRead {
  readonly read: HostRead;
  readonly deadlineMs: number;
  readonly withdraw: () => void;
}

export interface HostReads {
  read(read: HostRead, locks: RangeLocks): void;
  tick(): void;
  /** The reads that wait for a lock; they are not answered from here any more. */
  takeWaiting(): HostRead[];
  abandon(failureFor: (volume: VolumeName) => Failure): void;
}

export function createHostReads(desk: Desk, holdMs: number): HostReads {
  const waiting = new Set<WaitingRead>();

  const giveUp = (entry: WaitingRead, failure: Failure): void => {
    waiting.delete(entry);
    entry.withdraw();
    desk.reply(entry.read.request, failure);
  };

  return {
    read(read, locks) {
      const range = { offsetBytes: read.offsetBytes, lengthBytes: read.lengthBytes };
      let entry: WaitingRead | null = null;
      const lock: Lock = locks.acquire({ ...range, exclusive: false }, () => {
        if (entry !== null) waiting.delete(entry);
        desk.load(read.volume, range, (result) => {
          locks.release(lock);
          desk.reply(read.request, result);
        });
      });
      if (lock.granted) return;
      entry = {
        read,
        deadlineMs: desk.nowMs() + holdMs,
        withdraw: () => {
          locks.release(lock);
        },
      };
      waiting.add(entry);
    },
    takeWaiting() {
      const taken = [...waiting].map(({ read }) => read);
      waiting.clear();
      return taken;
    },
    tick() {
      const now = desk.nowMs();
      for (const entry of [...waiting])
        if (entry.deadlineMs <= now) giveUp(entry, heldTooLong(entry.read.volume, holdMs));
    },
    abandon(failureFor) {
      for (const entry of [...waiting]) giveUp(entry, failureFor(entry.read.volume));
    },
  };
}
